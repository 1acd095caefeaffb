//! What FRR does not print because it is the default. Measured on four versions.

use super::{Tree, grammar::Context};
use crate::quirks::{FrrVersion, Versions};

/// Where a line stands, as far as the tables need to know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Bgp,
    Family,
    Interface,
    Vrf,
    BfdItem,
    Opaque,
}

impl Place {
    fn of(context: Context) -> Option<Self> {
        match context {
            Context::Top => Some(Self::Top),
            Context::Bgp => Some(Self::Bgp),
            Context::Family(_) => Some(Self::Family),
            Context::Interface => Some(Self::Interface),
            Context::Vrf => Some(Self::Vrf),
            Context::BfdItem => Some(Self::BfdItem),
            Context::Opaque => Some(Self::Opaque),
            Context::RouteMap | Context::Bfd => None,
        }
    }
}

/// Place, line (`*` = any word, `...` = any rest) and the versions for which it holds.
type Row = (Place, &'static str, Versions);

/// Settings with a value, at their default.
const AT_DEFAULT: &[Row] = &[
    (Place::Top, "bgp route-map delay-timer 5", Versions::ALL),
    (Place::Top, "bgp session-dscp 48", Versions::ALL),
    (Place::Top, "bgp input-queue-limit 10000", Versions::ALL),
    (Place::Top, "bgp output-queue-limit 10000", Versions::ALL),
    (Place::Top, "zebra route-map delay-timer 5", Versions::ALL),
    (Place::Top, "log facility daemon", Versions::ALL),
    (Place::Top, "log timestamp precision 0", Versions::ALL),
    (Place::Bgp, "bgp default local-preference 100", Versions::ALL),
    (Place::Bgp, "bgp default subgroup-pkt-queue-max 40", Versions::ALL),
    (Place::Bgp, "bgp default-originate timer 5", Versions::ALL),
    (Place::Bgp, "bgp listen limit 100", Versions::ALL),
    (Place::Bgp, "bgp conditional-advertisement timer 60", Versions::ALL),
    (Place::Bgp, "bgp graceful-restart restart-time 120", Versions::ALL),
    (Place::Bgp, "bgp graceful-restart stalepath-time 360", Versions::ALL),
    (Place::Bgp, "bgp graceful-restart rib-stale-time 500", Versions::ALL),
    (Place::Bgp, "bgp graceful-restart select-defer-time 360", Versions::UNTIL_10_4),
    (Place::Bgp, "write-quanta 64", Versions::ALL),
    (Place::Bgp, "read-quanta 10", Versions::ALL),
    (Place::Bgp, "neighbor * port 179", Versions::ALL),
    (Place::Bgp, "neighbor * ebgp-multihop 1", Versions::ALL),
    (Place::Family, "distance bgp 20 200 200", Versions::ALL),
    (Place::BfdItem, "detect-multiplier 3", Versions::ALL),
    (Place::BfdItem, "receive-interval 300", Versions::ALL),
    (Place::BfdItem, "transmit-interval 300", Versions::ALL),
    (Place::BfdItem, "echo-interval 50", Versions::ALL),
    (Place::BfdItem, "echo transmit-interval 50", Versions::ALL),
    (Place::BfdItem, "echo receive-interval 50", Versions::ALL),
    (Place::BfdItem, "minimum-ttl 254", Versions::FROM_8),
    (Place::Opaque, "exec-timeout 10 0", Versions::ALL),
];

/// Settings that are on unless somebody says `no`: the `no` form is printed. Those of an instance that depend on
/// the profile are in `instance.rs`.
const ON: &[Row] = &[
    (Place::Top, "route-map * optimization", Versions::FROM_8),
    (Place::Bgp, "bgp fast-external-failover", Versions::ALL),
    (Place::Bgp, "bgp client-to-client reflection", Versions::ALL),
    (Place::Bgp, "bgp ipv6-auto-ra", Versions::FROM_10),
    (Place::Bgp, "bgp reject-as-sets", Versions::FROM_10_4),
    (Place::Bgp, "neighbor * capability fqdn", Versions::FROM_10),
    (Place::Interface, "link-detect", Versions::ALL),
];

/// Settings whose default another line decides: what was said is held until that is known.
const DEPENDENT: &[Row] = &[
    (Place::Top, "ip nht resolve-via-default", Versions::FROM_10),
    (Place::Top, "ipv6 nht resolve-via-default", Versions::FROM_10),
    (Place::Vrf, "ip nht resolve-via-default", Versions::FROM_10),
    (Place::Vrf, "ipv6 nht resolve-via-default", Versions::FROM_10),
    (Place::Bgp, "neighbor * enforce-first-as", Versions::FROM_10),
];

/// Returns whether FRR prints nothing for the line `words`.
pub(super) fn is_silent(context: Context, words: &[&str], version: FrrVersion) -> bool {
    [AT_DEFAULT, ON].iter().any(|rows| has(rows, context, words, version))
}

/// Returns whether `no` + `words` is a statement of its own, because `words` is what FRR does anyway.
pub(super) fn is_on(context: Context, words: &[&str], version: FrrVersion) -> bool {
    [ON, DEPENDENT].iter().any(|rows| has(rows, context, words, version))
}

/// Leaves those settings of [`DEPENDENT`] that differ from `default`, as the end of the text has it.
pub(super) fn settle(tree: &mut Tree, context: Context, default: bool, version: FrrVersion) {
    tree.retain(|_, node| {
        let is_on = !node.statement.reveal().starts_with("no ");
        is_on != default || !has(DEPENDENT, context, &node.statement.words_after_no(), version)
    });
}

fn has(rows: &[Row], context: Context, words: &[&str], version: FrrVersion) -> bool {
    let Some(place) = Place::of(context) else { return false };
    rows.iter().any(|(of, line, versions)| *of == place && fits(line, words) && versions.contains(version))
}

pub(super) fn fits(line: &str, words: &[&str]) -> bool {
    let mut rest = words.iter();
    for token in line.split(' ') {
        match (token, rest.next()) {
            ("...", _) => return true,
            ("*", Some(_)) => {}
            (literal, Some(word)) if literal == *word => {}
            _ => return false,
        }
    }
    rest.next().is_none()
}

/// Lines of the host or the file format, not of the routing configuration: FRR prints its own.
pub(super) fn belongs_to_host(words: &[&str]) -> bool {
    matches!(
        words,
        ["hostname" | "domainname" | "banner", ..]
            | [
                "service",
                "integrated-vtysh-config" | "password-encryption" | "advanced-vty" | "terminal-length",
                ..
            ]
            | ["ip" | "ipv6", "forwarding"]
            | ["no", "ip" | "ipv6", "forwarding"]
            | ["no", "service", "integrated-vtysh-config" | "password-encryption", ..]
            | ["no", "banner" | "hostname" | "domainname", ..]
    )
}
