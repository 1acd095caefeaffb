//! Watches every route that comes into a node's kernel, and every one that goes.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead as _, BufReader},
    time::Duration,
};

use routelet_tests::lab::{LabError, Node, Spawned, wait};

use super::speaker::{GROUPS, prefixes};

/// How long the monitor may take to start, and the kernel to have the routes that are wanted.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// The buffer of the monitor: more than comes in while it does not run.
const BUFFER: &str = "16777216";

/// Groups of prefixes.
pub(crate) type Groups = BTreeSet<u8>;

/// What the kernel has, told by its own messages.
pub(crate) struct Monitor {
    /// Ends with this value.
    _process: Spawned,
    log: BufReader<File>,
    /// A line that is not whole yet.
    part: String,
    kernel: BTreeSet<String>,
    /// Prefixes that may not come, and that may not go.
    closed: BTreeSet<String>,
    kept: BTreeSet<String>,
    /// What came or went and should not have.
    pub(crate) violations: Vec<String>,
    /// How many messages there were.
    pub(crate) messages: u64,
}

fn all(groups: &Groups) -> BTreeSet<String> {
    groups.iter().flat_map(|group| prefixes(*group)).collect()
}

impl Monitor {
    /// Starts to watch `node`, whose kernel has no BGP routes.
    pub(crate) fn start(node: &Node) -> Self {
        let (process, path) = node.spawn(["ip", "-4", "-o", "-rcvbuf", BUFFER, "monitor", "route"]).unwrap();
        let path = format!("/proc/{}/root{path}", node.pid());
        let log = BufReader::new(File::open(path).unwrap());
        let mut monitor = Self {
            _process: process,
            log,
            part: String::new(),
            kernel: BTreeSet::new(),
            closed: BTreeSet::new(),
            kept: BTreeSet::new(),
            violations: Vec::new(),
            messages: 0,
        };
        // A route that comes and goes shows that it listens.
        wait::until("the monitor to listen", SEEN_WITHIN, || {
            node.ip(&["route", "replace", "10.255.0.0/24", "dev", "lo", "proto", "bgp"]).unwrap();
            node.ip(&["route", "del", "10.255.0.0/24", "dev", "lo", "proto", "bgp"]).unwrap();
            monitor.read();
            monitor.messages > 1
        })
        .unwrap();
        monitor
    }

    /// From now on nothing may come but `before` and `after`, and nothing may go that is in both.
    pub(crate) fn change(&mut self, before: &Groups, after: &Groups) {
        self.closed =
            all(&(0..GROUPS).filter(|group| !before.contains(group) && !after.contains(group)).collect());
        self.kept = all(&before.intersection(after).copied().collect());
    }

    /// Waits until the kernel has the prefixes of `groups` and no others; returns what it has instead, if it does not.
    pub(crate) fn settled(&mut self, groups: &Groups) -> Result<(), LabError> {
        let wanted = all(groups);
        wait::until("the routes that the policy allows", SEEN_WITHIN, || {
            self.read();
            if self.kernel == wanted { Ok(()) } else { Err(format!("{:?} and not {wanted:?}", self.kernel)) }
        })
    }

    /// Reads what has come in.
    pub(crate) fn read(&mut self) {
        loop {
            let read = self.log.read_line(&mut self.part).unwrap();
            if read == 0 || !self.part.ends_with('\n') {
                return;
            }
            let line = std::mem::take(&mut self.part);
            assert!(!line.contains("No buffer space"), "messages were lost: {line}");
            self.message(line.trim());
        }
    }

    fn message(&mut self, line: &str) {
        if !line.contains("proto bgp") {
            return;
        }
        self.messages += 1;
        let (goes, route) = match line.strip_prefix("Deleted ") {
            Some(route) => (true, route),
            None => (false, line),
        };
        let Some(prefix) = route.split(' ').find(|word| word.contains('/')) else { return };
        let is_wrong = if goes { &self.kept } else { &self.closed };
        if is_wrong.contains(prefix) {
            self.violations.push(line.to_owned());
        }
        if goes {
            self.kernel.remove(prefix);
        } else {
            self.kernel.insert(prefix.to_owned());
        }
    }
}
