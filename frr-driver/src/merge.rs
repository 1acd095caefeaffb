//! Base and contributions, in order, to what FRR would hold after reading them.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use sha2::{Digest, Sha256};

use crate::{
    config::{Config, Conflict, Loader, Origin, Tree, lex},
    policy::Policy,
    quirks::FrrVersion,
    session::{PeerId, SessionId},
};

/// The name of the base in every `source:line`.
pub const BASE: &str = "base";

/// An accepted contribution; its text may hold passwords, and `Debug` does not show it.
#[derive(Clone, Copy)]
pub struct Contribution<'a> {
    /// Its name, as in `source:line`.
    pub name: &'a str,
    /// What it says.
    pub text: &'a str,
    /// What it may say.
    pub policy: Policy,
}

impl fmt::Debug for Contribution<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}, {} bytes)", self.name, self.policy, self.text.len())
    }
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

    /// Returns the digest that was taken before, and kept as text.
    pub fn known(text: String) -> Self {
        Self(text)
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

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Merges `base` and `contributions` (accepted, in order).
///
/// The result means what FRR would hold after reading the base and then the contributions, but for two things:
/// entries of `extras` for peers that the base does not have are inert, and where two contributions set the
/// same thing differently, the first stays. Both are reported.
pub fn merge(base: &str, contributions: &[Contribution<'_>], version: FrrVersion) -> Desired {
    let mut warnings = Vec::new();
    let mut loader = Loader::new(version);
    loader.load(BASE, base);
    let peers = Peers::of(loader.so_far());
    for contribution in contributions {
        match contribution.policy {
            Policy::Extras => {
                let text = without_inert(contribution, &peers, &mut warnings);
                loader.load(contribution.name, &text);
            }
            Policy::Full => loader.load(contribution.name, contribution.text),
        }
        loader.protect(contribution.name);
        warnings.extend(loader.take_conflicts().into_iter().map(conflict));
    }
    let config = loader.finish();
    warnings.extend(config.lost.iter().map(|lost| Warning {
        origin: lost.statement.origin.clone(),
        message: format!("{}: {}", lost.statement, lost.reason),
    }));
    let generation = Generation::of(&config);
    Desired { config, generation, warnings }
}

fn conflict(Conflict { ignored, first }: Conflict) -> Warning {
    let message = format!("{} says `{first}` already: `{ignored}` is ignored", first.origin);
    Warning { origin: ignored.origin, message }
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

/// The sessions of the base, and the route-maps that they use for what they receive.
struct Peers {
    sessions: Vec<SessionId>,
    /// Map and first session that uses it.
    inbound: BTreeMap<String, SessionId>,
}

// === impl Peers ===

impl Peers {
    fn of(base: &Config) -> Self {
        let mut inbound = BTreeMap::new();
        for (vrf, instance) in base.bgp_instances() {
            for (_, family) in instance.children.with_prefix("address-family ") {
                for (_, node) in family.children.with_prefix("neighbor ") {
                    if let ["neighbor", peer, "route-map", name, "in"] = node.statement.words().as_slice() {
                        let session = SessionId { vrf: vrf.to_owned(), peer: PeerId::from(*peer) };
                        inbound.entry((*name).to_owned()).or_insert(session);
                    }
                }
            }
        }
        Self { sessions: sessions(base), inbound }
    }

    /// Why an entry of the map `name` has no effect.
    fn inert_reason(&self, name: &str) -> String {
        let peer = name.strip_suffix("-in").unwrap_or(name);
        let named = self.sessions.iter().find(|session| {
            session.peer == PeerId::from(peer)
                || peer
                    .strip_suffix(&format!("-{}", session.vrf))
                    .is_some_and(|peer| session.peer == PeerId::from(peer))
        });
        let Some(session) = named else {
            return format!("the base has no peer {peer}: the entry waits for it");
        };
        match self.inbound.iter().find(|(_, user)| *user == session) {
            Some((other, _)) => {
                format!(
                    "peer {session} uses route-map {other}, not {name}: write route-map {other} permit 20"
                )
            }
            None => format!("peer {session} uses no inbound route-map: the entry has no effect"),
        }
    }
}

/// Blanks the entries of maps that no neighbor of the base uses for what it receives; line numbers stay.
fn without_inert<'a>(
    contribution: &Contribution<'a>,
    peers: &Peers,
    warnings: &mut Vec<Warning>,
) -> Cow<'a, str> {
    let source: Arc<str> = Arc::from(contribution.name);
    let mut blank = Vec::new();
    let mut inert = false;
    for line in lex(&source, contribution.text) {
        match line.text.split(' ').collect::<Vec<_>>().as_slice() {
            ["route-map", name, ..] => {
                inert = !peers.inbound.contains_key(*name);
                if inert {
                    let message = peers.inert_reason(name);
                    warnings.push(Warning { origin: line.origin.clone(), message });
                }
            }
            ["match", ..] => {}
            _ => inert = false,
        }
        if inert {
            blank.push(line.origin.line);
        }
    }
    if blank.is_empty() {
        return Cow::Borrowed(contribution.text);
    }
    let lines = (1_u32..).zip(contribution.text.split('\n'));
    let kept: Vec<&str> =
        lines.map(|(number, line)| if blank.binary_search(&number).is_ok() { "" } else { line }).collect();
    Cow::Owned(kept.join("\n"))
}

#[cfg(test)]
mod tests;
