//! Base and contributions, in order, to what FRR would hold after reading them.

use std::{collections::BTreeMap, sync::Arc};

use sha2::{Digest, Sha256};

use crate::{
    config::{Config, Loader, Node, Origin, Tree, lex, load},
    policy::Policy,
    quirks::FrrVersion,
    session::{PeerId, SessionId},
};

/// The name of the base in every `source:line`.
pub const BASE: &str = "base";

/// An accepted contribution.
#[derive(Clone, Copy, Debug)]
pub struct Contribution<'a> {
    /// Its name, as in `source:line`.
    pub name: &'a str,
    /// What it says.
    pub text: &'a str,
    /// What it may say.
    pub policy: Policy,
}

/// Something that a person should know about the merge, and that stops nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The statement in question.
    pub origin: Origin,
    /// What is the matter.
    pub message: String,
}

/// What FRR shall hold.
#[derive(Clone, Debug)]
pub struct Desired {
    /// The configuration, each object once.
    pub config: Config,
    /// Its digest: equal for equal meaning, whatever the sources' number, order of lines or spelling.
    pub generation: Generation,
    /// What the merge noticed.
    pub warnings: Vec<Warning>,
}

/// The digest of a configuration: 12 hexadecimal digits, as in logs, file names and status.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Generation(String);

