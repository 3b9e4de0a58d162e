//! Classifies database errors: whether the connection can be used again, and whether the query may be retried.

use sqlx::Error;
use sqlx::error::DatabaseError;

/// The SQLSTATE of a change in a read-only transaction: on a standby, and on a primary that became one.
pub(super) const READ_ONLY: &str = "25006";

/// The class of an error, which determines what may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection is lost. It is unknown whether the query had an effect.
    Lost,
    /// The session is outdated: a prepared statement is missing, or its plan is for other tables. The query had no
    /// effect, and may be retried on a new connection.
    Outdated,
    /// The server is read-only. The query had no effect, and may be retried: a new connection may lead to another
    /// server.
    ReadOnly,
    /// The query conflicted with another transaction. It had no effect, and may be retried.
    Conflict,
    /// The server refuses the query, and would refuse it again.
    Refused,
}

impl Fault {
    pub(super) fn of(error: &Error) -> Self {
        match error.as_database_error().and_then(DatabaseError::code) {
            Some(code) => Self::of_code(&code),
            None if is_broken(error) => Self::Lost,
            None => Self::Refused,
        }
    }

    /// Returns the class of an SQLSTATE, as listed in
    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
    fn of_code(code: &str) -> Self {
        match code {
            // The server or the session was terminated, crashed, is starting, or exceeded an idle or transaction
            // time limit; or a pooler has no more connections.
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25P04" | "53300" => {
                Self::Lost
            }
            // "cached plan must not change result type"; or a prepared statement is unknown to the session, or
            // exists already, as with a pooler.
            "0A000" | "26000" | "42P05" => Self::Outdated,
            READ_ONLY => Self::ReadOnly,
            // Serialization failures and deadlocks.
            "40001" | "40P01" => Self::Conflict,
            code if code.starts_with("08") => Self::Lost,
            _ => Self::Refused,
        }
    }

    /// Returns whether the connection must not be used for other queries.
    pub(super) fn ends_connection(self) -> bool {
        matches!(self, Self::Lost | Self::Outdated | Self::ReadOnly)
    }

    /// Returns whether the query certainly had no effect and may succeed if it is retried.
    pub(super) fn allows_retry(self) -> bool {
        matches!(self, Self::Outdated | Self::ReadOnly | Self::Conflict)
    }
}

/// Returns whether there was no response or an unintelligible one, or whether the driver failed.
fn is_broken(error: &Error) -> bool {
    matches!(
        error,
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_says_whether_the_connection_is_good_and_whether_to_try_again() {
        for (codes, fault) in [
            (
                &[
                    "57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25P04", "53300",
                    "08000", "08001", "08003", "08004", "08006", "08007", "08P01",
                ][..],
                Fault::Lost,
            ),
            (&["0A000", "26000", "42P05"], Fault::Outdated),
            (&["25006"], Fault::ReadOnly),
            (&["40001", "40P01"], Fault::Conflict),
            (
                &[
                    "57014", "42501", "42P01", "42703", "23505", "53100", "53200", "55P03",
                    "25P02", "XX000",
                ],
                Fault::Refused,
            ),
        ] {
            for code in codes {
                assert_eq!(Fault::of_code(code), fault, "{code}");
            }
        }
        let broken = Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert_eq!(Fault::of(&broken), Fault::Lost);
        assert_eq!(Fault::of(&Error::WorkerCrashed), Fault::Lost);
        assert_eq!(Fault::of(&Error::RowNotFound), Fault::Refused);
    }

    #[test]
    fn what_may_have_been_done_is_not_done_again() {
        for fault in [Fault::Lost, Fault::Refused] {
            assert!(!fault.allows_retry());
        }
        for fault in [Fault::Lost, Fault::Outdated, Fault::ReadOnly] {
            assert!(fault.ends_connection());
        }
    }
}
