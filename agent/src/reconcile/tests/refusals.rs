//! What FRR does not take, and who may have it tried again.

use super::*;

/// A machine whose extras FRR did not take.
fn refused() -> (Bench, Generation) {
    let mut bench = Bench::settled();
    bench.write("extras", EXTRAS);
    let bad = applies(&bench.read(false)).unwrap().generation.clone();
    let base = bench.machine.applied.clone().unwrap();
    let error = SourceError { line: Some(1), message: "FRR did not take this line".into() };
    let failure = Failure {
        is_content: true,
        left: Left::LastGood { generation: Some(base.to_string()) },
        lines: vec![(Some("extras".to_owned()), error)],
        digest: Some(digest("verified")),
        ..Failure::new("no".into())
    };
    assert!(applies(&bench.ended(Outcome::Failed(Box::new(failure)))).is_none());
    (bench, bad)
}

#[test]
fn what_frr_refuses_is_not_tried_again_until_it_changes() {
    let mut bench = Bench::new();
    bench.write("base", &format!("{BASE}frobnicate yes\n"));
    bench.read(false);
    applies(&bench.observe(|_| {})).unwrap();
    let error = SourceError { line: Some(8), message: "FRR refuses this line".into() };
    let errors = vec![(Some("base".to_owned()), error)];
    bench.ended(Outcome::Refused { errors });
    for _ in 0..10 {
        bench.now += Duration::from_mins(1);
        assert!(applies(&bench.observe(|_| {})).is_none());
    }
    let snapshot = bench.machine.snapshot(Duration::ZERO, Timestamp::UNIX_EPOCH);
    assert_eq!(snapshot.sources.unwrap()[0].errors[0].line, Some(8));
    bench.write("base", BASE);
    assert!(applies(&bench.read(false)).is_some());
}

#[test]
fn lines_that_frr_does_not_take_are_not_tried_again_and_their_source_is_named() {
    let mut bench = Bench::settled();
    bench.write("extras", EXTRAS);
    let first = applies(&bench.read(false)).unwrap();
    let base = bench.machine.applied.clone().unwrap();
    let left = Left::LastGood { generation: Some(base.to_string()) };
    let error = SourceError { line: Some(1), message: "FRR did not take this line".into() };
    let lines = vec![(Some("extras".to_owned()), error)];
    let digest = Some(digest("verified"));
    let failure = Failure { is_content: true, left, lines, digest, ..Failure::new("no".into()) };
    // Without the contribution that is what runs already.
    assert!(applies(&bench.ended(Outcome::Failed(Box::new(failure)))).is_none());
    assert_ne!(bench.machine.applied.as_ref(), Some(&first.generation));
    let snapshot = bench.machine.snapshot(Duration::ZERO, Timestamp::UNIX_EPOCH);
    assert!(!snapshot.sources.unwrap()[1].accepted);
    assert!(applies(&bench.observe(|_| {})).is_none());
    // Another FRR may take it.
    let other = |seen: &mut Observation| seen.incarnations = vec![(Daemon::Bgpd, None)];
    assert_eq!(applies(&bench.observe(other)).unwrap().generation, first.generation);
}

#[test]
fn what_frr_says_of_one_version_is_no_refusal_of_the_next() {
    let mut bench = Bench::new();
    bench.write("base", &format!("{BASE}frobnicate yes\n"));
    bench.read(false);
    applies(&bench.observe(|_| {})).unwrap();
    // The author mends it while FRR is being asked.
    bench.write("base", BASE);
    bench.read(false);
    let error = SourceError { line: Some(8), message: "FRR refuses this line".into() };
    let mended = applies(&bench.ended(Outcome::Refused { errors: vec![(Some("base".to_owned()), error)] }));
    assert!(!mended.unwrap().config.top.iter().any(|(key, _)| key.contains("frobnicate")));
    assert!(
        bench.machine.snapshot(Duration::ZERO, Timestamp::UNIX_EPOCH).sources.unwrap()[0].errors.is_empty()
    );
}

#[test]
fn what_frr_did_not_take_is_not_tried_again_by_the_next_agent() {
    let (mut bench, bad) = refused();
    bench.restart(Duration::ZERO);
    // What runs is looked at, without the source that was refused.
    let order = applies(&bench.observe(|_| {})).unwrap();
    assert_ne!(order.generation, bad);
    bench.taken(&order, false);
    let sources = bench.machine.snapshot(Duration::ZERO, Timestamp::UNIX_EPOCH).sources.unwrap();
    assert_eq!((sources[1].accepted, sources[1].errors[0].line), (false, Some(1)));
    // Until it changes.
    bench.write("extras", &format!("{EXTRAS}ip prefix-list P seq 5 permit any\n"));
    assert!(applies(&bench.read(false)).is_some());
}

#[test]
fn a_person_or_another_frr_may_have_it_tried_again() {
    let (mut bench, bad) = refused();
    bench.restart(Duration::ZERO);
    let order = applies(&bench.observe(|_| {})).unwrap();
    bench.taken(&order, false);
    assert_eq!(applies(&bench.step(Event::ApplyNow)).unwrap().generation, bad);

    let (mut bench, bad) = refused();
    bench.restart(Duration::ZERO);
    let other = |seen: &mut Observation| seen.incarnations = vec![(Daemon::Bgpd, None)];
    assert_eq!(applies(&bench.observe(other)).unwrap().generation, bad);
}

#[test]
fn who_has_it_tried_again_is_told_which_line_is_refused_again() {
    let (bench, _) = refused();
    let told = bench.machine.verdict().unwrap().unwrap_err();
    assert!(told.starts_with("extras:1: FRR did not take this line; "), "{told}");

    // The contract refuses it, and what runs is all right.
    let mut bench = Bench::settled();
    let runs = bench.machine.verdict().unwrap().unwrap();
    bench.write("extras", "route-map 10.0.0.1-in permit 30\n");
    bench.read(false);
    bench.step(Event::ApplyNow);
    bench.taken(&bench.machine.judged.as_ref().unwrap().desired.clone().unwrap(), false);
    let told = bench.machine.verdict().unwrap().unwrap_err();
    assert!(
        told.starts_with("extras:1: ") && told.ends_with(&format!("; {runs}, without what is refused")),
        "{told}"
    );
}
