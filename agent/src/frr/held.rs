//! What FRR holds: what its daemons said, loaded, each for itself and all together.

use std::{collections::BTreeSet, sync::Arc, thread};

use frr_driver::{
    config::{Config, Revision, load, union},
    plan::PlanLine,
    quirks::FrrVersion,
    verify::stale,
    vty_socket::Daemon,
};

use super::{Running, RunningDigest};

/// What FRR holds.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    version: FrrVersion,
    /// What was read.
    texts: Running,
    /// What each daemon holds, in the order in which one is laid over the other.
    parts: Vec<Arc<Config>>,
    bgpd: Arc<Config>,
    union: Arc<Config>,
}

/// What a daemon said, loaded.
enum Loaded {
    /// It says what it said before.
    Again(Arc<Config>),
    /// Some entries are new or gone.
    Revised(Arc<Config>, Revision),
    Anew(Arc<Config>),
}

// === impl Loaded ===

impl Loaded {
    /// Loads what the daemon `name` says; `before` is what it said before.
    fn new(name: &str, text: &str, version: FrrVersion, before: Option<(&str, &Arc<Config>)>) -> Self {
        let revised = before.and_then(|(was, config)| {
            let revision = Revision::between(name, was, text, version)?;
            Some(Self::Revised(Arc::new(revision.of(config)?), revision))
        });
        revised.unwrap_or_else(|| Self::Anew(Arc::new(load(name, text, version))))
    }

    fn config(&self) -> &Arc<Config> {
        match self {
            Self::Again(config) | Self::Revised(config, _) | Self::Anew(config) => config,
        }
    }

    /// What is otherwise than before; `None` = anything.
    fn revision(&self) -> Option<Revision> {
        match self {
            Self::Again(_) => Some(Revision::default()),
            Self::Revised(_, revision) => Some(revision.clone()),
            Self::Anew(_) => None,
        }
    }
}

// === impl Held ===

impl Held {
    /// Loads `texts`; of those that were `before`, what they were loaded to is taken.
    pub(crate) fn load(texts: Running, version: FrrVersion, before: Option<&Self>) -> Self {
        let before = before.filter(|before| before.version == version);
        if let Some(before) = before.filter(|before| before.texts == texts) {
            return before.clone();
        }
        let before_of = |at: usize, name: &str| {
            let (was_name, was) = before?.texts.parts.get(at)?;
            Some((was.as_str(), before?.parts.get(at)?)).filter(|_| was_name == name)
        };
        // The largest two, of bgpd and mgmtd, take as long as each other.
        let loaded: Vec<Loaded> = thread::scope(|scope| {
            let started: Vec<_> = texts
                .parts
                .iter()
                .enumerate()
                .map(|(at, (name, text))| match before_of(at, name) {
                    Some((was, config)) if was == text => Ok(Loaded::Again(Arc::clone(config))),
                    before => Err(scope.spawn(move || Loaded::new(name, text, version, before))),
                })
                .collect();
            let ended = started.into_iter().map(|part| match part {
                Ok(known) => known,
                Err(loading) => match loading.join() {
                    Ok(loaded) => loaded,
                    Err(panic) => std::panic::resume_unwind(panic),
                },
            });
            ended.collect()
        });
        let parts: Vec<_> = loaded.iter().map(|loaded| Arc::clone(loaded.config())).collect();
        let all = parts.iter().map(AsRef::as_ref);
        let revisions: Option<Vec<_>> = loaded.iter().map(Loaded::revision).collect();
        let union = match before.zip(revisions).filter(|(before, _)| before.parts.len() == parts.len()) {
            Some((before, revisions)) => Revision::of_union(&revisions, &before.union, &all),
            None => union(all),
        };
        let own = texts.parts.iter().position(|(name, _)| name == Daemon::Bgpd.name());
        let bgpd = match own.and_then(|own| parts.get(own)) {
            Some(own) => Arc::clone(own),
            None => Arc::new(load(Daemon::Bgpd.name(), &texts.bgpd, version)),
        };
        Self { version, texts, parts, bgpd, union: Arc::new(union) }
    }

