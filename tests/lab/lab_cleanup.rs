//! Nothing of a lab may stay, however its process ends.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    panic,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::AtomicBool},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use routelet_tests::lab::{End, FrrVersion, Lab, NodeSpec, Root, Topology, wait};
use signal_hook::{consts, flag};

/// Makes [`holds_a_lab_when_asked`] hold one.
const HOLD: &str = "ROUTELET_LAB_HOLD";

/// Starts a process that leaves its session, its process group and its pipes.
const ESCAPES: &str = "setsid -f sleep 1000 </dev/null >/dev/null 2>&1";

const GONE_WITHIN: Duration = Duration::from_secs(10);

/// What can be seen of a lab from outside.
#[derive(Debug)]
struct Traces {
    label: String,
    /// When this was written down, in the kernel's clock ticks.
    ///
    /// The kernel soon gives the number of a namespace that has gone to another one, of another test's lab.
    /// What is left of this lab is older than this.
    at: u64,
    namespaces: Vec<String>,
}

impl Traces {
    fn of(lab: &Lab) -> Self {
        let kinds = ["net", "mnt", "pid", "uts", "ipc"];
        let links = lab.nodes().flat_map(|node| kinds.map(|kind| format!("/proc/{}/ns/{kind}", node.pid())));
        let namespaces =
            links.map(|link| fs::read_link(link).unwrap().to_string_lossy().into_owned()).collect();
        let at = processes().filter_map(|process| started(&process)).max().unwrap();
        Self { label: lab.label().to_owned(), at, namespaces }
    }

    /// Returns what is still there: processes in the namespaces or with the label, mounts, files.
    fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for process in processes() {
            let Ok(arguments) = fs::read_to_string(process.join("cmdline")) else { continue };
            let words = arguments.replace('\0', " ");
            if words.contains(&format!("{}-", self.label)) {
                left.push(format!("{} by its label: {words}", process.display()));
            }
            if started(&process).is_none_or(|at| at > self.at) {
                continue;
            }
            for kind in ["net", "mnt", "pid", "pid_for_children", "uts", "ipc"] {
                let namespace = fs::read_link(process.join("ns").join(kind)).unwrap_or_default();
                if self.namespaces.contains(&namespace.to_string_lossy().into_owned()) {
                    left.push(format!("{} in {}: {words}", process.display(), namespace.display()));
                }
            }
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        left.extend(mounts.lines().filter(|line| line.contains(&self.label)).map(str::to_owned));
        let cache = Root::ensure(FrrVersion::V10_7).unwrap().path.join("../../stage");
        let files = fs::read_dir(cache).unwrap().flatten();
        left.extend(files.map(|entry| entry.path().display().to_string()));
        left
    }
}

fn processes() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    entries.filter(|path| path.join("stat").exists())
}

/// Returns when `process` started, in clock ticks since boot (`proc_pid_stat(5)`, field 22).
fn started(process: &Path) -> Option<u64> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

fn lab() -> Lab {
    let node = |name: &str| NodeSpec::frr(name, FrrVersion::V10_7).config("router bgp 64512\nexit\n");
    let topology = Topology::new()
        .node(node("r1"))
        .node(node("r2"))
        .node(node("r3").daemons(&[]))
        .link(("r1", "net1", ["172.30.0.2/24"]), ("r2", "net1", ["172.30.0.3/24"]))
        .segment(["r1", "r2", "r3"].map(|name| End::new(name, "lan0")));
    Lab::start(&topology).unwrap()
}

#[test]
fn nothing_is_left_after_drop() {
    let lab = lab();
    let (mut daemon, _) = lab.node("r1").spawn(["sleep", "1000"]).unwrap();
    lab.node("r1").run(["sh", "-c", ESCAPES]).unwrap();
    let traces = Traces::of(&lab);
    wait::until("the processes to be seen", GONE_WITHIN, || traces.left().len() > 20).unwrap();
    drop(lab);
    // Its `nsenter` is outside, and sees the end of its child a moment later.
    daemon.wait(GONE_WITHIN).unwrap();
    assert_eq!(traces.left(), Vec::<String>::new());
}

