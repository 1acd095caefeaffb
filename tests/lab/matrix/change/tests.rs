use super::*;
use crate::matrix::{peer::Peer, view::View};

/// A cell that looks the same before and after would be right whatever is done.
#[test]
fn every_change_is_seen_at_every_peer() {
    for change in Change::ALL {
        let (before, after) = change.policies();
        for peer in Peer::all() {
            let (before, after) = (View::of(&before, peer), View::of(&after, peer));
            assert_ne!(before, after, "{}/{peer}", change.as_str());
            assert_eq!(change.is_outbound(), before.received != after.received, "{}/{peer}", change.as_str());
        }
    }
}

#[test]
fn the_extras_of_a_change_change() {
    for change in Change::ALL {
        let (before, after) = change.bases();
        let (had, has) = change.extras();
        let is_base_changed = Peer::all().any(|peer| {
            let render = |policy: &Policy| policy.render_objects(peer) + &policy.render_references(peer);
            render(&before) != render(&after)
        });
        assert_ne!(had != has, is_base_changed, "{} is a write of one file", change.as_str());
    }
}
