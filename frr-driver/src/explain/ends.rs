//! How lists, maps and matches may end: what a route can meet there.

use super::Outcome;

/// How a list, a map or a match may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// With a permit, or a match.
    pub(super) permit: bool,
    /// With a deny, or no match.
    pub(super) deny: bool,
}

// === impl Ends ===

impl Ends {
    pub(super) const PERMIT: Self = Self { permit: true, deny: false };
    pub(super) const DENY: Self = Self { permit: false, deny: true };
    /// Sometimes this, sometimes that.
    pub(super) const EITHER: Self = Self { permit: true, deny: true };
    /// No route comes here.
    pub(super) const NEVER: Self = Self { permit: false, deny: false };

    /// Either of two ways.
    pub(super) fn or(self, other: Self) -> Self {
        Self { permit: self.permit || other.permit, deny: self.deny || other.deny }
    }

    /// Both in turn: a permit needs both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { permit: self.permit && other.permit, deny: self.deny || other.deny }
    }

    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self { permit: true, deny: false } => Outcome::Everything,
            Self { permit: true, deny: true } => Outcome::Some,
            Self { permit: false, .. } => Outcome::Nothing,
        }
    }
}
