//! What a BGP instance holds from its creation on, and what of it FRR prints.
//!
//! FRR takes the defaults of a new instance from `frr defaults` and `frr version` as the file says them up to
//! there, and prints what differs from the defaults of its own version and final profile
//! (`bgpd/bgp_vty.c`, `FRR_CFG_DEFAULT_BOOL`). So `frr version 8.4` in the file of a 10.3 sets
//! `no bgp enforce-first-as`. Here each such setting is held as a line from the creation on, and what equals the
//! default in the end is left out.

use super::{Origin, Statement, Tree, defaults, grammar::Context, neighbor};
use crate::quirks::{FrrVersion, Versions};

/// What decides about FRR's defaults.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// The FRR that reads the text.
    pub(super) version: FrrVersion,
    /// The release whose defaults the text asks for (`frr version`).
    pub(super) written_for: FrrVersion,
    /// `frr defaults datacenter`.
    pub(super) datacenter: bool,
}

/// A setting that is on or off.
struct Switch {
    line: &'static str,
    /// The versions that know it.
    known: Versions,
    default: Default,
}

enum Default {
    /// On from this release's defaults on.
    OnFrom(FrrVersion),
    /// The same, but off in the datacenter profile.
    OnFromUnlessDatacenter(FrrVersion),
    /// On in the datacenter profile only.
    Datacenter,
    On,
    Off,
}

const SWITCHES: [Switch; 14] = [
    switch("bgp ebgp-requires-policy", Versions::ALL, Default::OnFromUnlessDatacenter(FrrVersion(7, 4, 0))),
    switch("bgp network import-check", Versions::ALL, Default::OnFrom(FrrVersion(7, 4, 0))),
    switch("bgp suppress-duplicates", Versions::FROM_8, Default::OnFrom(FrrVersion(7, 6, 0))),
    switch("bgp hard-administrative-reset", Versions::FROM_8, Default::OnFrom(FrrVersion(8, 3, 0))),
    switch("bgp graceful-restart notification", Versions::FROM_8, Default::OnFrom(FrrVersion(8, 3, 0))),
    switch("bgp enforce-first-as", Versions::FROM_10, Default::OnFrom(FrrVersion(9, 1, 0))),
    switch("bgp log-neighbor-changes", Versions::ALL, Default::Datacenter),
    switch("bgp deterministic-med", Versions::ALL, Default::Datacenter),
    switch("bgp default show-hostname", Versions::ALL, Default::Datacenter),
    switch("bgp default show-nexthop-hostname", Versions::ALL, Default::Datacenter),
    switch("bgp default software-version-capability", Versions::FROM_10, Default::Datacenter),
    switch("bgp default dynamic-capability", Versions::FROM_10, Default::Datacenter),
    switch("bgp default link-local-capability", Versions::FROM_10_4, Default::Off),
    switch("bgp default ipv4-unicast", Versions::ALL, Default::On),
];

const fn switch(line: &'static str, known: Versions, default: Default) -> Switch {
    Switch { line, known, default }
}

impl Switch {
    fn is_on(&self, dialect: Dialect) -> bool {
        match self.default {
            Default::OnFrom(release) => dialect.written_for >= release,
            Default::OnFromUnlessDatacenter(release) => dialect.written_for >= release && !dialect.datacenter,
            Default::Datacenter => dialect.datacenter,
            Default::On => true,
            Default::Off => false,
        }
    }
}

// === impl Dialect ===

impl Dialect {
    pub(super) fn new(version: FrrVersion) -> Self {
        Self { version, written_for: version, datacenter: false }
    }

    /// The same, as FRR prints: by the defaults of its own version.
    fn own(self) -> Self {
        Self { written_for: self.version, ..self }
    }

    fn timers(self) -> &'static str {
        if self.datacenter { "timers bgp 3 9" } else { "timers bgp 60 180" }
    }

    fn connect_timer(self) -> u32 {
        if self.datacenter { 10 } else { self.version.connect_timer_default() }
    }
}

