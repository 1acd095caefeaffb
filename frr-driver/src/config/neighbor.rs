//! What FRR prints of a neighbor beside the lines that were written: activation, implied lines, unnumbered peers.

use std::net::IpAddr;

use super::{Context, Origin, Statement, Tree, instance, load::family_key, rewrite::join};
use crate::{quirks::FrrVersion, session::AddressFamily};

/// Capabilities whose default an instance decides (`bgp default X-capability`) for the peers made after it.
const CAPABILITIES: [&str; 3] = ["software-version", "dynamic", "link-local"];

/// What a neighbor that is new gets from the defaults in force: it is active in the families that are on by
/// default, and stays so when the default is switched off afterwards; capabilities likewise, and `shutdown`, which
/// members of peer-groups get too, and groups do not.
pub(super) fn create(tree: &mut Tree, words: &[&str], origin: &Origin, version: FrrVersion) {
    let ["neighbor", peer, ..] = words else { return };
    let is_member = matches!(words, [_, _, .., "peer-group", _]);
    if !(is_member || makes(words)) || tree.with_prefix(&format!("neighbor {peer} ")).next().is_some() {
        return;
    }
    if instance::has(tree, "bgp default shutdown") && words.get(2..) != Some(&["peer-group"]) {
        tree.set_line(format!("neighbor {peer} shutdown"), origin);
    }
    if is_member {
        return;
    }
    for kind in default_capabilities(tree, version) {
        tree.set_line(format!("neighbor {peer} capability {kind}"), origin);
    }
    for family in default_families(tree) {
        family_block(tree, family, origin).set_line(format!("neighbor {peer} activate"), origin);
    }
}

/// Whether `words` make a neighbor that stands for itself. `interface` of an address is an attribute.
pub(super) fn makes(words: &[&str]) -> bool {
    match words {
        ["neighbor", _, .., "peer-group", _] => false,
        ["neighbor", _, "remote-as", ..] | ["neighbor", _, "peer-group"] => true,
        ["neighbor", peer, "interface", ..] => peer.parse::<IpAddr>().is_err(),
        _ => false,
    }
}

/// The capabilities that a new neighbor has.
fn default_capabilities(tree: &Tree, version: FrrVersion) -> Vec<&'static str> {
    let is_default = |kind: &&str| {
        let line = format!("bgp default {kind}-capability");
        let words: Vec<&str> = line.split(' ').collect();
        instance::is_switch(&words, version) && instance::has(tree, &line)
    };
    CAPABILITIES.into_iter().filter(is_default).collect()
}

/// The families in which a new neighbor is active.
fn default_families(tree: &Tree) -> Vec<AddressFamily> {
    tree.with_prefix("bgp default ")
        .filter(|(_, node)| !node.statement.reveal().starts_with("no "))
        .filter_map(|(key, _)| {
            AddressFamily::from_config_words(&key.strip_prefix("bgp default ")?.replacen('-', " ", 1))
        })
        .collect()
}

fn family_block<'a>(tree: &'a mut Tree, family: AddressFamily, origin: &Origin) -> &'a mut Tree {
    let key = family_key(family);
    let block = tree.block(&key, Context::Family(family), || Statement::new(key.clone(), origin.clone()));
    &mut block.children
}

/// On 7.5.1 `bfd profile` takes the place of `bfd`, and `bfd` of the profile; later versions keep both.
pub(super) fn replace_bfd(tree: &mut Tree, words: &[&str], version: FrrVersion) {
    if version.prints_bfd_beside_profile() {
        return;
    }
    match words {
        ["neighbor", peer, "bfd"] => tree.remove(&format!("neighbor {peer} bfd profile")),
        ["neighbor", peer, "bfd", "profile", _] => tree.remove(&format!("neighbor {peer} bfd")),
        _ => None,
    };
}

