//! One FRR that loads configurations one after the other, and is wiped in between.

use std::{
    fmt::{self, Write as _},
    time::Duration,
};

use frr_driver::reload::host_lines;
use routelet_tests::lab::{FrrVersion, Lab, LabError, NodeSpec, Topology};

use super::{print::Print, wipe::wipe};

const NODE: &str = "r1";

/// How long all steps of one load may take together.
const LOADED_WITHIN: Duration = Duration::from_mins(1);

/// The daemons, in the order in which what they say is loaded.
const DAEMONS: [&str; 5] = ["mgmtd", "zebra", "bgpd", "staticd", "bfdd"];

/// What FRR says and means no harm by.
const HARMLESS: [&str; 20] = [
    "] sending configuration",
    "] done",
    "Waiting for children to finish applying config",
    "Graceful restart configuration changed, reset",
    "% Configuration applied with notes:",
    "No changes found to be committed!",
    "% Echo mode works correctly for IPv4",
    "% keepalive value",
    "Warning: Reset BGP session for tcp-mss",
    "There is already same aggregate network.",
    "Ignoring as-set because `bgp reject-as-sets` is enabled.",
    "\"log monitor\" is deprecated",
    "MGMTD: No connected daemons interested in changes",
    "% The Graceful Restart command used is not valid",
    "does not exist.",
    "debugging is on",
    "debugging is off",
    "not installed currently because dependent config",
    // What a prefix-list has already is not taken once more (8.4.4).
    "Error description: duplicated prefix list value",
    "% Insertion failed - prefix-list entry exists",
];

/// mgmtd was busy: nothing is wrong with the configuration.
const BUSY: &str = "datastore locked";

/// A running FRR.
pub(crate) struct Router {
    lab: Lab,
    version: FrrVersion,
    pristine: Print,
    /// The lines of the host in the pristine print.
    pub(crate) host: Vec<String>,
    /// What the last load left behind.
    left: Option<(Seen, Way)>,
    /// How often the daemons were started.
    pub(crate) starts: usize,
}

/// What FRR holds after a load.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    /// What all daemons together print.
    pub(crate) union: String,
    /// What each daemon prints.
    pub(crate) daemons: Vec<(String, String)>,
    /// What FRR said of the lines; empty = it took all of them.
    pub(crate) complaints: Vec<String>,
}

/// How files are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// All in one vtysh (`copy FILE running-config`): the quick way.
    Copy,
    /// One `vtysh -f` each, which from 10 on forks a process per daemon.
    File,
    /// The same, in daemons that were started for it.
    Fresh,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").field("complaints", &self.complaints).finish_non_exhaustive()
    }
}

impl Seen {
    /// What bgpd prints.
    pub(crate) fn bgpd(&self) -> &str {
        self.daemons.iter().find(|(name, _)| name == "bgpd").map_or("", |(_, text)| text)
    }
}

impl Router {
    pub(crate) fn start(version: FrrVersion) -> Self {
        let lab = start(version);
        let mut router =
            Self { lab, version, pristine: Print::default(), host: Vec::new(), left: None, starts: 1 };
        let seen = router.run(&[], Way::Copy).unwrap();
        router.pristine = Print::read(&seen.union);
        router.host = host_lines(&seen.union);
        router
    }

    /// Starts all daemons anew.
    pub(crate) fn restart(&mut self) {
        self.lab = start(self.version);
        self.left = None;
        self.starts += 1;
    }

    /// Loads `texts` into an empty FRR, one after the other.
    pub(crate) fn load(&mut self, texts: &[&str], way: Way) -> Seen {
        /// mgmtd is busy for some 0.3 s after a start.
        const ATTEMPTS_MAX: usize = 5;
        let mut seen = Seen::default();
        if way == Way::Fresh {
            self.restart();
        }
        for _ in 0..ATTEMPTS_MAX {
            seen = if let Some(seen) = self.run(texts, way) {
                seen
            } else {
                self.restart();
                self.run(texts, way).expect("a fresh FRR is empty")
            };
            // One refused line may poison what mgmtd commits next.
            if seen.complaints.is_empty() || !self.version_has_mgmtd() {
                self.left = Some((seen.clone(), way));
                return seen;
            }
            self.restart();
            if !seen.complaints.iter().any(|line| line.contains(BUSY)) {
                break;
            }
        }
        seen
    }

    fn version_has_mgmtd(&self) -> bool {
        matches!(self.version, FrrVersion::V10_3 | FrrVersion::V10_7)
    }