/// The settings of a new instance.
pub(super) fn create(tree: &mut Tree, dialect: Dialect, origin: &Origin) {
    for switch in SWITCHES.iter().filter(|switch| switch.known.contains(dialect.version)) {
        let text = if switch.is_on(dialect) { switch.line.to_owned() } else { format!("no {}", switch.line) };
        tree.set(switch.line.to_owned(), Statement::new(text, origin.clone()));
    }
    tree.set("timers bgp".to_owned(), Statement::new(dialect.timers(), origin.clone()));
}

/// Whether `words` is a setting that an instance holds from its creation on.
pub(super) fn is_switch(words: &[&str], version: FrrVersion) -> bool {
    words.first() == Some(&"bgp")
        && SWITCHES
            .iter()
            .any(|switch| switch.known.contains(version) && switch.line.split(' ').eq(words.iter().copied()))
}

/// Whether the setting `line` of the instance is on.
pub(super) fn has(tree: &Tree, line: &str) -> bool {
    tree.get(line).is_some_and(|node| !node.statement.reveal().starts_with("no "))
}

/// The profile changes after instances were made: their peers keep the connect timer that they had.
pub(super) fn profile_changes(tree: &mut Tree, before: Dialect, origin: &Origin) {
    let peers: Vec<String> = tree
        .with_prefix("neighbor ")
        .filter_map(|(_, node)| match node.statement.words().as_slice() {
            words @ ["neighbor", peer, ..] if neighbor::makes(words) => Some((*peer).to_owned()),
            _ => None,
        })
        .collect();
    for peer in peers {
        let key = format!("neighbor {peer} timers connect");
        if tree.get(&key).is_none() {
            let line = format!("{key} {}", before.connect_timer());
            tree.set(key, Statement::new(line, origin.clone()));
        }
    }
}

/// Leaves what FRR prints: the settings that differ from the defaults of its version and profile.
pub(super) fn settle(tree: &mut Tree, dialect: Dialect) {
    print_underlays_weight(tree, dialect.version);
    let enforces_first_as = has(tree, "bgp enforce-first-as");
    defaults::settle(tree, Context::Bgp, enforces_first_as, dialect.version);
    if dialect.version.drops_rejected_as_sets() && has(tree, "bgp reject-as-sets") {
        drop_as_sets(tree);
    }
    let own = dialect.own();
    for switch in &SWITCHES {
        if tree.get(switch.line).is_some() && has(tree, switch.line) == switch.is_on(own) {
            tree.remove(switch.line);
        }
    }
    if tree.get("timers bgp").is_some_and(|node| node.statement.reveal() == own.timers()) {
        tree.remove("timers bgp");
    }
}

/// Aggregates are kept, and without their set.
fn drop_as_sets(tree: &mut Tree) {
    for (_, family) in tree.values_mut().filter(|(_, node)| matches!(node.opens, Some(Context::Family(_)))) {
        for (_, node) in family.children.values_mut().filter(|(key, _)| key.starts_with("aggregate-address "))
        {
            let words: Vec<&str> = node.statement.words();
            let kept: Vec<&str> = words.into_iter().filter(|word| *word != "as-set").collect();
            node.statement = Statement::new(kept.join(" "), node.statement.origin.clone());
        }
    }
}

/// 10.7.1 prints this line wherever MEDs are compared: one flag for both. Taking it back would switch that off, so it
/// must stand in what frr-reload compares with the print.
fn print_underlays_weight(tree: &mut Tree, version: FrrVersion) {
    let origin = |line: &str| {
        tree.get(line)
            .filter(|node| !node.statement.reveal().starts_with("no "))
            .map(|node| node.statement.origin.clone())
    };
    let compares = origin("bgp always-compare-med").or_else(|| origin("bgp deterministic-med"));
    if version.prints_underlays_weight_with_med()
        && let Some(origin) = compares
    {
        tree.set_line("use-underlays-nexthop-weight".to_owned(), &origin);
    }
}