#[test]
fn nothing_is_left_after_a_panic() {
    let (sender, traces) = std::sync::mpsc::channel();
    let died = thread::spawn(move || {
        let lab = lab();
        sender.send(Traces::of(&lab)).unwrap();
        panic::resume_unwind(Box::new("on purpose"));
    });
    let traces = traces.recv().unwrap();
    assert!(died.join().is_err());
    assert_eq!(traces.left(), Vec::<String>::new());
}

#[test]
fn a_lab_outlives_the_thread_that_started_it() {
    let lab = thread::spawn(lab).join().unwrap();
    assert!(lab.node("r1").vtysh("show version").unwrap().contains("FRRouting"));
}

#[test]
fn labs_do_not_see_each_other() {
    let (a, b) = thread::scope(|scope| {
        let (a, b) = (scope.spawn(lab), scope.spawn(lab));
        (a.join().unwrap(), b.join().unwrap())
    });
    assert_ne!(a.label(), b.label());
    drop(a);
    assert!(b.node("r1").vtysh("show version").unwrap().contains("FRRouting"));
}

#[test]
fn nothing_is_left_after_kill_9() {
    check_killed_with(Signal::SIGKILL);
}

#[test]
fn nothing_is_left_after_ctrl_c() {
    check_killed_with(Signal::SIGINT);
}

#[test]
fn nothing_is_left_after_sigterm() {
    check_killed_with(Signal::SIGTERM);
}

/// Not a test: the process that the tests above kill.
#[test]
fn holds_a_lab_when_asked() {
    let Some(report) = std::env::var_os(HOLD) else { return };
    // A shell that starts the tests in the background ignores SIGINT, and so would this process.
    flag::register_conditional_default(consts::SIGINT, Arc::new(AtomicBool::new(true))).unwrap();
    let lab = lab();
    lab.node("r1").run(["sh", "-c", ESCAPES]).unwrap();
    let traces = Traces::of(&lab);
    let text = format!("{}\n{}\n{}\n", traces.label, traces.at, traces.namespaces.join("\n"));
    fs::write(&report, text).unwrap();
    loop {
        thread::park();
    }
}

#[track_caller]
fn check_killed_with(signal: Signal) {
    let report = std::env::temp_dir().join(format!("rl-{}-{signal}", std::process::id()));
    let mut holder = holder(&report);
    // The file exists before it is complete; a whole line of each namespace ends it.
    let traces = wait::until("the other process to hold a lab", Duration::from_mins(1), || {
        let text = fs::read_to_string(&report).ok().filter(|text| text.lines().count() == 17)?;
        let mut lines = text.lines().map(str::to_owned);
        Some(Traces { label: lines.next()?, at: lines.next()?.parse().ok()?, namespaces: lines.collect() })
    });
    let _ = fs::remove_file(&report);
    let traces = traces.unwrap();
    assert!(traces.left().len() > 20, "{:?}", traces.left());

    signal::kill(Pid::from_raw(holder.id().cast_signed()), signal).unwrap();
    let ended = wait::until("the other process to end", GONE_WITHIN, || holder.try_wait().ok().flatten());
    if ended.is_err() {
        holder.kill().unwrap();
    }
    ended.unwrap();
    let output = BufReader::new(holder.stdout.take().unwrap()).lines().map_while(Result::ok);
    let output: Vec<_> = output.collect();
    wait::until("nothing to be left", GONE_WITHIN, || match traces.left().as_slice() {
        [] => Ok(()),
        left => Err(left.join("\n")),
    })
    .unwrap_or_else(|error| panic!("{error}\n{output:?}"));
}

#[expect(clippy::disallowed_methods, reason = "starts this very program again")]
fn holder(report: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lab_cleanup::holds_a_lab_when_asked", "--nocapture"])
        .env(HOLD, report)
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap()
}