/// Leaves the lines that FRR prints: the differences from what is in force at the end.
pub(super) fn settle(tree: &mut Tree, asn: &str, version: FrrVersion) {
    remove_extended_nexthop(tree);
    let peers = Peers::of(tree);
    swallow_group_lines(tree, &peers.members);
    drop_internal_multihop(tree, asn, &peers);
    for kind in default_capabilities(tree, version) {
        for (peer, origin) in &peers.own {
            invert(tree, format!("neighbor {peer} capability {kind}"), origin);
        }
        // What the group has is not printed of its members.
        for (member, group) in &peers.members {
            if tree.get(&format!("neighbor {group} capability {kind}")).is_none() {
                tree.remove(&format!("neighbor {member} capability {kind}"));
            }
        }
    }
    for family in default_families(tree) {
        for (peer, origin) in &peers.own {
            invert(family_block(tree, family, origin), format!("neighbor {peer} activate"), origin);
        }
    }
    for (_, node) in tree.values_mut() {
        if matches!(node.opens, Some(Context::Family(_))) {
            join_send_community(&mut node.children);
            join_remove_private_as(&mut node.children);
        }
    }
    tree.retain(|_, node| !(matches!(node.opens, Some(Context::Family(_))) && node.children.is_empty()));
}

/// What is on by default is printed where it is off.
fn invert(tree: &mut Tree, line: String, origin: &Origin) {
    if tree.remove(&line).is_none() {
        let text = format!("no {line}");
        tree.set(line, Statement::new(text, origin.clone()));
    }
}

/// The neighbors of an instance.
struct Peers {
    /// Members of peer-groups, with the group.
    members: Vec<(String, String)>,
    /// Neighbors and groups that stand for themselves, with where they were made.
    own: Vec<(String, Origin)>,
}

impl Peers {
    fn of(tree: &Tree) -> Self {
        let (mut members, mut own) = (Vec::new(), Vec::new());
        for (_, node) in tree.with_prefix("neighbor ") {
            match node.statement.words().as_slice() {
                ["neighbor", peer, .., "peer-group", group] => {
                    members.push(((*peer).to_owned(), (*group).to_owned()));
                }
                words @ ["neighbor", peer, ..] if makes(words) => {
                    own.push(((*peer).to_owned(), node.statement.origin.clone()));
                }
                _ => {}
            }
        }
        let joined: std::collections::BTreeSet<String> =
            members.iter().map(|(peer, _)| peer.clone()).collect();
        own.retain(|(peer, _)| !joined.contains(peer));
        own.dedup_by(|(a, _), (b, _)| a == b);
        Self { members, own }
    }
}

/// The members of the peer-group `group`.
pub(super) fn members(tree: &Tree, group: &str) -> Vec<String> {
    let members = Peers::of(tree).members.into_iter();
    members.filter(|(_, of)| of == group).map(|(member, _)| member).collect()
}

/// The capability is on by itself for unnumbered peers.
fn remove_extended_nexthop(tree: &mut Tree) {
    let unnumbered: Vec<String> = tree
        .with_prefix("neighbor ")
        .filter_map(|(key, _)| key.strip_prefix("neighbor ")?.strip_suffix(" interface"))
        .filter(|peer| peer.parse::<IpAddr>().is_err())
        .map(|peer| format!("neighbor {peer} capability extended-nexthop"))
        .collect();
    for key in unnumbered {
        tree.remove(&key);
    }
}

/// `ebgp-multihop` of an internal peer is taken and forgotten.
fn drop_internal_multihop(tree: &mut Tree, asn: &str, peers: &Peers) {
    let remote_as = |peer: &str| {
        let own = tree.get(&format!("neighbor {peer} remote-as"));
        let node = own.or_else(|| tree.get(&format!("neighbor {peer} interface")))?;
        let words = node.statement.words();
        let at = words.iter().position(|word| *word == "remote-as")?;
        words.get(at + 1).map(|number| (*number).to_owned())
    };
    let internal: Vec<String> = tree
        .with_prefix("neighbor ")
        .filter_map(|(key, _)| {
            let peer = key.strip_prefix("neighbor ")?.strip_suffix(" ebgp-multihop")?;
            let group = peers.members.iter().find(|(member, _)| member == peer).map(|(_, group)| group);
            let number = remote_as(peer).or_else(|| remote_as(group?))?;
            (number == "internal" || number == asn).then(|| key.to_owned())
        })
        .collect();
    for key in internal {
        tree.remove(&key);
    }
}

