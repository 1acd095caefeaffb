//! The tables of constructs: what was written on each version without a complaint.

use std::{collections::BTreeMap, fs, path::PathBuf};

/// What FRR says beside taking a line.
const REMARKS: [&str; 3] =
    ["Graceful restart configuration changed", "Warning: Reset BGP session", "% keepalive value"];

/// Constructs that no source here may have, by a part of their text, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("hostname ", "the host's own"),
    ("domainname ", "the host's own"),
    ("password ", "the host's own, or of a neighbor: those are generated elsewhere"),
    ("service ", "FRR's own start"),
    ("banner ", "the host's own"),
    ("line vty", "the host's own"),
    ("agentx", "FRR's own start"),
    ("log commands", "the host's own"),
    ("forwarding", "the host's own"),
    ("sequence-number", "a switch of the command line"),
    ("prefix-li ", "an abbreviation"),
    ("nexthop-group", "taken and not printed"),
    ("no bgp deterministic-med", "refused beside addpath-tx-bestpath-per-AS"),
    ("log file", "the host's own"),
    ("frr version", "FRR's own start"),
    ("frr defaults", "FRR's own start: generated elsewhere, for a base"),
    ("bgp update-delay", "leads out of the instance"),
    ("nexthop prefer-global", "leads out of the family"),
    ("label-index", "cannot be changed"),
    ("import vrf", "excludes the words for vpn, and the VRF itself"),
    ("no on-match goto", "leaves the number behind, which 10.7 refuses"),
    ("match peer local", "excludes the other words of match peer"),
    ("172.30.0.9 bfd", "the name of an interface where staticd has no BFD"),
    ("key chain", "taken and not printed up to 8.4.4"),
];

/// The constructs of one version, by table.
pub(crate) struct Constructs {
    tables: BTreeMap<String, Vec<Vec<String>>>,
}

impl Constructs {
    /// Reads the tables that were recorded.
    pub(crate) fn of(version: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../frr-driver/fixtures/constructs");
        let mut tables = BTreeMap::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let table = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            tables.insert(table, text.split("\n\n").filter_map(|record| written(record, version)).collect());
        }
        Self { tables }
    }

    /// Returns the constructs of `table`, each in its lines.
    pub(crate) fn table(&self, table: &str) -> &[Vec<String>] {
        &self.tables[table]
    }
}

/// What `record` says was written, if `version` took it.
fn written(record: &str, version: &str) -> Option<Vec<String>> {
    let mut written = Vec::new();
    let mut heading = "";
    for line in record.lines().filter(|line| !line.starts_with('#')) {
        let Some(content) = line.strip_prefix("  ") else {
            heading = line;
            continue;
        };
        if heading == "written" {
            written.push(content.to_owned());
        }
        let is_ours = heading.split(' ').skip(2).any(|of| of == version);
        if heading.starts_with("complaint ")
            && is_ours
            && !REMARKS.iter().any(|remark| content.starts_with(remark))
        {
            return None;
        }
    }
    let is_mode = ["bgp graceful-restart", "no bgp graceful-restart"].iter().any(|mode| written == [*mode]);
    let is_end = written.iter().any(|line| line == "end");
    let is_left_out =
        is_mode || is_end || LEFT_OUT.iter().any(|(part, _)| written.iter().any(|line| line.contains(part)));
    (!written.is_empty() && !is_left_out).then_some(written)
}
