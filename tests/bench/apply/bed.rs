//! The routers of one cell: one for each way, with the same configuration.

use std::{collections::BTreeMap, thread, time::Duration};

use routelet_tests::lab::{Lab, LabError, Node, NodeSpec, Topology};

use crate::{
    cell::Cell,
    driven::Driven,
    error::BenchError,
    shape::Shape,
    way::{HAND_FILE, Sample, Way},
};

/// How long a command may take: a thousand lines at 8.4.4, deleted and added one by one.
const COMMAND_WITHIN: Duration = Duration::from_mins(15);

/// Running routers, and what each of them runs.
#[derive(Debug)]
pub(crate) struct Bed {
    lab: Lab,
    agents: BTreeMap<Way, Driven>,
    shapes: BTreeMap<&'static str, Shape>,
}

impl Bed {
    /// Starts the routers with the configuration of `cell`, and the agents beside them.
    pub(crate) fn start(cell: Cell) -> Result<Self, BenchError> {
        let shape = Shape::of(cell);
        let shapes: BTreeMap<_, _> = Way::ALL.map(|way| (way.node(), shape.clone())).into();
        let specs = shapes.keys().map(|&name| NodeSpec::frr(name, cell.version));
        let lab = Lab::start(&specs.fold(Topology::new(), Topology::node))?;
        thread::scope(|scope| {
            let loads: Vec<_> = lab.nodes().map(|node| scope.spawn(|| load(node, &shape))).collect();
            loads.into_iter().try_for_each(|load| match load.join() {
                Ok(loaded) => loaded,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })?;
        let mut bed = Self { lab, agents: BTreeMap::new(), shapes };
        for way in Way::ALL {
            bed.check(way)?;
            if let Some(engine) = way.engine() {
                let node = bed.node(way);
                let agent = Driven::start(node, engine, &shape.render(node.name()))?;
                bed.agents.insert(way, agent);
            }
        }
        Ok(bed)
    }

    /// The FRR that really runs.
    pub(crate) fn package(&self) -> String {
        self.node(Way::Routelet).root().package.clone()
    }

    /// Brings `shape` into FRR by `way`, and makes sure that it is there.
    pub(crate) fn apply(&mut self, way: Way, shape: &Shape) -> Result<Sample, BenchError> {
        let node = self.lab.node(way.node());
        let sample = match (way.command(), self.agents.get_mut(&way)) {
            (Some((command, file)), _) => {
                let here = self.shapes.get(way.node()).filter(|_| way == Way::ByHand);
                let text = here.map_or_else(|| shape.render(node.name()), |here| here.delta(shape));
                node.write_file(file, text)?;
                timed(node, &command)?
            }
            (None, Some(agent)) => agent.set(&shape.render(node.name()))?,
            (None, None) => Sample::default(),
        };
        self.shapes.insert(way.node(), shape.clone());
        self.check(way)?;
        Ok(sample)
    }

    /// Brings `shape` into FRR in the fastest way that does not disturb anybody; nothing is measured.
    pub(crate) fn prepare(&mut self, way: Way, shape: &Shape) -> Result<(), BenchError> {
        let Some(here) = self.shapes.get(way.node()).filter(|here| *here != shape) else { return Ok(()) };
        if way.engine().is_some() {
            return self.apply(way, shape).map(drop);
        }
        send(self.lab.node(way.node()), &here.delta(shape))?;
        self.shapes.insert(way.node(), shape.clone());
        self.check(way)
    }

    /// What the node of `way` runs.
    pub(crate) fn shape(&self, way: Way) -> Option<&Shape> {
        self.shapes.get(way.node())
    }

    /// The agent of `way`.
    pub(crate) fn agent(&mut self, way: Way) -> Option<&mut Driven> {
        self.agents.get_mut(&way)
    }

    /// The node of `way`.
    pub(crate) fn node(&self, way: Way) -> &Node {
        self.lab.node(way.node())
    }

    fn check(&self, way: Way) -> Result<(), BenchError> {
        let Some(shape) = self.shapes.get(way.node()) else { return Ok(()) };
        let running = run(self.node(way), &["vtysh", "-c", "show running-config"].map(str::to_owned))?;
        shape.check(&running).map_err(|cause| BenchError::NotHeld {
            node: way.node().to_owned(),
            way: way.name(),
            cause,
        })
    }
}

/// Runs a command of a [`Way`] and reads how long it took.
pub(crate) fn timed(node: &Node, command: &[String]) -> Result<Sample, BenchError> {
    let output = node.exec_within(COMMAND_WITHIN, command)?;
    if output.success() {
        return Sample::parse(&output.stderr);
    }
    let text = output.text();
    Err(LabError::CommandFailed { command: command.join(" "), status: output.status, output: text }.into())
}

/// Loads the whole configuration, as at the start of FRR, however long it takes.
fn load(node: &Node, shape: &Shape) -> Result<(), BenchError> {
    send(node, &shape.render(node.name()))
}

fn send(node: &Node, lines: &str) -> Result<(), BenchError> {
    node.write_file(HAND_FILE, lines)?;
    run(node, &["vtysh", "-f", HAND_FILE].map(str::to_owned)).map(drop)
}

fn run(node: &Node, command: &[String]) -> Result<String, BenchError> {
    let output = node.exec_within(COMMAND_WITHIN, command)?;
    if output.success() {
        return Ok(output.stdout);
    }
    let (command, text) = (command.join(" "), output.text());
    Err(LabError::CommandFailed { command, status: output.status, output: text }.into())
}