/// The three kinds of community, all sent unless somebody says `no`; FRR's word for them, and what it prints.
const COMMUNITIES: [&str; 3] = ["", " extended", " large"];

/// Returns the keys that a line `neighbor X send-community [KIND]` sets, one for each kind of community.
pub(super) fn send_community_keys(words: &[&str]) -> Option<Vec<String>> {
    let (peer, kinds): (&str, &[&str]) = match words {
        ["neighbor", peer, "send-community"] | ["neighbor", peer, "send-community", "standard"] => {
            (peer, &COMMUNITIES[..1])
        }
        ["neighbor", peer, "send-community", "extended"] => (peer, &COMMUNITIES[1..2]),
        ["neighbor", peer, "send-community", "large"] => (peer, &COMMUNITIES[2..]),
        ["neighbor", peer, "send-community", "both"] => (peer, &COMMUNITIES[..2]),
        ["neighbor", peer, "send-community", "all"] => (peer, &COMMUNITIES),
        _ => return None,
    };
    Some(kinds.iter().map(|kind| format!("neighbor {peer} send-community{kind}")).collect())
}

/// Where nothing is sent, FRR prints one line.
fn join_send_community(tree: &mut Tree) {
    let silent: Vec<String> = tree
        .with_prefix("neighbor ")
        .filter_map(|(key, _)| key.strip_suffix(" send-community"))
        .filter(|peer| {
            COMMUNITIES.iter().all(|kind| tree.get(&format!("{peer} send-community{kind}")).is_some())
        })
        .map(str::to_owned)
        .collect();
    for peer in silent {
        for kind in &COMMUNITIES[1..] {
            tree.remove(&format!("{peer} send-community{kind}"));
        }
        if let Some(node) = tree.get_mut(&format!("{peer} send-community")) {
            node.statement =
                Statement::new(format!("no {peer} send-community all"), node.statement.origin.clone());
        }
    }
}

/// The four forms are four flags, and FRR prints the strongest that is set (`bgp_config_write_peer_af`).
fn join_remove_private_as(tree: &mut Tree) {
    const WEAKER: [&str; 3] = ["", " all", " replace-AS"];
    let is_of_it = |key: &&str| key.contains(" remove-private-AS");
    let set: Vec<String> =
        tree.with_prefix("neighbor ").map(|(key, _)| key).filter(is_of_it).map(str::to_owned).collect();
    for key in &set {
        let Some((peer, form)) = key.split_once(" remove-private-AS") else { continue };
        let weaker = WEAKER.iter().take_while(|weaker| **weaker != form);
        for weaker in weaker {
            tree.remove(&format!("{peer} remove-private-AS{weaker}"));
        }
    }
}

/// A member's line that says what its group says already is not printed (but session lines are).
fn swallow_group_lines(tree: &mut Tree, members: &[(String, String)]) {
    for (member, group) in members {
        let of_group =
            |key: &str| key.replacen(&format!("neighbor {member} "), &format!("neighbor {group} "), 1);
        if tree.get(&format!("neighbor {group} remote-as")).is_some() {
            tree.remove(&format!("neighbor {member} remote-as"));
        }
        let families: Vec<String> =
            tree.with_prefix("address-family ").map(|(key, _)| key.to_owned()).collect();
        for key in families {
            let Some(node) = tree.get_mut(&key) else { continue };
            let said: Vec<String> = node
                .children
                .with_prefix(&format!("neighbor {member} "))
                .filter(|(key, line)| {
                    node.children.get(&of_group(key)).is_some_and(|group_line| {
                        group_line.statement.reveal() == of_group(line.statement.reveal())
                    })
                })
                .map(|(key, _)| key.to_owned())
                .collect();
            for key in said {
                node.children.remove(&key);
            }
        }
    }
}

