//! What happens to a connection once its client has sent a certain text.

use isogloss_testkit::relay::{Connection, Direction};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The text does not arrive, and the connection stays open.
    SilentBefore,
    /// The text arrives, but nothing is transferred afterwards; the connection stays open.
    SilentAfter,
    /// The connection ends before the text arrives.
    EndedBefore,
    /// The text arrives, and the connection ends before the response.
    EndedAfter,
}

impl Fate {
    pub(super) const ALL: [Self; 4] = [
        Self::SilentBefore,
        Self::SilentAfter,
        Self::EndedBefore,
        Self::EndedAfter,
    ];

    pub(super) fn lets_arrive(self) -> bool {
        matches!(self, Self::SilentAfter | Self::EndedAfter)
    }

    /// Returns the function that makes a connection silent or ends it, as this fate says. The relay calls it when it sees
    /// the statement that the test waits for, before it forwards the statement.
    pub(super) fn act(self) -> fn(&Connection) {
        match self {
            Self::SilentBefore => Connection::silence,
            Self::SilentAfter => Connection::silence_after_request,
            Self::EndedBefore => |connection| connection.lose(Direction::Requests),
            Self::EndedAfter => |connection| connection.lose(Direction::Responses),
        }
    }
}
