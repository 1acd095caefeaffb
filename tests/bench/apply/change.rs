//! The changes that are measured.

use crate::{cell::Cell, shape::Shape, way::Way};

/// A change of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// An entry of a prefix-list that a neighbor's map uses comes, or goes.
    OneLine,
    /// A hundred entries of a route-map go: frr-reload starts one vtysh for each.
    Delete100,
    /// A hundred entries of a prefix-list go: frr-reload takes them back all at once.
    DeleteList100,
    /// An entry comes in front of all others, which are numbered anew.
    InsertFirst,
    /// A neighbor's description: not a matter of policies.
    Structural,
}

impl Change {
    /// The changes that are measured with the configuration of `cell`, and those that are not, with the reason.
    pub(crate) fn of(cell: Cell) -> (Vec<Self>, Vec<(Self, &'static str)>) {
        let (mut measured, mut left_out) = (vec![Self::OneLine], Vec::new());
        match cell.lines {
            0 => measured.extend([Self::Delete100, Self::DeleteList100, Self::Structural]),
            1..=1_000 => measured.push(Self::InsertFirst),
            _ => left_out.push((Self::InsertFirst, "promised for a list of a thousand entries")),
        }
        (measured, left_out)
    }

    /// Its name in the table and in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OneLine => "policy_one_line",
            Self::Delete100 => "delete_100",
            Self::DeleteList100 => "delete_100_of_a_list",
            Self::InsertFirst => "insert_first",
            Self::Structural => "structural",
        }
    }

    /// From where to where it leads in the configuration `base`.
    pub(crate) fn ends(self, base: &Shape) -> (Shape, Shape) {
        let base = base.clone();
        match self {
            Self::OneLine => (base.clone(), base.with_one_more()),
            Self::Delete100 => (base.clone().with_a_hundred_entries(), base),
            Self::DeleteList100 => (base.clone().with_a_hundred_more(), base),
            Self::InsertFirst => (base.clone(), base.with_another_first()),
            Self::Structural => (base.clone(), base.with_another_description()),
        }
    }

    /// Whether the way back is the same change, and is measured too.
    pub(crate) fn is_two_way(self) -> bool {
        match self {
            Self::OneLine | Self::Structural => true,
            Self::Delete100 | Self::DeleteList100 | Self::InsertFirst => false,
        }
    }

    /// How often `way` is taken in a round: what is over in a moment differs most from one time to the next.
    pub(crate) fn runs(self, way: Way) -> usize {
        match (self, way) {
            (Self::OneLine, Way::Routelet | Way::ByHand) => 4,
            _ => 1,
        }
    }

    /// What is compared.
    pub(crate) fn ways(self) -> &'static [Way] {
        match self {
            Self::OneLine | Self::Delete100 | Self::DeleteList100 => {
                &[Way::FrrK8s, Way::RouteletReload, Way::Routelet, Way::ByHand]
            }
            // With frr-reload the agent is as slow as the reloader, and by hand nobody knows which numbers are free.
            Self::InsertFirst => &[Way::FrrK8s, Way::Routelet],
            Self::Structural => &[Way::FrrReload, Way::Routelet],
        }
    }
}