    /// Whether `other` is the same reading, or one that found nothing else.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.union, &other.union)
    }

    /// Whether it is what was loaded of `running`.
    pub(super) fn is_of(&self, running: &Running) -> bool {
        self.texts == *running
    }

    /// The FRR whose words these are.
    pub(crate) fn version(&self) -> FrrVersion {
        self.version
    }

    /// What all daemons together hold.
    pub(crate) fn union(&self) -> &Arc<Config> {
        &self.union
    }

    /// What bgpd holds.
    pub(crate) fn bgpd(&self) -> &Config {
        &self.bgpd
    }

    /// Returns what all daemons together hold; who holds lines that `desired` does not is believed most.
    ///
    /// FRR 10.3 lets mgmtd lose lines of a file, without a complaint, while somebody reads its configuration: then two
    /// daemons hold two versions of one entry.
    pub(crate) fn against(&self, desired: &Config) -> Config {
        let is_stale = |part: &&Arc<Config>| !stale(desired, part, self.version).is_empty();
        let (believed, others): (Vec<_>, Vec<_>) = self.parts.iter().partition(is_stale);
        union(others.into_iter().chain(believed).map(AsRef::as_ref))
    }

    /// Returns the lines that any daemon holds, and that `desired` does not have.
    pub(crate) fn stale(&self, desired: &Config) -> Vec<PlanLine> {
        let mut named = BTreeSet::new();
        let all = self.parts.iter().flat_map(|part| stale(desired, part, self.version));
        all.filter(|line| named.insert(line.to_string())).collect()
    }

    /// Returns the digest of what was read.
    pub(crate) fn digest(&self) -> Option<RunningDigest> {
        self.texts.digest()
    }
}

#[cfg(test)]
impl Held {
    /// Returns what bgpd, and no other daemon, holds.
    pub(crate) fn of_bgpd(text: &str, version: FrrVersion) -> Self {
        Self::load(Running::of([(Daemon::Bgpd, text)]), version, None)
    }

    /// Returns what mgmtd and bgpd hold.
    pub(crate) fn of_two(mgmtd: &str, bgpd: &str, version: FrrVersion) -> Self {
        Self::load(Running::of([(Daemon::Mgmtd, mgmtd), (Daemon::Bgpd, bgpd)]), version, None)
    }

    /// Returns what another daemon kept, and bgpd lost: as vtysh says it.
    pub(crate) fn lost_by_bgpd(union: &str, bgpd: &str, version: FrrVersion) -> Self {
        let parts = vec![(super::running::ALL.to_owned(), union.to_owned())];
        Self::load(Running { parts, bgpd: bgpd.to_owned() }, version, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: FrrVersion = FrrVersion(10, 7, 1);
    const BGPD: &str = "router bgp 1\n neighbor 10.0.0.1 remote-as 2\n";

    #[test]
    fn what_was_read_before_is_not_loaded_again() {
        let texts = |bgpd| Running::of([(Daemon::Mgmtd, "route-map M permit 5\n"), (Daemon::Bgpd, bgpd)]);
        let first = Held::load(texts(BGPD), VERSION, None);
        let same = Held::load(texts(BGPD), VERSION, Some(&first));
        assert!(same.is_same_as(&first));

        let other = Held::load(texts("router bgp 1\n"), VERSION, Some(&first));
        assert!(Arc::ptr_eq(&first.parts[0], &other.parts[0]));
        assert_eq!(other.bgpd().top.get("router bgp vrf default").map(|block| block.children.len()), Some(0));

        let elsewhere = Held::load(texts(BGPD), FrrVersion(10, 3, 0), Some(&first));
        assert!(!elsewhere.is_same_as(&first));
    }

    #[test]
    fn a_daemon_that_holds_what_is_not_desired_is_believed() {
        let (permit, deny) = ("route-map M permit 5\n", "route-map M deny 5\n");
        let desired = load("desired", permit, VERSION);
        for held in [Held::of_two(deny, permit, VERSION), Held::of_two(permit, deny, VERSION)] {
            let map =
                held.against(&desired).top.get("route-map M 0000000005").map(|map| map.statement.to_string());
            assert_eq!(map.as_deref(), Some("route-map M deny 5"));
            assert_eq!(held.stale(&desired).len(), 1);
        }
    }
}
