//! What an error of Redis means for the command, and for the connection that it arrived on.

use redis::{ErrorKind, RedisError};

/// The meaning of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Another server must be used. This one has executed nothing.
    Elsewhere,
    /// The connection broke. The command may have been executed.
    Broken,
    /// The server cannot handle requests. The next request looks for a better one.
    Unfit,
    /// Only this command was refused; the connection is good.
    Refused,
}

impl Fault {
    pub(super) fn of(error: &RedisError) -> Self {
        if matches!(error.kind(), ErrorKind::Io | ErrorKind::Parse) {
            return Self::Broken;
        }
        match error.code() {
            Some("READONLY" | "MOVED") => Self::Elsewhere,
            // Before Redis 7, a script reports it in a text of its own.
            Some("ERR") if error.to_string().contains("-READONLY") => Self::Elsewhere,
            Some(
                "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "NOREPLICAS" | "NOAUTH" | "WRONGPASS",
            )
            | None => Self::Unfit,
            Some(_) => Self::Refused,
        }
    }

    /// Returns whether the connection must not be used again.
    pub(super) fn spoils_the_connection(self) -> bool {
        self != Self::Refused
    }
}

/// Returns whether a server of a cluster responded that another one has the key.
pub(super) fn is_elsewhere(error: &RedisError) -> bool {
    matches!(error.code(), Some("MOVED" | "ASK"))
}

#[cfg(test)]
mod tests {
    use redis::parse_redis_value;

    use super::*;

    #[test]
    fn refusals_say_what_is_wrong_with_the_server() {
        use Fault::{Elsewhere, Refused, Unfit};

        for (answer, fault) in [
            (
                "READONLY You can't write against a read only replica.",
                Elsewhere,
            ),
            (
                "ERR Error running script: @user_script: 3: -READONLY You can't",
                Elsewhere,
            ),
            ("MOVED 3999 127.0.0.1:6381", Elsewhere),
            ("LOADING Redis is loading the dataset in memory", Unfit),
            ("MASTERDOWN Link with MASTER is down", Unfit),
            ("CLUSTERDOWN Hash slot not served", Unfit),
            ("NOAUTH Authentication required.", Unfit),
            ("WRONGPASS invalid username-password pair", Unfit),
            ("NOREPLICAS Not enough good replicas to write.", Unfit),
            (
                "TRYAGAIN Multiple keys request during rehashing of slot",
                Refused,
            ),
            ("NOPERM User x has no permissions", Refused),
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                Refused,
            ),
            ("MISCONF Redis is configured to save RDB snapshots", Refused),
            ("ERR unknown command", Refused),
        ] {
            let value = parse_redis_value(format!("-{answer}\r\n").as_bytes());
            let error = value.unwrap().extract_error().unwrap_err();
            assert_eq!(Fault::of(&error), fault, "{answer}");
        }
    }

    #[test]
    fn a_lost_connection_is_broken() {
        let lost = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(Fault::of(&lost.into()), Fault::Broken);
    }
}
