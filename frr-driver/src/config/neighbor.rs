//! What FRR prints of a neighbor beside the lines that were written: activation, implied lines, unnumbered peers.

use super::{
    Context, Origin, Statement, Tree,
    load::{descend, family_key},
};
use crate::{quirks::FrrVersion, session::AddressFamily};

/// Set by `no bgp default ipv4-unicast`.
const DEFAULT_IPV4: &str = "bgp default ipv4-unicast";

/// A neighbor that is made while `bgp default ipv4-unicast` is on is active in that family from the start,
/// and stays so when the default is switched off afterwards.
pub(super) fn create(tree: &mut Tree, words: &[&str], origin: &Origin) {
    let (["neighbor", peer, "remote-as" | "interface", ..] | ["neighbor", peer, "peer-group"]) = words else {
        return;
    };
    let is_new = tree.with_prefix(&format!("neighbor {peer} ")).next().is_none();
    if !is_new || words.contains(&"peer-group") && words.len() > 3 || tree.get(DEFAULT_IPV4).is_some() {
        return;
    }
    let line = format!("neighbor {peer} activate");
    family(tree, origin).set(line.clone(), Statement::new(line, origin.clone()));
}

fn family<'a>(tree: &'a mut Tree, origin: &Origin) -> &'a mut Tree {
    let key = family_key(AddressFamily::Ipv4Unicast);
    if tree.get(&key).is_none() {
        let node = tree.set(key.clone(), Statement::new(key.clone(), origin.clone()));
        node.opens = Some(Context::Family(AddressFamily::Ipv4Unicast));
    }
    descend(tree, &[(Context::Family(AddressFamily::Ipv4Unicast), key)])
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

/// Leaves the activation lines that FRR prints: the differences from the default that is in force at the end.
pub(super) fn settle(tree: &mut Tree) {
    let is_default = tree.get(DEFAULT_IPV4).is_none();
    let mut members = Vec::new();
    let mut own = Vec::new();
    let unnumbered: Vec<String> = tree
        .with_prefix("neighbor ")
        .filter_map(|(key, _)| {
            key.strip_suffix(" interface").map(|peer| format!("{peer} capability extended-nexthop"))
        })
        .collect();
    for key in unnumbered {
        tree.remove(&key);
    }
    for (_, node) in tree.with_prefix("neighbor ") {
        let words = node.statement.words();
        match words.as_slice() {
            ["neighbor", peer, .., "peer-group", group] => {
                members.push(((*peer).to_owned(), (*group).to_owned()));
            }
            ["neighbor", peer, "remote-as" | "interface", ..] | ["neighbor", peer, "peer-group"] => {
                own.push(((*peer).to_owned(), node.statement.origin.clone()));
            }
            _ => {}
        }
    }
    own.retain(|(peer, _)| !members.iter().any(|(member, _)| member == peer));
    own.dedup_by(|(a, _), (b, _)| a == b);
    swallow_group_lines(tree, &members);
    if is_default && !own.is_empty() {
        for (peer, origin) in own {
            let key = format!("neighbor {peer} activate");
            let family = family(tree, &origin);
            if family.remove(&key).is_none() {
                family.set(key.clone(), Statement::new(format!("no {key}"), origin));
            }
        }
    }
    tree.retain(|_, node| !(matches!(node.opens, Some(Context::Family(_))) && node.children.is_empty()));
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
            let Some(node) = tree.nodes.get_mut(&key) else { continue };
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
pub(super) fn implied(context: Context, words: &[&str], version: FrrVersion) -> Vec<String> {
    match (context, words) {
        (Context::Bgp, ["neighbor", peer, "bfd", "profile" | "check-control-plane-failure", ..])
            if version.prints_bfd_beside_profile() =>
        {
            vec![format!("neighbor {peer} bfd")]
        }
        (Context::Family(_), ["neighbor", peer, "route-server-client"]) => {
            vec![format!("neighbor {peer} attribute-unchanged next-hop")]
        }
        _ => Vec::new(),
    }
}

/// `neighbor X interface`, `remote-as` and `peer-group` of an unnumbered peer are one line in FRR's print.
/// Returns whether the line was taken.
pub(super) fn set_interface_peer(tree: &mut Tree, words: &[&str], origin: &Origin) -> bool {
    let (peer, mut parts) = match words {
        ["neighbor", peer, "interface", rest @ ..] => (*peer, InterfacePeer::read(rest)),
        ["neighbor", peer, rest @ ("remote-as" | "peer-group"), value] => {
            let base = format!("neighbor {peer} interface");
            if tree.get(&base).is_none() {
                return false;
            }
            (*peer, InterfacePeer::read(&[rest, value]))
        }
        _ => return false,
    };
    let key = format!("neighbor {peer} interface");
    if let Some(node) = tree.get(&key) {
        let before = node.statement.words();
        parts.complete(InterfacePeer::read(before.get(3..).unwrap_or_default()));
    }
    tree.set(key, Statement::new(parts.text(peer), origin.clone()));
    true
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
