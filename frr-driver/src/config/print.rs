//! A configuration as text for FRR, without the traps of frr-reload: lists and maps before the neighbors that
//! use them, every block closed (where that is understood), every entry numbered.

use std::net::IpAddr;

use super::{Config, Context, Node, Origin, Tree};
use crate::quirks::FrrVersion;

/// A rendered configuration, and where each of its lines comes from.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    text: String,
    origins: Vec<Option<Origin>>,
}

impl Rendered {
    /// The whole text, secrets included: for FRR and for files of mode 0600.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Where line `number` (from 1) of the text was written; `None` for the lines that close a block.
    pub fn origin(&self, number: u32) -> Option<&Origin> {
        self.origins.get(usize::try_from(number).ok()?.checked_sub(1)?)?.as_ref()
    }

    /// Adds what `other` says.
    pub(crate) fn append(&mut self, other: Self) {
        self.text.push_str(&other.text);
        self.origins.extend(other.origins);
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, depth: usize, line: &str, origin: Option<Origin>) {
        for _ in 0..depth {
            self.text.push(' ');
        }
        self.text.push_str(line);
        self.text.push('\n');
        self.origins.push(origin);
    }
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rendered").field("lines", &self.origins.len()).finish_non_exhaustive()
    }
}

/// Renders `config` for frr-reload.
///
/// `host` are lines that belong to the host, as FRR runs them now (`hostname`, `no ip forwarding`, …): they are
/// repeated as they are, because frr-reload would take their absence for a wish to remove them.
pub fn render(config: &Config, host: &[String], version: FrrVersion) -> Rendered {
    let mut rendered = Rendered::default();
    for line in host {
        rendered.push(0, line, None);
    }
    push_all(&mut rendered, config, version.reload_reads_exit());
    rendered
}

/// Renders `config` for `vtysh -f`, which reads every `exit`.
pub(crate) fn render_for_vtysh(config: &Config) -> Rendered {
    let mut rendered = Rendered::default();
    push_all(&mut rendered, config, true);
    rendered
}

/// Adds all of `config`; `exits` = whether `exit` closes blocks.
fn push_all(rendered: &mut Rendered, config: &Config, exits: bool) {
    let mut nodes = config.top.in_written_order();
    nodes.sort_by_cached_key(|(key, node)| {
        let section = section(node, exits);
        (section, section.is_keyed().then_some(*key))
    });
    for (_, node) in nodes {
        push_node(rendered, 0, node, exits);
    }
}

/// The order of the sections: a map that comes after the neighbor that uses it is bound late, so lists and maps come
/// before the instances.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Defaults,
    Lines,
    Vrf,
    Interface,
    Bfd,
    List,
    RouteMap,
    Opaque,
    Bgp,
    BfdLast,
}

impl Section {
    /// Lines and blocks whose words are not known are in the order written; everything else is by name and number.
    fn is_keyed(self) -> bool {
        !matches!(self, Self::Lines | Self::Opaque)
    }
}

fn section(node: &Node, exits: bool) -> Section {
    match node.opens {
        Some(Context::Bgp) => Section::Bgp,
        Some(Context::RouteMap) => Section::RouteMap,
        Some(Context::Interface) => Section::Interface,
        Some(Context::Vrf) => Section::Vrf,
        Some(Context::Bfd) if exits => Section::Bfd,
        Some(Context::Bfd) => Section::BfdLast,
        Some(Context::Top | Context::Family(_) | Context::BfdItem | Context::Opaque) => Section::Opaque,
        None => match node.statement.words().as_slice() {
            ["frr", "defaults", ..] => Section::Defaults,
            [_, "prefix-list" | "access-list", ..]
            | ["access-list", ..]
            | ["bgp", "as-path" | "community-list" | "large-community-list" | "extcommunity-list", ..] => {
                Section::List
            }
            _ => Section::Lines,
        },
    }
}

fn push_node(rendered: &mut Rendered, depth: usize, node: &Node, exits: bool) {
    rendered.push(depth, node.statement.reveal(), Some(node.statement.origin.clone()));
    let Some(context) = node.opens else { return };
    for child in ordered_children(context, &node.children) {
        push_node(rendered, depth + 1, child, exits);
    }
    let close = match context {
        Context::Family(_) => "exit-address-family",
        Context::Opaque if node.statement.reveal().starts_with("address-family ") => "exit-address-family",
        Context::Vrf => "exit-vrf",
        Context::Opaque if node.statement.reveal().starts_with("vni ") => "exit-vni",
        Context::Top
        | Context::Bgp
        | Context::RouteMap
        | Context::Interface
        | Context::Bfd
        | Context::BfdItem
        | Context::Opaque => "exit",
    };
    if exits || close != "exit" {
        rendered.push(depth, close, None);
    }
}

/// The order within a block: as written where the words are not known, else by key, so that equal meaning is equal
/// text; what makes a neighbor comes before what describes it, families come last.
fn ordered_children(context: Context, tree: &Tree) -> Vec<&Node> {
    if context == Context::Opaque {
        return tree.in_written_order().into_iter().map(|(_, node)| node).collect();
    }
    let mut nodes: Vec<&Node> = tree.iter().map(|(_, node)| node).collect();
    if context == Context::Bfd {
        // Where no `exit` closes the block, a profile behind a peer would be a line of the peer.
        nodes.sort_by_key(|node| !node.statement.reveal().starts_with("profile "));
    }
    if let Context::Family(_) = context {
        // It sets `attribute-unchanged` beside, which may be said otherwise.
        nodes.sort_by_key(|node| !node.statement.reveal().ends_with(" route-server-client"));
    }
    if context == Context::Bgp {
        nodes.sort_by_cached_key(|node| match node.statement.words_after_no().as_slice() {
            _ if node.opens.is_some() => 6,
            // 7.5.1 wants `bfd`, or `bfd profile`, before it.
            ["neighbor", _, "bfd", "check-control-plane-failure"] => 5,
            // Of an address it is an attribute, of a name it makes the neighbor.
            ["neighbor", peer, "interface", ..] if peer.parse::<IpAddr>().is_ok() => 4,
            ["neighbor", _, "peer-group"] => 1,
            ["neighbor", _, "remote-as" | "interface", ..] => 2,
            // Shut down before anything else is said of it.
            ["neighbor", _, "peer-group", _] | ["neighbor", _, "shutdown", ..] => 3,
            // The default would shut down the neighbors that come after it.
            ["neighbor", ..] | ["bgp", "listen", "range", ..] | ["bgp", "default", "shutdown"] => 4,
            _ => 0,
        });
    }
    nodes
}