/// Lines that FRR prints beside the one that was written.
pub(super) fn implied(tree: &Tree, context: Context, words: &[&str], version: FrrVersion) -> Vec<String> {
    match (context, words) {
        (Context::Bgp, ["neighbor", peer, "bfd", "profile" | "check-control-plane-failure", ..])
            if version.prints_bfd_beside_profile() =>
        {
            vec![format!("neighbor {peer} bfd")]
        }
        (Context::Family(_), ["neighbor", peer, "route-server-client"]) => {
            let key = format!("neighbor {peer} attribute-unchanged");
            let before = tree.get(&key).map(|node| node.statement.reveal().to_owned()).unwrap_or_default();
            let is_kept = |name: &&str| *name == "next-hop" || before.split(' ').any(|word| word == *name);
            let kept: Vec<&str> = ["as-path", "next-hop", "med"].into_iter().filter(is_kept).collect();
            vec![join(&key, &kept)]
        }
        _ => Vec::new(),
    }
}

/// Those of the attributes of a route that were announced unchanged are changed again.
pub(super) fn change_again(tree: &mut Tree, peer: &str, which: &[&str], origin: &Origin) {
    let key = format!("neighbor {peer} attribute-unchanged");
    let Some(before) = tree.remove(&key) else { return };
    let kept: Vec<&str> =
        before.statement.words().into_iter().skip(3).filter(|word| !which.contains(word)).collect();
    if !kept.is_empty() {
        let line = join(&key, &kept);
        tree.set(key, Statement::new(line, origin.clone()));
    }
}

/// `neighbor X interface`, `remote-as` and `peer-group` of an unnumbered peer are one line in FRR's print.
/// Returns its key and text, if `words` is such a line.
pub(super) fn interface_peer(tree: &Tree, words: &[&str]) -> Option<(String, String)> {
    let ["neighbor", peer, kind, rest @ ..] = words else { return None };
    // `neighbor fe80::1 interface eth0` is an attribute of an address.
    if peer.parse::<IpAddr>().is_ok() {
        return None;
    }
    let key = format!("neighbor {peer} interface");
    let mut parts = match (*kind, rest) {
        ("interface", _) => InterfacePeer::read(rest),
        ("remote-as" | "peer-group", [value]) if tree.get(&key).is_some() => {
            InterfacePeer::read(&[kind, value])
        }
        _ => return None,
    };
    if let Some(node) = tree.get(&key) {
        let before = node.statement.words();
        parts.complete(InterfacePeer::read(before.get(3..).unwrap_or_default()));
    }
    Some((key, parts.text(peer)))
}

#[derive(Default)]
struct InterfacePeer {
    v6only: bool,
    remote_as: Option<String>,
    peer_group: Option<String>,
}

impl InterfacePeer {
    fn read(words: &[&str]) -> Self {
        let after = |keyword: &str| {
            words
                .iter()
                .position(|word| *word == keyword)
                .and_then(|at| words.get(at + 1))
                .map(|w| (*w).to_owned())
        };
        Self {
            v6only: words.contains(&"v6only"),
            remote_as: after("remote-as"),
            peer_group: after("peer-group"),
        }
    }

    fn complete(&mut self, before: Self) {
        self.v6only |= before.v6only;
        self.remote_as = self.remote_as.take().or(before.remote_as);
        self.peer_group = self.peer_group.take().or(before.peer_group);
    }

    fn text(&self, peer: &str) -> String {
        let mut text = format!("neighbor {peer} interface");
        if self.v6only {
            text.push_str(" v6only");
        }
        match (&self.peer_group, &self.remote_as) {
            (Some(group), _) => text.extend([" peer-group ", group]),
            (None, Some(number)) => text.extend([" remote-as ", number]),
            (None, None) => {}
        }
        text
    }
}
