//! Did FRR take it? Desired against what FRR runs after an apply; the exit code proves nothing.

use crate::{
    config::Config,
    plan::{PlanLine, lines, surplus_lines},
    quirks::FrrVersion,
};

/// What a re-read of FRR showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Lines of desired that no daemon runs.
    pub missing: Vec<PlanLine>,
    /// Lines of desired that bgpd lost, while another daemon still shows them.
    pub missing_in_bgpd: Vec<PlanLine>,
    /// Lines that run, and that desired does not have.
    pub extra: Vec<PlanLine>,
}

impl Verdict {
    /// Returns whether FRR runs all of desired, and nothing else.
    pub fn is_settled(&self) -> bool {
        self.missing.is_empty() && self.missing_in_bgpd.is_empty() && self.extra.is_empty()
    }
}

/// Compares `desired` with `running` (the union of all daemons) and with what `bgpd` says of itself.
///
/// `vtysh -c 'show running-config'` prints a line that any daemon has: a route-map that zebra kept and bgpd
/// lost still shows there, and frr-reload would see no difference.
pub fn verify(desired: &Config, running: &Config, bgpd: &Config, version: FrrVersion) -> Verdict {
    let (missing, extra) = lines(desired, running, version);
    let (lost, _) = lines(desired, bgpd, version);
    let missing_in_bgpd = lost.into_iter().filter(|line| is_bgpds(line) && !missing.contains(line)).collect();
    Verdict { missing, missing_in_bgpd, extra }
}

/// Returns the lines that one daemon runs, and that `desired` does not have; of a line with another text, the one that
/// runs.
pub fn stale(desired: &Config, daemon: &Config, version: FrrVersion) -> Vec<PlanLine> {
    surplus_lines(desired, daemon, version)
}

/// Returns whether bgpd itself must hold the line.
fn is_bgpds(line: &PlanLine) -> bool {
    let outermost = line.blocks.first().map_or(line.statement.reveal(), String::as_str);
    if outermost.starts_with("route-map ") && is_zebras_clause(&line.statement.words()) {
        return false;
    }
    let words: Vec<&str> = outermost.split(' ').collect();
    matches!(
        words.as_slice(),
        ["router", "bgp", ..]
            | ["route-map" | "access-list" | "bgp", ..]
            | ["ip" | "ipv6", "prefix-list" | "access-list", ..]
    )
}

/// Clauses of a route-map that zebra alone knows (`zebra/zebra_routemap.c`): bgpd does not hold them.
fn is_zebras_clause(words: &[&str]) -> bool {
    matches!(
        words,
        ["match", "ip" | "ipv6", "address" | "next-hop", "prefix-len", ..]
            | ["match", "source-protocol" | "source-instance", ..]
            | ["set", "src", ..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;

    const VERSION: FrrVersion = FrrVersion(8, 4, 4);
    const DESIRED: &str = "ip route 10.0.0.0/8 blackhole\nroute-map A permit 20\nrouter bgp 1\n";

    #[test]
    fn a_map_that_only_zebra_kept_is_missing_in_bgpd() {
        let desired = load("desired", DESIRED, VERSION);
        let bgpd = load("running", "router bgp 1\n", VERSION);
        let verdict = verify(&desired, &desired, &bgpd, VERSION);
        assert_eq!(verdict.missing, []);
        assert_eq!(verdict.missing_in_bgpd.len(), 1);
        assert_eq!(verdict.missing_in_bgpd[0].to_string(), "route-map A permit 20");
        assert!(!verdict.is_settled());
    }

    #[test]
    fn a_clause_of_zebra_is_not_missing_in_bgpd() {
        let desired = load("desired", "route-map A permit 20\n set src 10.0.0.1\n set metric 5\n", VERSION);
        let bgpd = load("running", "route-map A permit 20\n set metric 5\n", VERSION);
        assert!(verify(&desired, &desired, &bgpd, VERSION).is_settled());
    }

    #[test]
    fn what_no_daemon_runs_is_missing() {
        let desired = load("desired", DESIRED, VERSION);
        let running = load("running", "route-map A permit 20\nrouter bgp 1\n", VERSION);
        let verdict = verify(&desired, &running, &running, VERSION);
        assert_eq!(verdict.missing[0].to_string(), "ip route 10.0.0.0/8 blackhole");
        assert_eq!(verdict.missing_in_bgpd, []);
    }

    #[test]
    fn what_nobody_wants_is_extra() {
        let desired = load("desired", DESIRED, VERSION);
        let running = load("running", &format!("{DESIRED}\nroute-map B permit 5\n"), VERSION);
        assert_eq!(verify(&desired, &running, &running, VERSION).extra.len(), 1);
    }
}
