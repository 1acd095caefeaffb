//! Any order of events: nobody is reset too often, two never at once, and everything comes to an end.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
enum Event {
    /// The policies of these sessions change.
    Change(Vec<usize>),
    Pass(u64),
    /// A session comes up, if it was down.
    Up(usize),
    /// A session goes down by itself.
    Down(usize),
    /// FRR asks by itself.
    Refresh(usize),
    Hold(bool),
    Bgpd,
}

const SESSIONS: usize = 4;

fn event() -> impl Strategy<Value = Event> {
    let which = 0..SESSIONS;
    prop_oneof![
        prop::collection::vec(which.clone(), 1..SESSIONS).prop_map(Event::Change),
        (1_u64..200).prop_map(Event::Pass),
        which.clone().prop_map(Event::Up),
        which.clone().prop_map(Event::Up),
        which.clone().prop_map(Event::Down),
        which.prop_map(Event::Refresh),
        any::<bool>().prop_map(Event::Hold),
        Just(Event::Bgpd),
    ]
}

/// What must hold whenever a session is reset.
fn check_reset(before: &Bench, at: usize, resets: &[(Duration, usize)]) -> Result<(), TestCaseError> {
    let within =
        resets.iter().filter(|(when, who)| *who == at && *when + Duration::from_hours(1) > before.now);
    prop_assert!(within.count() < 3, "a fourth reset within an hour");
    let is_up = |other: &Session| other.is_established();
    let others = || before.sessions.iter().enumerate().filter(|(other, _)| *other != at);
    let away = resets.last().filter(|(_, who)| *who != at && !is_up(&before.sessions[*who]));
    prop_assert!(away.is_none() || before.decider.resets_nobody(), "two at once");
    let comes_back = |session: &Session| {
        let ago = session.last_reset.as_ref().and_then(|reset| reset.ago);
        !is_up(session) && ago.is_some_and(|ago| ago < Duration::from_mins(5))
    };
    let is_last = !others().any(|(_, other)| is_up(other));
    prop_assert!(!(is_last && others().any(|(_, other)| comes_back(other))), "the last gateway");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn resets_are_few_and_one_at_a_time(
        can_refresh in prop::collection::vec(any::<bool>(), SESSIONS),
        events in prop::collection::vec(event(), 1..60),
    ) {
        let mut bench = Bench::new(&can_refresh);
        let mut resets = Vec::new();
        let step = |bench: &mut Bench, resets: &mut Vec<(Duration, usize)>| {
            bench.tell_time();
            bench.decider.observed(&bench.sessions, bench.now);
            let before = bench.clone();
            for (at, kind) in bench.obey() {
                if kind == ClearKind::Hard {
                    check_reset(&before, at, resets)?;
                    resets.push((before.now, at));
                }
            }
            Ok::<(), TestCaseError>(())
        };
        for event in events {
            match event {
                Event::Change(numbers) => bench.change(&numbers),
                Event::Pass(seconds) => {
                    for _ in 0..seconds {
                        bench.now += SECOND;
                        step(&mut bench, &mut resets)?;
                    }
                }
                Event::Up(at) if !bench.sessions[at].is_established() => bench.comes_up(at),
                Event::Down(at) => bench.goes_down(at),
                Event::Refresh(at) => bench.refresh(at),
                Event::Hold(is_held) => bench.rules.hold = is_held.then_some("held"),
                Event::Bgpd => {
                    (0..SESSIONS).for_each(|at| bench.goes_down(at));
                    bench.decider.forget_all();
                }
                Event::Up(_) => {}
            }
            step(&mut bench, &mut resets)?;
        }
        // Two quiet hours, in which everybody is up: nothing stays open.
        bench.rules.hold = None;
        for _ in 0..720 {
            bench.now += 10 * SECOND;
            for at in 0..SESSIONS {
                if !bench.sessions[at].is_established() {
                    bench.comes_up(at);
                }
            }
            step(&mut bench, &mut resets)?;
        }
        let open: Vec<_> = bench.decider.standings(bench.rules, &bench.sessions, bench.now).collect();
        prop_assert!(open.is_empty(), "{open:?}");
    }
}
