//! Who is cleared after a change.

use super::*;

#[test]
fn the_session_that_a_change_touches_is_cleared_once() {
    let mut bench = Bench::settled();
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    let actions = bench.taken(&desired, true);
    assert_eq!(clears(&actions), 1);
    assert_eq!(clears(&bench.observe(|_| {})), 0);
}

/// Up to 10.3 a map made anew is bound when the delay timer fires: FRR asks the peer then, or the agent does.
#[track_caller]
fn looks_again(refreshes_after: u64, want: usize) {
    let mut bench = Bench::settled();
    let session = SessionId::in_default_vrf("10.0.0.1");
    let (kind, reason, complaint) = (ClearKind::SoftIn, String::new(), String::new());
    bench.step(Event::Cleared { session, family: FAMILY, kind, reason, complaint });
    let sent = |count| {
        move |seen: &mut Observation| {
            for session in seen.sessions.iter_mut().flatten() {
                session.route_refresh_sent = Some(count);
            }
        }
    };
    bench.observe(sent(1));
    bench.now += LOOK_AGAIN_AFTER;
    assert_eq!(clears(&bench.observe(sent(1 + refreshes_after))), want);
}

#[test]
fn a_session_that_frr_did_not_read_again_is_cleared_again() {
    looks_again(0, 1);
}

#[test]
fn a_session_that_frr_read_again_is_left() {
    looks_again(1, 0);
}

#[test]
fn a_touch_says_nothing_about_others() {
    let mut bench = Bench::settled();
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    bench.observe(|seen| {
        let mut other = Session::unknown(SessionId::in_default_vrf("10.0.0.2"));
        other.state = SessionState::Established;
        other.families.insert(FAMILY, FamilyState::default());
        seen.sessions.as_mut().unwrap().push(other);
    });
    assert_eq!(clears(&bench.taken(&desired, true)), 1);
}

#[test]
fn a_session_that_cannot_be_asked_keeps_the_old_policy_until_it_is_reset() {
    let no_refresh = |observation: &mut Observation| {
        let session = &mut observation.sessions.as_mut().unwrap()[0];
        session.can_route_refresh = false;
        // The capability may have been there once.
        session.route_refresh_sent = Some(3);
    };
    let mut bench = Bench::settled();
    bench.observe(no_refresh);
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    bench.taken(&desired, true);
    bench.observe(no_refresh);
    assert_eq!(bench.machine.watched.len(), 1);
    bench.observe(no_longer_established);
    assert_eq!(bench.machine.watched.len(), 0);
}
