//! Lines that FRR takes and does not print, or prints by one daemon and not by another: they are sent with the rest,
//! and no difference is made of them.

use super::{Statement, Tree};
use crate::quirks::{FrrVersion, Versions};

/// A form of line that never settles.
#[derive(Clone, Copy, Debug)]
pub struct Unsettled {
    /// The words: `*` = any word, `...` = any rest, none included.
    pub pattern: &'static str,
    /// Whether it holds of peer-groups only, and not of neighbors.
    pub of_groups: bool,
    /// The versions of FRR for which it holds.
    pub versions: Versions,
    /// What FRR does with the line.
    pub reason: &'static str,
    /// Where that is known from.
    pub source: &'static str,
}

/// Every form that is known.
pub const UNSETTLED: &[Unsettled] = &[
    unsettled("timers bgp 60 *", Versions::UNTIL_8, HALF_DEFAULT),
    unsettled("timers bgp * 180", Versions::UNTIL_8, HALF_DEFAULT),
    unsettled("bgp graceful-restart disable-eor", Versions::UNTIL_10_4, NOT_PRINTED),
    unsettled("log immediate-mode", Versions::UNTIL_10, NOT_PRINTED),
    unsettled("key chain *", Versions::UNTIL_10, NOT_PRINTED),
    unsettled("nexthop-group *", Versions::ALL, NOT_PRINTED),
    unsettled("neighbor * bfd strict", Versions::ALL, NOT_PRINTED),
    unsettled("nexthop prefer-global", Versions::ALL, NOT_PRINTED),
    unsettled("set forwarding-address ...", Versions::ALL, NOT_PRINTED),
    unsettled("log monitor ...", Versions::ALL, "deprecated: taken, and does nothing (lib/log_vty.c)"),
    unsettled("agentx", Versions::ALL, "taken where the SNMP module is loaded, and not printed"),
    unsettled("neighbor * solo", Versions::UNTIL_10, NOT_PRINTED).of_groups(),
    unsettled("neighbor * bfd check-control-plane-failure", Versions::UNTIL_8, NOT_PRINTED).of_groups(),
    unsettled("neighbor * local-role * strict-mode", Versions::ALL, SHORTENED).of_groups(),
    unsettled("log record-priority", Versions::ALL, BY_ONE),
];

const NOT_PRINTED: &str = "taken, and not printed";
const HALF_DEFAULT: &str = "not printed where one of the two is the default";
const SHORTENED: &str = "printed without strict-mode";
const BY_ONE: &str = "printed by one daemon and not by another";

const fn unsettled(pattern: &'static str, versions: Versions, reason: &'static str) -> Unsettled {
    let source = "measured on 7.5.1, 8.4.4, 10.3 and 10.7.1";
    Unsettled { pattern, of_groups: false, versions, reason, source }
}

// === impl Unsettled ===

impl Unsettled {
    const fn of_groups(self) -> Self {
        Self { of_groups: true, ..self }
    }

    /// Whether FRR prints something of the line.
    pub(crate) fn is_printed(&self) -> bool {
        [SHORTENED, BY_ONE].contains(&self.reason)
    }

    fn fits(&self, words: &[&str], siblings: &Tree) -> bool {
        let is_of_group = || match words {
            ["neighbor", name, ..] => siblings.get(&format!("neighbor {name} peer-group")).is_some(),
            _ => false,
        };
        super::defaults::fits(self.pattern, words) && (!self.of_groups || is_of_group())
    }
}

/// Returns why a difference in this line (or block) among its `siblings` says nothing, if so.
pub fn never_settles(
    statement: &Statement,
    siblings: &Tree,
    version: FrrVersion,
) -> Option<&'static Unsettled> {
    let words = statement.words_after_no();
    UNSETTLED.iter().find(|row| row.versions.contains(version) && row.fits(&words, siblings))
}
