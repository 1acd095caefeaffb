//! One change in a lab of its own: before, the write of the file, and what comes of it.

use std::time::{Duration, Instant};

use routelet_tests::lab::{Agent, ConfigMapDir, Lab, wait};
use serde_json::Value;

use super::{
    bed::{BASE_PATH, BYSTANDER_PREFIXES, Bed, EXTRAS_PATH, NODE},
    cell::Cell,
    clears::{Clears, Most, Must},
    counters::{self, Counters},
    look::Look,
    peer::{Peer, service},
    view::View,
};

/// How long the sessions may take to come up: an unnumbered one waits for router advertisements.
const UP_WITHIN: Duration = Duration::from_mins(2);

/// How long nothing must have happened before the change: longer than FRR's delay timer (5 s), for what is pending
/// in it takes the change along.
const QUIET: Duration = Duration::from_secs(6);

/// How long a change is watched at least: over FRR's delay timer, and over the agent's second look.
const WATCHED_MIN: Duration = Duration::from_secs(8);

/// How long it is watched where the delay timer may do what the agent does not: 14 s were seen on a busy machine.
const WATCHED_MIN_WITHOUT_CLEARS: Duration = Duration::from_secs(20);

/// How long a change may take; hard clears go out one at a time.
const RIGHT_WITHIN: Duration = Duration::from_secs(90);

/// What became of a change.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) cells: Vec<Cell>,
    /// What the agent changed FRR with.
    pub(crate) engine: String,
    /// The agent's clears.
    pub(crate) clears: counters::Clears,
    /// What is wrong with everything but the cells.
    pub(crate) faults: Vec<String>,
    /// What the agent said meanwhile, to be shown with faults.
    pub(crate) log: String,
}

/// A lab in which a change is made.
struct Trial<'a> {
    bed: &'a Bed,
    clears: Clears,
    lab: Lab,
    extras: ConfigMapDir,
    agent: Agent,
}

/// Makes the change of `bed`.
#[track_caller]
pub(crate) fn run(bed: &Bed, clears: Clears) -> Outcome {
    let mut trial = Trial::start(bed, clears);
    let before = trial.settled();
    trial.change(&before)
}

// === impl Trial ===

impl<'a> Trial<'a> {
    /// Starts the routers and the agent.
    #[track_caller]
    fn start(bed: &'a Bed, clears: Clears) -> Self {
        let lab = Lab::start(&bed.topology()).unwrap();
        let node = lab.node(NODE);
        let mut extras = ConfigMapDir::mount(node, EXTRAS_PATH).unwrap();
        if bed.change.extras().0 {
            extras.set(&bed.extras()).unwrap();
        }
        let groups = format!("groups={EXTRAS_PATH}/groups,policy=full");
        let mut agent = Agent::builder(node).base(BASE_PATH).extras(EXTRAS_PATH).args([
            "--contribution",
            &groups,
            "--period",
            "1",
        ]);
        if let Some(argument) = clears.argument() {
            agent = agent.args(["--clear", argument]);
        }
        let agent = agent.start().unwrap();
        Self { bed, clears, lab, extras, agent }
    }

    /// Waits until everything is as it must be before the change, and quiet; returns the counters.
    #[track_caller]
    fn settled(&self) -> Counters {
        let policy = self.bed.change.policies().0;
        let what = format!("{} {}: the policies before", self.bed.version, self.bed.change.as_str());
        let settled = wait::until(&what, UP_WITHIN, || {
            let status = self.agent.status_json().map_err(|error| error.chain())?;
            let config = &status["node"]["status"]["config"];
            if !config["generation"].is_string() || config["generation"] != config["appliedGeneration"] {
                return Err(config.to_string());
            }
            let counters = self.counters()?;
            let down = counters.down();
            if !down.is_empty() {
                return Err(format!("not established: {}", down.join(", ")));
            }
            let look = Look::at(&self.lab, &self.bed.peers);
            let mut wrong = look.views.iter().filter(|(peer, view)| **view != View::of(&policy, **peer));
            if let Some((peer, view)) = wrong.next() {
                return Err(format!("{peer}: {view}, wanted: {}", View::of(&policy, *peer)));
            }
            if look.bystander == bystander() { Ok(()) } else { Err(look.bystander.to_string()) }
        });
        settled.unwrap_or_else(|error| panic!("{error}\n{}", self.agent.log().unwrap()));
        let still = || self.counters().map(|counters| (counters.still(), counters.clears));
        wait::unchanged(&what, QUIET, UP_WITHIN, still).unwrap().unwrap();
        self.counters().unwrap()
    }