    /// Wipes and loads; `None` if FRR was not empty after the wipe.
    fn run(&mut self, texts: &[&str], way: Way) -> Option<Seen> {
        let node = self.lab.node(NODE);
        let left = self.left.take();
        if let Some((left, _)) = &left {
            node.write_file("/tmp/wipe", wipe(&Print::read(&left.union), &self.pristine)).unwrap();
        }
        for (number, text) in texts.iter().enumerate() {
            node.write_file(&format!("/tmp/load{number}"), text).unwrap();
        }
        let script = script(left.as_ref().map(|(_, way)| *way), texts.len(), way);
        let output = node.exec_within(LOADED_WITHIN, ["sh", "-c", &script]).unwrap();
        let mut parts = Parts::read(&output.stdout);
        if left.is_some() {
            let wiped = parts.prints.first().map(|print| Print::read(print)).unwrap_or_default();
            let remains = self.pristine.differences(&wiped);
            if !remains.is_empty() || parts.wipe_complains() {
                return None;
            }
            parts.prints.remove(0);
        }
        let union = parts.prints.pop().unwrap_or_default();
        let complaints = parts.complaints();
        let ask = |daemon: &str| Some((daemon.to_owned(), node.ask(daemon, "show running-config").ok()?));
        let daemons = DAEMONS.into_iter().filter_map(ask).collect();
        Some(Seen { union, daemons, complaints })
    }
}

fn start(version: FrrVersion) -> Lab {
    let topology = Topology::new().node(NodeSpec::frr(NODE, version));
    // Under load a daemon may be slow to come up.
    let started: Result<Lab, LabError> = Lab::start(&topology).or_else(|_| Lab::start(&topology));
    started.unwrap()
}

/// Wipes what was loaded in the way `left`, prints what remains, loads the texts, and prints again.
fn script(left: Option<Way>, texts: usize, way: Way) -> String {
    const SHOW: &str = "-c 'show running-config'";
    const COPY_WIPE: &str = "-c 'copy /tmp/wipe running-config'";
    let mut script = String::from("cd /tmp\nexec 2>&1\n");
    let mut copies = String::new();
    // What 10.3 loaded in one way it does not give up in the other.
    _ = match left {
        Some(Way::File | Way::Fresh) => writeln!(script, "vtysh -f /tmp/wipe\nvtysh {SHOW}"),
        Some(Way::Copy) if way != Way::Copy => writeln!(script, "vtysh {COPY_WIPE} {SHOW}"),
        Some(Way::Copy) => write!(copies, "{COPY_WIPE} {SHOW}"),
        None => Ok(()),
    };
    for number in 0..texts {
        _ = match way {
            Way::Copy => write!(copies, " -c 'copy /tmp/load{number} running-config'"),
            Way::File | Way::Fresh => writeln!(script, "vtysh -f /tmp/load{number}"),
        };
    }
    _ = writeln!(script, "vtysh {copies} {SHOW}");
    script
}

/// The output of a script: what vtysh printed of the configuration, and what was said before each print.
struct Parts {
    said: Vec<Vec<String>>,
    prints: Vec<String>,
}

impl Parts {
    fn read(output: &str) -> Self {
        let mut parts = Self { said: vec![Vec::new()], prints: Vec::new() };
        let mut is_print = false;
        for line in output.lines() {
            if line == "Building configuration..." {
                is_print = true;
                parts.prints.push(String::new());
            }
            if !is_print {
                parts.said.last_mut().unwrap().push(line.trim().to_owned());
                continue;
            }
            let print = parts.prints.last_mut().unwrap();
            print.push_str(line);
            print.push('\n');
            if line == "end" {
                is_print = false;
                parts.said.push(Vec::new());
            }
        }
        parts
    }

    /// What was said, apart from what is harmless.
    fn complaints(&self) -> Vec<String> {
        let said = self.said.iter().flatten().filter(|line| !line.is_empty());
        let is_repeated =
            self.said.iter().flatten().any(|line| line.contains("duplicated prefix list value"));
        let repeated = ["% Configuration failed.", "Error type: validation"];
        let said = said.filter(|line| !(is_repeated && repeated.contains(&line.as_str())));
        let complaints = said.filter(|line| !HARMLESS.iter().any(|harmless| line.contains(harmless)));
        complaints.cloned().collect()
    }

    /// Tells whether anything but the harmless was said before the first print.
    fn wipe_complains(&self) -> bool {
        let first = Self { said: self.said.iter().take(1).cloned().collect(), prints: Vec::new() };
        !first.complaints().is_empty()
    }
}
