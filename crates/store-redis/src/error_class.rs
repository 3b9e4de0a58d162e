//! What an error of Redis means for the command, and for the connection that it arrived on.

use redis::{ErrorKind, RedisError};

/// The meaning of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorClass {
    /// Another server must be used. This one has executed nothing.
    WrongServer,
    /// The connection broke. The command may have been executed.
    ConnectionLost,
    /// The server cannot handle requests. The next request looks for a better one.
    ServerUnable,
    /// Only this command was refused; the connection is good.
    CommandRefused,
}

impl ErrorClass {
    /// Returns the class of an error, by its kind and its code.
    pub(super) fn of_error(error: &RedisError) -> Self {
        if matches!(error.kind(), ErrorKind::Io | ErrorKind::Parse) {
            return Self::ConnectionLost;
        }
        match error.code() {
            Some("READONLY" | "MOVED") => Self::WrongServer,
            // Before Redis 7, a script reports it in a text of its own.
            Some("ERR") if error.to_string().contains("-READONLY") => Self::WrongServer,
            Some(
                "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "NOREPLICAS" | "NOAUTH" | "WRONGPASS",
            )
            | None => Self::ServerUnable,
            Some(_) => Self::CommandRefused,
        }
    }

    /// Returns whether a connection must not be used again after an error of this class.
    pub(super) fn closes_connection(self) -> bool {
        self != Self::CommandRefused
    }
}

/// Returns whether a server of a cluster responded that another one has the key.
pub(super) fn is_redirect(error: &RedisError) -> bool {
    matches!(error.code(), Some("MOVED" | "ASK"))
}

#[cfg(test)]
mod tests {
    use redis::parse_redis_value;

    use super::*;

    #[test]
    fn refusals_say_what_is_wrong_with_the_server() {
        use ErrorClass::{CommandRefused, ServerUnable, WrongServer};

        for (response, class) in [
            (
                "READONLY You can't write against a read only replica.",
                WrongServer,
            ),
            (
                "ERR Error running script: @user_script: 3: -READONLY You can't",
                WrongServer,
            ),
            ("MOVED 3999 127.0.0.1:6381", WrongServer),
            (
                "LOADING Redis is loading the dataset in memory",
                ServerUnable,
            ),
            ("MASTERDOWN Link with MASTER is down", ServerUnable),
            ("CLUSTERDOWN Hash slot not served", ServerUnable),
            ("NOAUTH Authentication required.", ServerUnable),
            ("WRONGPASS invalid username-password pair", ServerUnable),
            (
                "NOREPLICAS Not enough good replicas to write.",
                ServerUnable,
            ),
            (
                "TRYAGAIN Multiple keys request during rehashing of slot",
                CommandRefused,
            ),
            ("NOPERM User x has no permissions", CommandRefused),
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                CommandRefused,
            ),
            (
                "MISCONF Redis is configured to save RDB snapshots",
                CommandRefused,
            ),
            ("ERR unknown command", CommandRefused),
        ] {
            let value = parse_redis_value(format!("-{response}\r\n").as_bytes());
            let error = value.unwrap().extract_error().unwrap_err();
            assert_eq!(ErrorClass::of_error(&error), class, "{response}");
        }
    }

    #[test]
    fn a_lost_connection_is_broken() {
        let lost = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(
            ErrorClass::of_error(&lost.into()),
            ErrorClass::ConnectionLost
        );
    }
}