    /// Writes the file.
    #[track_caller]
    fn write(&mut self) {
        let change = self.bed.change;
        match change.extras() {
            (false, true) => self.extras.set(&self.bed.extras()).unwrap(),
            (true, false) => self.extras.set::<&str>(&[]).unwrap(),
            (true, true) | (false, false) => {
                let base = self.bed.base(&change.bases().1);
                self.lab.node(NODE).replace_file(BASE_PATH, base).unwrap();
            }
        }
    }

    /// Makes the change, and watches what comes of it.
    #[track_caller]
    fn change(&mut self, before: &Counters) -> Outcome {
        let log_before = self.agent.log().unwrap().len();
        let mut cells = self.cells();
        #[expect(clippy::disallowed_methods, reason = "measures real time")]
        let written = Instant::now();
        self.write();
        let watched_min = match self.clears.most() {
            Most::Nothing => WATCHED_MIN_WITHOUT_CLEARS,
            Most::Soft | Most::Hard => WATCHED_MIN,
        };
        // What is not right in the end is a fault of its cell, which tells more than this wait.
        let _ = wait::until("the cells to be right", RIGHT_WITHIN, || {
            let look = Look::at(&self.lab, &self.bed.peers);
            let at = written.elapsed();
            let clears = counters::Clears::of(&self.agent).since(before.clears);
            for cell in &mut cells {
                cell.see(look.views.get(&cell.peer).cloned().unwrap_or_default(), at, clears.soft);
            }
            let is_open = |cell: &Cell| cell.must == Must::BeRight && cell.right_after.is_none();
            at >= watched_min && !cells.iter().any(is_open)
        });
        let after = self.up_again();
        let between = written.elapsed();
        let clears = after.clears.since(before.clears);
        let status = self.agent.status_json().unwrap();
        let engine = status["node"]["status"]["config"]["engine"].as_str().unwrap_or_default().to_owned();
        for cell in &mut cells {
            cell.must = self.clears.must(self.bed.version, self.bed.change, cell.peer, &engine);
            cell.count(&before.peers[&cell.peer], &after.peers[&cell.peer], between);
            if self.clears.most() != Most::Nothing {
                cell.reported = Some(is_reported(&status, cell.peer));
            }
        }
        let log = self.agent.log().unwrap().get(log_before..).unwrap_or_default().to_owned();
        let faults = self.faults(before, &after, between);
        Outcome { cells, engine, clears, faults, log }
    }

    /// The cells, before anything was seen of them.
    fn cells(&self) -> Vec<Cell> {
        let Bed { version, change, peers } = self.bed;
        let policy = change.policies().1;
        let cell = |peer: &Peer| {
            // What the agent will use is not known yet; what must be right does not depend on it.
            let must = self.clears.must(*version, *change, *peer, "");
            Cell::new(*change, *peer, must, View::of(&policy, *peer))
        };
        peers.iter().map(cell).collect()
    }

    /// The counters when all sessions are there, also those that were reset at last.
    #[track_caller]
    fn up_again(&self) -> Counters {
        wait::until("all sessions after the change", UP_WITHIN, || {
            let counters = self.counters()?;
            let down = counters.down();
            if down.is_empty() { Ok(counters) } else { Err(format!("not established: {}", down.join(", "))) }
        })
        .unwrap()
    }

    /// What is wrong with everything but the cells.
    fn faults(&self, before: &Counters, after: &Counters, between: Duration) -> Vec<String> {
        let mut faults = Vec::new();
        let look = Look::at(&self.lab, &self.bed.peers);
        if look.bystander != bystander() {
            faults.push(format!("the bystander: {}", look.bystander));
        }
        for (after, before) in after.bystander.iter().zip(&before.bystander) {
            if after.was_touched(before, between) {
                faults.push(format!("the bystander was touched: {before:?}, then {after:?}"));
            }
        }
        let clears = after.clears.since(before.clears);
        let is_too_much = match self.clears.most() {
            Most::Nothing => clears != counters::Clears::default(),
            Most::Soft => clears.hard > 0,
            Most::Hard => false,
        };
        if is_too_much {
            faults.push(format!("{}, and the agent made {clears:?}", self.clears));
        }
        faults
    }

    fn counters(&self) -> Result<Counters, String> {
        Counters::read(&self.lab, &self.bed.peers, &self.agent)
    }
}

/// Whether the agent's status says that the policies of `peer` are in effect.
#[track_caller]
fn is_reported(status: &Value, peer: Peer) -> bool {
    let sessions = status["sessions"].as_array().unwrap();
    let session = sessions.iter().find(|session| session["status"]["peer"] == peer.session()).unwrap();
    let mut families = session["status"]["afiSafis"].as_array().unwrap().iter();
    families.all(|family| family["policyInEffect"] == true)
}

/// What the node and the bystander always have of each other.
fn bystander() -> View {
    View {
        kernel: BYSTANDER_PREFIXES.map(str::to_owned).into(),
        received: [service(false, 0)].into(),
        ..View::default()
    }
}
