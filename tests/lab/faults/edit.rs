//! What an author does to the sources.

use routelet_tests::lab::{metallb::Filter, topologies::TwoGateways};

use crate::{rng::Rng, story::Story};

/// What the sources say, as far as it is valid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// How many prefixes the node announces.
    announced: usize,
    /// Whether there is a neighbor that never answers.
    has_stranger: bool,
    /// How many lines a list of the base has that no map uses.
    list: usize,
    pub(super) extras: Extras,
}

/// What the extras let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Extras {
    #[default]
    Nothing,
    Everything,
    /// Of the prefixes that both gateways announce, so many of each family.
    Some(usize),
}

/// A change of one of the sources.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    Valid(Wanted),
    /// What FRR's parser refuses.
    UnknownLine,
    /// What bgpd refuses, and the parser does not.
    OwnAddress,
    /// What the policy refuses.
    ForeignLine,
}

// === impl Edit ===

impl Edit {
    /// Returns a change of `wanted`.
    pub(super) fn random(rng: &mut Rng, wanted: &Wanted) -> Self {
        let mut next = wanted.clone();
        match rng.below(10) {
            0 => return Self::UnknownLine,
            1 => return Self::OwnAddress,
            2 => return Self::ForeignLine,
            3 => next.announced = rng.below(4),
            4 => next.has_stranger = !next.has_stranger,
            5 => next.list = rng.below(20),
            6 => next.extras = Extras::Nothing,
            7 => next.extras = Extras::Everything,
            _ => next.extras = Extras::Some(1 + rng.below(2)),
        }
        Self::Valid(next)
    }
}

// === impl Wanted ===

impl Wanted {
    /// The base that says it.
    pub(super) fn base(&self, story: &Story) -> String {
        let mut base = story.demo.base.clone();
        for number in 0..self.announced {
            base = base.advertise(format!("192.0.2.{}/32", 10 + number));
        }
        for number in 0..self.list {
            base =
                base.append(&format!("ip prefix-list unused seq {} permit 10.{number}.0.0/16\n", number + 1));
        }
        if self.has_stranger {
            let asn = TwoGateways::NODE_ASN;
            base = base.append(&format!("router bgp {asn}\n  neighbor 192.0.2.99 remote-as 65099\n"));
        }
        base.render()
    }

    /// The extras that say it; `None` = there are none.
    pub(super) fn extras(&self, story: &Story) -> Option<String> {
        match self.extras {
            Extras::Nothing => None,
            Extras::Everything => Some(story.extras_text(Filter::Everything)),
            Extras::Some(_) => Some(story.extras_text(Filter::Prefixes(&self.prefixes()))),
        }
    }

    /// The prefixes that the kernel gets.
    pub(super) fn prefixes(&self) -> Vec<&'static str> {
        match self.extras {
            Extras::Nothing => Vec::new(),
            Extras::Everything => crate::story::ALL.iter().map(|(prefix, _)| *prefix).collect(),
            Extras::Some(count) => {
                let [four, other_four, six, other_six] = TwoGateways::SHARED;
                [four, six, other_four, other_six][..2 * count].to_vec()
            }
        }
    }
}
