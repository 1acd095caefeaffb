//! Reads the recorded tables in `fixtures/`: what was written, what FRR printed, what it complained about.

use std::{collections::BTreeMap, path::PathBuf};

use crate::quirks::FrrVersion;

/// The versions that were measured.
pub(super) const VERSIONS: [&str; 4] = ["7.5.1", "8.4.4", "10.3", "10.7.1"];

/// One record: its sections by heading; the lines of a section without their indentation.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) sections: Vec<(String, Vec<String>)>,
}

impl Record {
    /// The text of the section that is headed exactly `heading`; empty if there is none.
    pub(super) fn text(&self, heading: &str) -> String {
        self.sections.iter().filter(|(h, _)| h == heading).map(|(_, lines)| lines.join("\n")).collect()
    }

    /// The lines of the section `what` for `version`, as in `printed on 8.4.4 10.3`.
    pub(super) fn on(&self, what: &str, version: &str) -> Option<&[String]> {
        let is_for = |heading: &str| {
            heading
                .strip_prefix(what)
                .and_then(|rest| rest.strip_prefix(" on "))
                .is_some_and(|list| list.split(' ').any(|v| v == version))
        };
        self.sections.iter().find(|(heading, _)| is_for(heading)).map(|(_, lines)| lines.as_slice())
    }

    /// Whether FRR took every line: a remark is no refusal.
    pub(super) fn is_accepted(&self, version: &str) -> bool {
        const REMARKS: [&str; 9] = [
            "Graceful restart configuration changed",
            "Warning: Reset BGP session",
            "% keepalive value",
            "Ignoring as-set",
            "There is already same aggregate",
            "% Can't enter config; running datastore locked",
            "% \"log monitor\" is deprecated",
            "% Echo mode works",
            "MGMTD: No connected daemons interested",
        ];
        let Some(complaint) = self.on("complaint", version) else { return true };
        complaint.iter().flat_map(|line| line.split("; ")).all(|part| {
            REMARKS.iter().any(|remark| part.starts_with(remark)) || part == "reset all peers to take effect"
        })
    }
}

pub(super) fn fixtures(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

/// Reads the file `path` below `fixtures/`.
pub(super) fn read(path: &str) -> Vec<Record> {
    let text = std::fs::read_to_string(fixtures(path)).unwrap();
    let mut records = Vec::new();
    let mut record = Record::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if line.is_empty() {
            if !record.sections.is_empty() {
                records.push(std::mem::take(&mut record));
            }
        } else if let Some(content) = line.strip_prefix("  ") {
            record.sections.last_mut().unwrap().1.push(content.to_owned());
        } else {
            record.sections.push((line.to_owned(), Vec::new()));
        }
    }
    if !record.sections.is_empty() {
        records.push(record);
    }
    records
}

pub(super) fn version(name: &str) -> FrrVersion {
    name.parse().unwrap()
}

/// Counts of a comparison, by version, for the message of a failure.
pub(super) type Misses = BTreeMap<&'static str, Vec<String>>;