impl Generation {
    /// Returns the digest of `config`.
    pub fn of(config: &Config) -> Self {
        let mut hash = Sha256::new();
        feed(&mut hash, &config.top);
        let hex = hash.finalize().iter().take(6).fold(String::new(), |mut hex, byte| {
            let digits =
                [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0'));
            hex.extend(digits);
            hex
        });
        Self(hex)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn feed(hash: &mut Sha256, tree: &Tree) {
    for (_, node) in tree.iter() {
        hash.update(node.statement.reveal());
        hash.update([0]);
        feed(hash, &node.children);
    }
    hash.update([1]);
}

impl std::fmt::Display for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Merges `base` and `contributions` (accepted, in order).
///
/// The result means what FRR would hold after reading the base and then the contributions, but for two things:
/// entries of `extras` for peers that the base does not have are inert, and where two contributions set the
/// same thing differently, the first stays. Both are reported.
pub fn merge(base: &str, contributions: &[Contribution<'_>], version: FrrVersion) -> Desired {
    let base_config = load(BASE, base, version);
    let mut warnings = Vec::new();
    let mut loader = Loader::new(version);
    loader.load(BASE, base);
    let mut said: BTreeMap<(String, String), (String, Origin)> = BTreeMap::new();
    for contribution in contributions {
        let text = match contribution.policy {
            Policy::Extras => without_inert(contribution, &base_config, &mut warnings),
            Policy::Full => contribution.text.to_owned(),
        };
        let text = without_conflicts(contribution.name, &text, &mut said, version, &mut warnings);
        loader.load(contribution.name, &text);
    }
    let config = loader.finish();
    let generation = Generation::of(&config);
    Desired { config, generation, warnings }
}

/// Returns every session that `config` states: neighbors with a remote AS, a peer-group or an interface.
pub fn sessions(config: &Config) -> Vec<SessionId> {
    let mut sessions = Vec::new();
    for (vrf, instance) in config.bgp_instances() {
        for (_, node) in instance.children.with_prefix("neighbor ") {
            let peer = match node.statement.words().as_slice() {
                ["neighbor", peer, "interface", ..] => PeerId::Interface((*peer).to_owned()),
                ["neighbor", peer, "remote-as" | "peer-group", _]
                    if peer.parse::<std::net::IpAddr>().is_ok() =>
                {
                    PeerId::from(*peer)
                }
                _ => continue,
            };
            sessions.push(SessionId { vrf: vrf.to_owned(), peer });
        }
    }
    sessions.sort();
    sessions.dedup();
    sessions
}

/// Blanks the entries of maps that no neighbor of the base uses for what it receives; line numbers stay.
fn without_inert(contribution: &Contribution<'_>, base: &Config, warnings: &mut Vec<Warning>) -> String {
    let source: Arc<str> = Arc::from(contribution.name);
    let used = inbound_maps(base);
    let mut kept: Vec<&str> = contribution.text.split('\n').collect();
    let mut inert = false;
    for line in lex(&source, contribution.text) {
        match line.text.split(' ').collect::<Vec<_>>().as_slice() {
            ["route-map", name, ..] => {
                inert = !used.contains_key(*name);
                if inert {
                    let message = inert_reason(name, base, &used);
                    warnings.push(Warning { origin: line.origin.clone(), message });
                }
            }
            ["match", ..] => {}
            _ => inert = false,
        }
        let index = usize::try_from(line.origin.line).unwrap_or(usize::MAX).saturating_sub(1);
        if inert && let Some(text) = kept.get_mut(index) {
            *text = "";
        }
    }
    kept.join("\n")
}

/// The route-maps that neighbors use for what they receive, with the first session of each.
fn inbound_maps(config: &Config) -> BTreeMap<String, SessionId> {
    let mut maps = BTreeMap::new();
    for (vrf, instance) in config.bgp_instances() {
        for (_, family) in instance.children.with_prefix("address-family ") {
            for (_, node) in family.children.with_prefix("neighbor ") {
                if let ["neighbor", peer, "route-map", name, "in"] = node.statement.words().as_slice() {
                    let session = SessionId { vrf: vrf.to_owned(), peer: PeerId::from(*peer) };
                    maps.entry((*name).to_owned()).or_insert(session);
                }
            }
        }
    }
    maps
}

fn inert_reason(name: &str, base: &Config, used: &BTreeMap<String, SessionId>) -> String {
    let peer = name.strip_suffix("-in").unwrap_or(name);
    let named = sessions(base).into_iter().find(|session| {
        session.peer == PeerId::from(peer)
            || peer
                .strip_suffix(&format!("-{}", session.vrf))
                .is_some_and(|peer| session.peer == PeerId::from(peer))
    });
    match named {
        None => format!("the base has no peer {peer}: the entry waits for it"),
        Some(session) => match used.iter().find(|(_, user)| **user == session) {
            Some((other, _)) => {
                format!(
                    "peer {session} uses route-map {other}, not {name}: write route-map {other} permit 20"
                )
            }
            None => format!("peer {session} uses no inbound route-map: the entry has no effect"),
        },
    }
}

/// Blanks the lines of a contribution that set differently what an earlier contribution set.
fn without_conflicts(
    name: &str,
    text: &str,
    said: &mut BTreeMap<(String, String), (String, Origin)>,
    version: FrrVersion,
    warnings: &mut Vec<Warning>,
) -> String {
    let own = load(name, text, version);
    let mut kept: Vec<&str> = text.split('\n').collect();
    let mut visit = |path: &str, key: &str, node: &Node| {
        let slot = (path.to_owned(), key.to_owned());
        let statement = node.statement.reveal().to_owned();
        match said.get(&slot) {
            Some((first, origin)) if *first != statement => {
                let message =
                    format!("{origin} says {:?} already: this line is ignored", crate::config::redact(first));
                warnings.push(Warning { origin: node.statement.origin.clone(), message });
                let index =
                    usize::try_from(node.statement.origin.line).unwrap_or(usize::MAX).saturating_sub(1);
                if node.opens.is_none()
                    && let Some(line) = kept.get_mut(index)
                {
                    *line = "";
                }
            }
            Some(_) => {}
            None => {
                said.insert(slot, (statement, node.statement.origin.clone()));
            }
        }
    };
    walk("", &own.top, &mut visit);
    kept.join("\n")
}

fn walk(path: &str, tree: &Tree, visit: &mut impl FnMut(&str, &str, &Node)) {
    for (key, node) in tree.iter() {
        visit(path, key, node);
        walk(&format!("{path}/{key}"), &node.children, visit);
    }
}

#[cfg(test)]
mod tests;
