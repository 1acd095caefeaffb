//! What the agents of a large cluster cost its API server.
//!
//! Every agent is the real projection and the real publisher with a client of its own; what they would observe is
//! made up (`world.rs`), and the API server and its etcd are real. All of it shares this machine, so times say what
//! a small control plane takes. `ROUTELET_SCALE_NODES` says how many nodes there are.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]

mod bed;
mod clock;
mod error;
mod fleet;
mod gauge;
mod report;
mod run;
mod selection;
mod tally;
mod targets;
mod world;

use std::{process::ExitCode, time::Duration};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::{
    error::ScaleError,
    run::{End, HEARTBEAT, Run},
    selection::Selection,
    world::SPINES,
};

/// How long it takes until all agents of a new `DaemonSet` run.
const ROLLOUT: Duration = Duration::from_mins(1);

/// How long it takes until all are started again.
const RESTARTS: Duration = Duration::from_secs(40);

/// How long the fabric is down.
const DOWN: Duration = Duration::from_mins(1);

/// How long it takes until all its sessions are back then.
const BACK: Duration = Duration::from_secs(30);

/// Files that the benchmark has open beside its connections.
const FILES: u64 = 500;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot measure: {}", routelet_tests::with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), ScaleError> {
    let selection = Selection::read()?;
    raise_file_limit(selection.nodes)?;
    println!("{} nodes with {SPINES} sessions each, load {}", selection.nodes, load());
    let before = load();
    let mut run = Run::start(selection)?;
    let ended = phases(&mut run);
    let mut report = run.close()?;
    report.processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    report.load = vec![before, load()];
    report.missed = targets::missed(&report);
    println!("\n{}", report.table());
    println!("{}", report.write()?.display());
    ended
}

/// The story of a cluster. Heartbeats come late in it: while there are none, every write has a cause.
fn phases(run: &mut Run) -> Result<(), ScaleError> {
    let steady = run.selection.steady;
    let all: Vec<usize> = (0..SPINES).collect();
    let now = Duration::ZERO;
    run.phase("first start", End::Told, |run| run.fleet.start(None, ROLLOUT))?;
    run.phase("nothing happens, no heartbeats", End::After(steady / 2), |_| Ok(()))?;
    run.phase("the fabric goes down", End::After(DOWN), |run| {
        run.fleet.happen(now, |world, at| world.set(&all, false, at));
        Ok(())
    })?;
    run.phase("and comes back", End::Told, |run| {
        run.fleet.happen(BACK, |world, at| world.set(&all, true, at));
        Ok(())
    })?;
    run.phase("one spine fails", End::Told, |run| {
        run.fleet.happen(now, |world, at| world.set(&[0], false, at));
        Ok(())
    })?;
    run.phase("all agents are started again", End::Told, |run| run.fleet.start(None, RESTARTS))?;
    run.phase("the same, with heartbeats", End::After(RESTARTS * 3 / 2), |run| {
        run.fleet.start(Some(HEARTBEAT), RESTARTS)
    })?;
    run.phase("nothing happens, heartbeats", End::After(steady), |_| Ok(()))?;
    run.phase("the API server is away", End::Told, away)?;
    Ok(())
}

/// Stops the API server for half a minute; things happen meanwhile, and when it is back.
fn away(run: &mut Run) -> Result<(), ScaleError> {
    let stopped = clock::now();
    run.bed.server.stop();
    clock::pass_until(stopped + Duration::from_secs(10));
    run.fleet.happen(Duration::ZERO, |world, at| world.set(&[1], false, at));
    clock::pass_until(stopped + Duration::from_secs(25));
    // It takes some seconds until it is ready.
    run.bed.server.start_again()?;
    println!("  it was away for {} s", clock::tenths(stopped.elapsed()));
    run.fleet.happen(Duration::ZERO, |world, at| world.set(&[0, 1], true, at));
    Ok(())
}

/// Each agent has a connection, and the server, which is a child of this process, has the other ends.
fn raise_file_limit(nodes: usize) -> Result<(), ScaleError> {
    let failed = |errno: nix::Error| ScaleError::system("the limit of open files")(errno.into());
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_err(failed)?;
    // A connection that is lost and the one that comes after it may be open at the same time.
    let needed = 2 * u64::try_from(nodes).unwrap_or(u64::MAX) + FILES;
    if hard < needed {
        return Err(ScaleError::Selection(format!(
            "{nodes} nodes need {needed} open files, {hard} are allowed"
        )));
    }
    Ok(())
}

/// What the machine had to do of late.
fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned()
}
