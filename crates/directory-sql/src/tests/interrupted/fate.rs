//! What becomes of a connection once its client has sent a text.

use isogloss_testkit::relay::{Connection, Direction};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The text does not arrive, and nothing is closed.
    SilentBefore,
    /// The text arrives; then nothing comes any more, and nothing is closed.
    SilentAfter,
    /// The connection ends before the text arrives.
    EndedBefore,
    /// The text arrives, and the connection ends instead of an answer.
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

    /// Returns what is done to the connection before the text passes.
    pub(super) fn act(self) -> fn(&Connection) {
        match self {
            Self::SilentBefore => Connection::silence,
            Self::SilentAfter => Connection::silence_after_request,
            Self::EndedBefore => |connection| connection.lose(Direction::Requests),
            Self::EndedAfter => |connection| connection.lose(Direction::Responses),
        }
    }
}
