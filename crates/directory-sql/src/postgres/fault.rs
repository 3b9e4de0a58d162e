//! What an error says about the connection, and about the work that failed.

use sqlx::Error;
use sqlx::error::DatabaseError;

/// SQLSTATE of a change in a read-only transaction: on a standby, and on a primary that became one.
pub(super) const READ_ONLY: &str = "25006";

/// What is wrong, and what may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection is gone. Whether the work was done is not known.
    Lost,
    /// The session does not fit any more: it has forgotten a statement, or its plan is of other tables.
    /// Nothing was done, and a new connection may do it.
    Outdated,
    /// The server takes no changes. Nothing was done, and the server behind a new connection may do it.
    ReadOnly,
    /// Another transaction was in the way. Nothing was done, and it may be tried again.
    Conflict,
    /// The server refuses it, and would do so again.
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

    /// Names: <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    fn of_code(code: &str) -> Self {
        match code {
            // The server or the session was ended, has crashed, starts, or waited too long; a pooler has no
            // more connections.
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25P04" | "53300" => {
                Self::Lost
            }
            // "cached plan must not change result type", and a prepared statement that is unknown to the
            // session, or known where it should not be, as behind a pooler.
            "0A000" | "26000" | "42P05" => Self::Outdated,
            READ_ONLY => Self::ReadOnly,
            // A transaction that cannot be serialized, and a deadlock.
            "40001" | "40P01" => Self::Conflict,
            code if code.starts_with("08") => Self::Lost,
            _ => Self::Refused,
        }
    }

    /// Whether no other query may be sent over the connection.
    pub(super) fn ends_connection(self) -> bool {
        matches!(self, Self::Lost | Self::Outdated | Self::ReadOnly)
    }

    /// Whether it is certain that nothing was done, and another attempt may succeed.
    pub(super) fn allows_retry(self) -> bool {
        matches!(self, Self::Outdated | Self::ReadOnly | Self::Conflict)
    }
}

/// Whether the server has said nothing, or nothing that can be understood, or the driver has failed.
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
