use std::path::Path;

use super::*;
use crate::source::{SourceSpec, read_all};

const VERSION: FrrVersion = FrrVersion(8, 4, 4);
const BASE_TEXT: &str = "\
route-map 10.0.0.1-in deny 20
router bgp 64512
 no bgp default ipv4-unicast
 neighbor 10.0.0.1 remote-as 64513
 address-family ipv4 unicast
  neighbor 10.0.0.1 activate
  neighbor 10.0.0.1 route-map 10.0.0.1-in in
";
const EXTRAS: &str = "route-map 10.0.0.1-in permit 20\n";

/// Judges what `dir` holds: `base`, and `extras` where it is there.
fn judged(dir: &Path, memory: &Memory, allow_empty_base: bool) -> Judged {
    let extras: SourceSpec = format!("extras={}", dir.join("extras").display()).parse().unwrap();
    judge(&read_all(&[SourceSpec::base(dir.join("base")), extras]), memory, VERSION, allow_empty_base)
}

fn dir(base: Option<&[u8]>, extras: Option<&str>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in [("base", base), ("extras", extras.map(str::as_bytes))] {
        if let Some(content) = content {
            std::fs::write(dir.path().join(name), content).unwrap();
        }
    }
    dir
}

/// What remains of a good base and good extras that FRR took.
fn memory() -> Memory {
    let good = dir(Some(BASE_TEXT.as_bytes()), Some(EXTRAS));
    let used = judged(good.path(), &Memory::default(), false).used;
    let accept = |(name, version)| (name, Accepted { version, at: jiff::Timestamp::UNIX_EPOCH });
    Memory { accepted: used.into_iter().map(accept).collect(), ..Memory::default() }
}

/// The action of the entry that the extras are about.
fn entry(judged: &Judged) -> Option<String> {
    let desired = judged.desired.as_ref()?;
    let entry = desired.config.top.get("route-map 10.0.0.1-in 0000000020")?;
    Some(entry.statement.to_string())
}

fn errors(judged: &Judged, source: usize) -> String {
    let errors = &judged.states[source].errors;
    errors.iter().map(|error| format!("{:?} {}", error.line, error.message)).collect::<Vec<_>>().join("\n")
}

#[test]
fn base_and_extras_are_merged() {
    let dir = dir(Some(BASE_TEXT.as_bytes()), Some(EXTRAS));
    let judged = judged(dir.path(), &Memory::default(), false);
    assert_eq!(entry(&judged).unwrap(), "route-map 10.0.0.1-in permit 20");
    assert!(judged.states.iter().all(|state| state.accepted));
}

#[test]
fn a_missing_base_is_waited_for_and_a_known_one_stays() {
    let dir = dir(None, Some(EXTRAS));
    let waiting = judged(dir.path(), &Memory::default(), false);
    assert!(waiting.desired.is_none() && waiting.waits_for.contains("does not exist"), "{waiting:?}");
    let known = judged(dir.path(), &memory(), false);
    assert_eq!(entry(&known).unwrap(), "route-map 10.0.0.1-in permit 20");
    assert!(!known.states[0].accepted);
}

#[test]
fn an_empty_base_is_refused_unless_it_is_meant() {
    for text in ["", "! nothing\n", "\n\n# x\n"] {
        let dir = dir(Some(text.as_bytes()), None);
        let refused = judged(dir.path(), &memory(), false);
        assert!(errors(&refused, 0).contains("--allow-empty-base"));
        assert_eq!(entry(&refused).unwrap(), "route-map 10.0.0.1-in deny 20");
        let meant = judged(dir.path(), &memory(), true);
        assert!(meant.desired.unwrap().config.top.is_empty());
    }
}

#[test]
fn bytes_that_are_no_text_are_named_by_line() {
    let dir = dir(Some(b"router bgp 1\n! \xff\n"), None);
    assert!(errors(&judged(dir.path(), &Memory::default(), false), 0).contains("Some(2)"));
}

#[test]
fn a_refused_contribution_keeps_its_last_version_and_every_reason_is_told() {
    let dir = dir(Some(BASE_TEXT.as_bytes()), Some("router bgp 1\nend\n"));
    let judged = judged(dir.path(), &memory(), false);
    assert_eq!(judged.states[1].errors.len(), 2, "{}", errors(&judged, 1));
    assert_eq!(entry(&judged).unwrap(), "route-map 10.0.0.1-in permit 20");
    assert!(judged.states[0].accepted && !judged.states[1].accepted);
}

#[test]
fn extras_that_are_gone_are_gone() {
    let dir = dir(Some(BASE_TEXT.as_bytes()), None);
    assert_eq!(entry(&judged(dir.path(), &memory(), false)).unwrap(), "route-map 10.0.0.1-in deny 20");
}

#[test]
fn what_frr_refused_is_refused_until_it_changes() {
    let bad = format!("{BASE_TEXT}frobnicate yes\n");
    let dir = dir(Some(bad.as_bytes()), None);
    let mut memory = memory();
    let digest = judged(dir.path(), &Memory::default(), false).used["base"].digest;
    let error = SourceError { line: Some(8), message: "FRR refuses this line".into() };
    memory.refused_by_frr.insert("base".into(), (digest, vec![error]));
    let refused = judged(dir.path(), &memory, false);
    assert!(errors(&refused, 0).contains("FRR refuses this line"));
    assert!(!refused.desired.unwrap().config.top.iter().any(|(key, _)| key.contains("frobnicate")));
    std::fs::write(dir.path().join("base"), BASE_TEXT).unwrap();
    assert!(judged(dir.path(), &memory, false).states[0].accepted);
}

#[test]
fn a_range_that_frr_would_drop_is_refused_in_the_base_too() {
    let dir = dir(Some(b"router bgp 1\nip prefix-list a seq 5 permit 10.0.0.0/16 ge 8\n"), None);
    assert!(
        errors(&judged(dir.path(), &Memory::default(), false), 0).contains("Some(2) FRR refuses this range")
    );
}

#[test]
fn passwords_are_not_told() {
    let dir =
        dir(Some(b"router bgp 1\n neighbor 10.0.0.1 remote-as 2\n neighbor 10.0.0.1 password hush\n"), None);
    let judged = judged(dir.path(), &Memory::default(), false);
    assert!(!format!("{judged:?}").contains("hush"));
    let bad = "neighbor 10.0.0.1 password hush\n";
    std::fs::write(dir.path().join("extras"), bad).unwrap();
    let judged = super::tests::judged(dir.path(), &Memory::default(), false);
    assert!(errors(&judged, 1).contains("<hidden>") && !format!("{judged:?}").contains("hush"));
}
