//! What a failed test leaves for people to read.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Lab, Node};

/// Each question is asked with this limit: a hung daemon must not hang the report.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// How many lines of each log are printed; the file has them all.
const TAIL_LINES: usize = 15;

/// What FRR 10's logs are full of, and nobody wants to see printed.
const NOISE: &str = " libyang: ";

/// What FRR is asked.
const QUESTIONS: [&str; 4] =
    ["show running-config", "show bgp summary", "show bgp ipv4 unicast", "show route-map"];

/// Where a node keeps logs.
const LOG_FOLDERS: [&str; 2] = ["/var/log/frr", "/var/log/lab"];

impl Lab {
    /// Copies the logs and the state of all nodes to a folder, prints the ends, and returns the folder.
    ///
    /// The folder is `<label>` in `ROUTELET_LAB_LOGS`, or else in `target/lab-logs`. A test that panics does this
    /// by itself.
    #[expect(clippy::print_stderr, reason = "belongs to the output of the failed test")]
    pub fn collect_logs(&self) -> PathBuf {
        let logs = std::env::var_os("ROUTELET_LAB_LOGS")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/lab-logs"), PathBuf::from);
        let folder = logs.join(self.label());
        for node in self.nodes() {
            let report = match collect(node, &folder.join(node.name())) {
                Ok(report) => report,
                Err(error) => format!("cannot write logs to {}: {error}\n", folder.display()),
            };
            eprintln!("=== {} (FRR {})\n{report}", node.name(), node.root().package);
        }
        eprintln!("all logs of lab {}: {}", self.label(), folder.display());
        folder
    }
}

/// Writes what `node` has to say into `folder`, and returns the ends of its texts.
fn collect(node: &Node, folder: &Path) -> std::io::Result<String> {
    fs::create_dir_all(folder)?;
    let mut texts = Vec::new();
    for question in QUESTIONS {
        let answer = node.exec_within(ANSWER_WITHIN, ["vtysh", "-c", question]);
        let answer = answer.map_or_else(|error| error.chain(), |output| output.text());
        texts.push((format!("{}.txt", question.replace(' ', "-")), answer));
    }
    let interfaces = node.ip(&["address"]).unwrap_or_else(|error| error.chain());
    let routes = node.ip(&["route", "show", "table", "all"]).unwrap_or_else(|error| error.chain());
    texts.push(("interfaces.txt".to_owned(), interfaces));
    texts.push(("routes.txt".to_owned(), routes));
    for logs in LOG_FOLDERS {
        let Ok(files) = node.folder(logs).and_then(|logs| {
            fs::read_dir(logs.entry(".")).map_err(super::LabError::file("list", "the logs"))
        }) else {
            continue;
        };
        for name in files.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()) {
            let text = node.read_file(&format!("{logs}/{name}")).unwrap_or_else(|error| error.chain());
            texts.push((name, text));
        }
    }
    let mut report = String::new();
    for (name, text) in &texts {
        fs::write(folder.join(name), text)?;
        let lines: Vec<_> = text.lines().filter(|line| !line.contains(NOISE)).collect();
        let tail = lines.iter().skip(lines.len().saturating_sub(TAIL_LINES));
        _ = writeln!(report, "--- {name}");
        for line in tail {
            _ = writeln!(report, "{line}");
        }
    }
    Ok(report)
}
