//! A running lab.

use std::{
    collections::{BTreeMap, BTreeSet},
    process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{LabError, Node, NodeSpec, Root, Topology, holder::Holder, network};

/// Running routers; when this value goes, they go.
#[derive(Debug)]
pub struct Lab {
    label: String,
    nodes: BTreeMap<String, Node>,
    /// What keeps the namespaces alive; one more than nodes if there is a switch.
    holders: Vec<Holder>,
}

impl Lab {
    /// Starts all routers of `topology`, connected, with their configuration loaded.
    ///
    /// Missing root file systems are built first. BGP sessions may not be established yet.
    pub fn start(topology: &Topology) -> Result<Self, LabError> {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        topology.check()?;
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let label = format!("rl-{}-{number}", process::id());
        let mut lab = Self { label, nodes: BTreeMap::new(), holders: Vec::new() };
        lab.hold(topology)?;
        if let Err(error) = lab.start_nodes(&topology.nodes) {
            lab.collect_logs();
            return Err(error);
        }
        Ok(lab)
    }

    /// Returns the name of the lab, unique on this machine: `rl-<pid>-<number>`.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns the node `name`.
    ///
    /// # Panics
    ///
    /// If the topology has no such node.
    #[track_caller]
    #[expect(clippy::panic, reason = "a wrong name is a mistake in the test")]
    pub fn node(&self, name: &str) -> &Node {
        self.nodes.get(name).unwrap_or_else(|| panic!("the lab has no node {name}"))
    }

    /// Returns all nodes, by name.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// Makes the namespaces of all nodes and connects them.
    fn hold(&mut self, topology: &Topology) -> Result<(), LabError> {
        let stage = Root::stage()?;
        let versions: BTreeSet<_> = topology.nodes.iter().map(|node| node.version).collect();
        let roots: BTreeMap<_, _> = versions
            .into_iter()
            .map(|version| Root::ensure(version).map(|root| (version, root)))
            .collect::<Result<_, _>>()?;
        let root_of = |node: &NodeSpec| {
            let unknown = || LabError::Topology(format!("no root for {}", node.version));
            roots.get(&node.version).cloned().ok_or_else(unknown)
        };

        for node in &topology.nodes {
            let label = format!("{}-{}", self.label, node.name);
            self.holders.push(Holder::start(&label, &node.name, Some(&root_of(node)?.path), &stage)?);
        }
        let has_switch = topology.segments.iter().any(|segment| segment.ends.len() != 2);
        if has_switch {
            self.holders.push(Holder::start(&format!("{}-switch", self.label), "switch", None, &stage)?);
        }
        let pids = self.holders.iter_mut().map(Holder::ready).collect::<Result<Vec<_>, _>>()?;
        let switch = if has_switch { pids.last().copied() } else { None };

        for (spec, pid) in topology.nodes.iter().zip(pids) {
            let root = root_of(spec)?;
            let daemons = spec.daemons.iter();
            let daemons = daemons.filter(|name| root.path.join("usr/lib/frr").join(name).exists());
            let daemons = daemons.cloned().collect();
            let node =
                Node { name: spec.name.clone(), root, pid, daemons, spawned: Arc::new(AtomicUsize::new(0)) };
            self.nodes.insert(spec.name.clone(), node);
        }
        let pids = self.nodes.iter().map(|(name, node)| (name.clone(), node.pid)).collect();
        network::connect(&topology.segments, &pids, switch)
    }

    /// Writes the files of all nodes and starts their daemons, at the same time.
    fn start_nodes(&self, specs: &[NodeSpec]) -> Result<(), LabError> {
        thread::scope(|scope| {
            let threads: Vec<_> = specs
                .iter()
                .map(|spec| scope.spawn(move || start_node(self.node(&spec.name), spec)))
                .collect();
            threads.into_iter().try_for_each(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if thread::panicking() {
            self.collect_logs();
        }
        // Each holder waits for the end of its node: all pipes are closed first, so that they end together.
        self.holders.iter_mut().for_each(Holder::release);
        self.holders.clear();
    }
}

fn start_node(node: &Node, spec: &NodeSpec) -> Result<(), LabError> {
    for (path, content) in &spec.files {
        node.write_file(path, content)?;
    }
    let daemons: Vec<_> = node.daemons.iter().map(String::as_str).collect();
    if !spec.config.is_empty() {
        node.write_file("/etc/frr/frr.conf", &spec.config)?;
    }
    if daemons.is_empty() {
        return Ok(());
    }
    node.start_daemons(&daemons)?;
    if spec.config.is_empty() { Ok(()) } else { node.load_config().map(drop) }
}
