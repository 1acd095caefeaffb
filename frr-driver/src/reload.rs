//! frr-reload.py and `vtysh -C`: how they are called, and what their output says.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    config::{Origin, Rendered, redact},
    exec::Command,
    quirks::FrrVersion,
};

/// How long frr-reload may take: 8.4.4 needs 52 s for a thousand prefix-list lines, and applies adds twice.
pub const RELOAD_TIMEOUT: Duration = Duration::from_mins(5);

/// How many complaints are kept of one run: enough to see what is wrong, few enough for a status field.
const COMPLAINTS_MAX: usize = 16;

/// Returns the call of frr-reload for `dir/frr.conf`.
///
/// With `--confdir` naming the folder of that very file, frr-reload does not `write` at its end, so that a
/// daemon that died meanwhile cannot cost the node its `frr.conf` (measured on four versions).
pub fn command(script: &Path, dir: &Path, rundir: Option<&Path>, version: FrrVersion) -> Command {
    let mut argv: Vec<OsString> = vec![
        "python3".into(),
        script.into(),
        "--reload".into(),
        "--stdout".into(),
        "--confdir".into(),
        dir.into(),
    ];
    if let Some(rundir) = rundir {
        argv.extend(["--vty_socket".into(), rundir.into()]);
    }
    if version.reload_has_logfile_option() {
        argv.extend(["--logfile".into(), dir.join("frr-reload.log").into()]);
    }
    argv.push(dir.join("frr.conf").into());
    Command::new(argv, RELOAD_TIMEOUT)
}

/// Where distributions and FRR's own image install the script.
pub const SCRIPT: &str = "/usr/lib/frr/frr-reload.py";

/// Returns the folder's file that [`command`] loads.
pub fn config_file(dir: &Path) -> PathBuf {
    dir.join("frr.conf")
}

/// What marks a complaint in FRR's output, whatever the exit code.
const COMPLAINT_MARKS: [&str; 9] = [
    "% Configuration failed",
    "commit failed",
    "Failure to communicate",
    "Unknown command",
    "could not lock",
    "datastore locked",
    "% Command is too long",
    "Invalid prefix range",
    "is not running",
];

/// Returns the lines of `output` that complain, secrets hidden.
pub fn complaints(output: &str) -> Vec<String> {
    output
        .lines()
        .filter(|line| COMPLAINT_MARKS.iter().any(|mark| line.contains(mark)))
        .map(|line| redact(line.trim()))
        .take(COMPLAINTS_MAX)
        .collect()
}

/// What vtysh says while somebody else holds the lock of the configuration.
const LOCK_MARKS: [&str; 3] = ["could not lock", "datastore locked", "configuration is locked"];

/// Returns whether `output` says that somebody else holds a lock: the same may be tried again.
pub fn is_locked(output: &str) -> bool {
    output.lines().any(|line| LOCK_MARKS.iter().any(|mark| line.contains(mark)))
}

/// Returns whether `complaint` is of a commit that failed as a whole.
pub fn is_refused_commit(complaint: &str) -> bool {
    complaint.contains("% Configuration failed") || complaint.contains("commit failed")
}

/// Commands for vtysh that make mgmtd forget what it refused.
///
/// FRR 10.7 keeps a refused line in its candidate, and each later commit fails with it (T7). A commit of a single line
/// that fails throws the candidate away: the range of this one is wrong on purpose (measured on 10.7.1).
pub const FORGET_REFUSED: [&str; 2] =
    ["configure terminal", "ip prefix-list routelet-probe seq 1 permit 10.0.0.0/16 ge 8"];

/// A line that FRR's parser refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where it was written; `None` where the number leads to no line of the sources.
    pub origin: Option<Origin>,
    /// What FRR said of it, secrets hidden.
    pub message: String,
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{origin}: FRR refuses this line: {}", self.message),
            None => write!(f, "FRR refuses: {}", self.message),
        }
    }
}

/// Reads what `vtysh -C -f` printed: `line 5: % Unknown command[4]: frobnicate yes`, one per refused line.
pub fn syntax_errors(output: &str, rendered: &Rendered) -> Vec<SyntaxError> {
    output
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once("line ")?;
            let (number, message) = rest.split_once(':')?;
            let number: u32 = number.trim().parse().ok()?;
            let message = redact(message.trim().trim_start_matches("% "));
            Some(SyntaxError { origin: rendered.origin(number).cloned(), message })
        })
        .take(COMPLAINTS_MAX)
        .collect()
}

/// Returns the configuration in what `vtysh -c 'show running-config'` printed, without vtysh's words before it.
pub fn running_config(output: &str) -> &str {
    output.split_once("Current configuration:").map_or(output, |(_, config)| config)
}

/// Lines of `show running-config` that belong to the host: rendered as they are, so that frr-reload leaves them.
pub fn host_lines(running: &str) -> Vec<String> {
    running
        .lines()
        .map(str::trim_end)
        .filter(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            matches!(
                words.as_slice(),
                ["hostname" | "domainname", _]
                    | ["service", "integrated-vtysh-config"]
                    | ["no", "ip" | "ipv6", "forwarding"]
            )
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{load, render};

    #[test]
    fn a_refused_line_is_found_in_its_source() {
        let version = FrrVersion::default();
        let config =
            load("base", "router bgp 1\n!\n neighbor 10.0.0.1 remote-as 2\n\nfrobnicate yes\n", version);
        let rendered = render(&config, &["hostname x".to_owned()], version);
        let number = rendered.reveal().lines().position(|line| line.trim() == "frobnicate yes").unwrap() + 1;
        let errors =
            syntax_errors(&format!("line {number}: % Unknown command[4]: frobnicate yes\n"), &rendered);
        assert_eq!(
            errors[0].to_string(),
            "base:5: FRR refuses this line: Unknown command[4]: frobnicate yes"
        );
    }

    #[test]
    fn a_complaint_is_found_behind_exit_code_0() {
        let output = "ok\n% Configuration failed.\n\nneighbor x password hush: Unknown command\n";
        assert_eq!(complaints(output), ["% Configuration failed.", "neighbor x password <hidden>"]);
        assert_eq!(
            complaints("% Configuration applied with notes:\nNo changes found to be committed!"),
            [""; 0]
        );
    }

    #[test]
    fn the_hosts_lines() {
        assert_eq!(
            host_lines("!\nfrr version 8\nhostname vm\nno ip forwarding\nrouter bgp 1\n"),
            ["hostname vm", "no ip forwarding"]
        );
    }
}
