//! A topology as a value: which routers, and how they are connected.

use std::collections::BTreeSet;

use super::{FrrVersion, LabError};

/// Linux allows 15 bytes in the name of an interface.
const INTERFACE_NAME_MAX: usize = 15;

/// Routers and what connects them.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// The routers, in the order in which they are started.
    pub nodes: Vec<NodeSpec>,
    /// The links and shared segments.
    pub(crate) segments: Vec<Segment>,
}

/// A router as it should be when the lab has started.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    /// Its name, unique in the topology; also its host name.
    pub name: String,
    /// The version of FRR.
    pub version: FrrVersion,
    /// The daemons to start, in this order; those that the version does not have are left out.
    pub daemons: Vec<String>,
    /// The content of `/etc/frr/frr.conf`, loaded into the daemons at start; nothing is loaded if empty.
    pub config: String,
    /// More files (path, content), written before the daemons start.
    pub files: Vec<(String, String)>,
}

/// One end of a link: an interface of a node.
#[derive(Clone, Debug)]
pub struct End {
    pub(crate) node: String,
    pub(crate) interface: String,
    pub(crate) addresses: Vec<String>,
}

/// A shared segment: two ends are a cable, more are members of a switch.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) ends: Vec<End>,
}

// === impl Topology ===

impl Topology {
    /// Returns a topology without routers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a router.
    #[must_use]
    pub fn node(mut self, node: NodeSpec) -> Self {
        self.nodes.push(node);
        self
    }

    /// Adds a cable between two routers.
    #[must_use]
    pub fn link(self, a: impl Into<End>, b: impl Into<End>) -> Self {
        self.segment([a.into(), b.into()])
    }

    /// Adds a segment that any number of routers share, as behind a switch.
    #[must_use]
    pub fn segment(mut self, ends: impl IntoIterator<Item = End>) -> Self {
        self.segments.push(Segment { ends: ends.into_iter().collect() });
        self
    }

    /// Returns the router `name`, to change it before the start.
    pub fn node_mut(&mut self, name: &str) -> Option<&mut NodeSpec> {
        self.nodes.iter_mut().find(|node| node.name == name)
    }

    /// Tells what is wrong with the topology before anything is made.
    pub(crate) fn check(&self) -> Result<(), LabError> {
        let bad = |text: String| Err(LabError::Topology(text));
        let mut names = BTreeSet::new();
        for node in &self.nodes {
            if !names.insert(node.name.as_str()) {
                return bad(format!("two nodes are called {}", node.name));
            }
        }
        let mut interfaces = BTreeSet::new();
        for end in self.segments.iter().flat_map(|segment| &segment.ends) {
            if !names.contains(end.node.as_str()) {
                return bad(format!("interface {} of a node {} that is not there", end.interface, end.node));
            }
            if end.interface.len() > INTERFACE_NAME_MAX {
                return bad(format!("the interface name {} is too long", end.interface));
            }
            if !interfaces.insert((&end.node, &end.interface)) {
                return bad(format!("node {} has two interfaces {}", end.node, end.interface));
            }
        }
        Ok(())
    }
}

// === impl NodeSpec ===

impl NodeSpec {
    /// The daemons that `MetalLB`'s pods run too, and mgmtd, in the order of FRR's own start script.
    pub const DAEMONS: [&'static str; 5] = ["mgmtd", "zebra", "bgpd", "staticd", "bfdd"];

    /// Returns a router with FRR `version`, all of [`Self::DAEMONS`] and no configuration.
    pub fn frr(name: impl Into<String>, version: FrrVersion) -> Self {
        Self {
            name: name.into(),
            version,
            daemons: Self::DAEMONS.map(str::to_owned).to_vec(),
            config: String::new(),
            files: Vec::new(),
        }
    }

    /// Sets the configuration that FRR loads at start.
    #[must_use]
    pub fn config(mut self, config: impl Into<String>) -> Self {
        self.config = config.into();
        self
    }

    /// Adds a file that is there before FRR starts.
    #[must_use]
    pub fn file(mut self, path: impl Into<String>, content: impl Into<String>) -> Self {
        self.files.push((path.into(), content.into()));
        self
    }

    /// Sets the daemons to start; none is a plain Linux machine.
    #[must_use]
    pub fn daemons(mut self, daemons: &[&str]) -> Self {
        self.daemons = daemons.iter().map(|&name| name.to_owned()).collect();
        self
    }
}

// === impl End ===

impl End {
    /// Returns the interface `interface` of `node`, without addresses.
    pub fn new(node: impl Into<String>, interface: impl Into<String>) -> Self {
        Self { node: node.into(), interface: interface.into(), addresses: Vec::new() }
    }

    /// Adds an address with its prefix length (`172.30.0.2/24`, `fd00:30::2/64`).
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.addresses.push(address.into());
        self
    }
}

impl<const N: usize> From<(&str, &str, [&str; N])> for End {
    fn from((node, interface, addresses): (&str, &str, [&str; N])) -> Self {
        addresses.into_iter().fold(Self::new(node, interface), Self::address)
    }
}
