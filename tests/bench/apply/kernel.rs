//! From the file that changes to the routes in the kernel, with sessions that are up.

use std::{fs, time::Duration};

use routelet_tests::lab::{
    Agent, ConfigMapDir, FrrVersion, Lab, Node,
    metallb::{Filter, extras},
    topologies::{TwoGateways, two_gateways},
    wait,
};

use crate::{
    bed::timed,
    clock,
    driven::{Config, is_profiling, log_filter},
    error::BenchError,
    way::{RELOADER_FILE, Sample, Way},
};

/// How often each is measured; on the newest version more often, for what FRR needs when it is left alone varies.
const ROUNDS: usize = 5;
const ROUNDS_NEWEST: usize = 20;

/// How long the sessions may take to come up, and routes to come and go: FRR's own timers have five seconds.
const CONVERGED_WITHIN: Duration = Duration::from_mins(1);

/// How long nothing may have happened before the file changes: a timer that still runs would help the reloader.
const QUIET: Duration = Duration::from_secs(6);

/// The pause between two looks at the kernel's routes, which cost next to nothing.
const LOOK_PAUSE: Duration = Duration::from_millis(2);

/// How long frr-k8s waits after a change before it does anything (`defaultDebounceTimeout`).
pub(crate) const DEBOUNCE: Duration = Duration::from_secs(3);

/// Times from the file to the kernel.
#[derive(Debug)]
pub(crate) struct FileToKernel {
    pub(crate) package: String,
    /// Of the reloader, which is run at once; what FRR does afterwards is left to FRR.
    pub(crate) reloader: Vec<Sample>,
    /// Of the agent.
    pub(crate) routelet: Vec<Sample>,
    /// Of an agent that clears nothing: its policies take effect when FRR's delay timer fires.
    pub(crate) left: Vec<Sample>,
}

/// An agent beside the FRR of a node, and its extras.
struct Driven {
    side: Side,
    mount: ConfigMapDir,
    agent: Agent,
}

/// The node of one way, with its gateways.
struct Side {
    demo: TwoGateways,
    lab: Lab,
    changed_at: std::time::Instant,
}

/// Measures how long the routes of both gateways take into the kernel once they are permitted.
pub(crate) fn measure(version: FrrVersion) -> Result<FileToKernel, BenchError> {
    let mut old = Side::start(version)?;
    let (mut new, mut left) = (Driven::start(version, &[])?, Driven::start(version, &["--clear", "never"])?);
    let (denied, permitted) = (old.demo.base.render(), merged(&old.demo.base.render()));
    let mut found = FileToKernel {
        package: old.node().root().package.clone(),
        reloader: Vec::new(),
        routelet: Vec::new(),
        left: Vec::new(),
    };
    for _ in 0..if version == FrrVersion::NEWEST { ROUNDS_NEWEST } else { ROUNDS } {
        found.reloader.push(old.change(true, |node| reload(node, &permitted))?);
        found.routelet.push(new.change(true)?);
        found.left.push(left.change(true)?);
        old.change(false, |node| reload(node, &denied))?;
        new.change(false)?;
        left.change(false)?;
    }
    if is_profiling() {
        println!("{}", new.agent.log()?);
    }
    Ok(found)
}

/// What frr-k8s renders for the same: one entry, and not the two that frr-reload flips between.
fn merged(base: &str) -> String {
    base.replace("-in deny 20\n", "-in permit 20\n")
}

fn reload(node: &Node, text: &str) -> Result<(), BenchError> {
    node.write_file(RELOADER_FILE, text)?;
    Way::FrrK8s.command().map_or(Ok(()), |(command, _)| timed(node, &command).map(drop))
}

// === impl Driven ===

impl Driven {
    fn start(version: FrrVersion, arguments: &[&str]) -> Result<Self, BenchError> {
        let side = Side::start(version)?;
        let mount = ConfigMapDir::mount(side.node(), TwoGateways::EXTRAS_PATH)?;
        let agent = Agent::builder(side.node())
            .base(TwoGateways::BASE_PATH)
            .extras(TwoGateways::EXTRAS_PATH)
            .args(log_filter())
            .args(arguments.iter().copied())
            .start()?;
        wait::until("the agent to apply", CONVERGED_WITHIN, || Config::of(&agent).is_applied())?;
        Ok(Self { side, mount, agent })
    }

    /// Permits or denies everything, and waits for the kernel.
    fn change(&mut self, is_there: bool) -> Result<Sample, BenchError> {
        let text = is_there.then(|| ("extras", extras(&self.side.demo.base.peers, Filter::Everything)));
        let (side, mount) = (&mut self.side, &mut self.mount);
        side.change(is_there, |_| Ok(mount.set(text.as_slice())?))
    }
}

// === impl Side ===

impl Side {
    fn start(version: FrrVersion) -> Result<Self, BenchError> {
        let demo = two_gateways(version);
        let side = Self { lab: Lab::start(&demo.topology())?, demo, changed_at: clock::now() };
        for peer in side.demo.peers() {
            wait::until(&format!("a session with {peer}"), CONVERGED_WITHIN, || {
                let state = side.node().bgp_state(&peer.to_string());
                state.is_ok_and(|state| state.as_deref() == Some("Established"))
            })?;
        }
        Ok(side)
    }

    fn node(&self) -> &Node {
        self.lab.node(TwoGateways::NODE)
    }

    /// Makes a change, and waits until all routes are in the kernel, or none; returns how long that took.
    fn change(
        &mut self,
        is_there: bool,
        work: impl FnOnce(&Node) -> Result<(), BenchError>,
    ) -> Result<Sample, BenchError> {
        clock::pause(QUIET.saturating_sub(self.changed_at.elapsed()));
        let want = if is_there { keys().len() } else { 0 };
        let started = clock::now();
        work(self.node())?;
        let mut have = self.routes()?;
        while have != want {
            if started.elapsed() > CONVERGED_WITHIN {
                return Err(BenchError::NotHeld {
                    node: self.node().name().to_owned(),
                    way: "the change",
                    cause: format!("the kernel has {have} of the routes, and not {want}"),
                });
            }
            clock::pause(LOOK_PAUSE);
            have = self.routes()?;
        }
        self.changed_at = clock::now();
        Ok(Sample { time: self.changed_at - started, ..Sample::default() })
    }

    /// How many of the gateways' routes the kernel has.
    fn routes(&self) -> Result<usize, BenchError> {
        let table = |name| {
            let path = format!("/proc/{}/net/{name}", self.node().pid());
            fs::read_to_string(&path).map_err(BenchError::file(path.as_str()))
        };
        let (four, six) = (table("route")?, table("ipv6_route")?);
        let has = |key: &&String| four.contains(key.as_str()) || six.contains(key.as_str());
        Ok(keys().iter().filter(has).count())
    }
}

/// How the kernel spells what the gateways announce in `/proc/net/route` and `/proc/net/ipv6_route`.
fn keys() -> Vec<String> {
    let announced = [&TwoGateways::SHARED[..], &TwoGateways::ONLY_A, &TwoGateways::ONLY_B].concat();
    announced.into_iter().filter_map(key).collect()
}

fn key(prefix: &str) -> Option<String> {
    let (address, length) = prefix.split_once('/')?;
    Some(match address.parse().ok()? {
        std::net::IpAddr::V4(four) => format!("\t{:08X}\t", u32::from_ne_bytes(four.octets())),
        std::net::IpAddr::V6(six) => format!("{:032x} {:02x} ", six.to_bits(), length.parse::<u8>().ok()?),
    })
}
