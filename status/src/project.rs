//! Turns what the agent knows into what it reports.

use jiff::Timestamp;

use crate::{
    report::{API_VERSION, LABEL_NODE, LABEL_PEER, Object, Report, label_value, session_name},
    snapshot::Snapshot,
};

mod node;
mod session;
#[cfg(test)]
pub(crate) mod tests;

/// How far a time that is computed from FRR's uptimes may move before it is another time; seconds.
///
/// FRR counts whole seconds from its own clock: the same event is seen one second earlier or later each time.
const JITTER_SEC_MAX: i64 = 2;

/// Returns the report on `snapshot`; the times of what did not change since `previous` stay.
///
/// While bgpd does not answer, the sessions of `previous` stay too, in an unknown state.
pub fn project(snapshot: &Snapshot, previous: Option<&Report>) -> Report {
    let sessions = sessions(snapshot, previous);
    let mut node = Object::new(
        "BGPNode",
        snapshot.node.clone(),
        node::status(snapshot, &sessions, previous.map(|report| &report.node.status)),
    );
    node.metadata.labels.insert(LABEL_NODE.to_owned(), label_value(&snapshot.node));
    Report {
        api_version: API_VERSION.to_owned(),
        time: second(snapshot.now),
        period_seconds: snapshot.period.as_secs().max(1),
        node,
        sessions,
    }
}

fn sessions(snapshot: &Snapshot, previous: Option<&Report>) -> Vec<Object<crate::session::BgpSessionStatus>> {
    let before = previous.map_or(&[][..], |report| &report.sessions);
    let Some(sessions) = &snapshot.sessions else {
        return before
            .iter()
            .map(|object| Object { status: session::unobserved(&object.status, snapshot), ..object.clone() })
            .collect();
    };
    let object = |session: &frr_driver::session::Session| {
        let name = session_name(&snapshot.node, &session.id);
        let before = before.iter().find(|object| object.metadata.name == name).map(|object| &object.status);
        let mut object = Object::new("BGPSession", name, session::status(snapshot, session, before));
        let labels = [
            (LABEL_NODE, label_value(&snapshot.node)),
            ("routelet.io/vrf", label_value(&session.id.vrf)),
            (LABEL_PEER, label_value(&session.id.peer.to_string())),
        ];
        object.metadata.labels = labels.map(|(key, value)| (key.to_owned(), value)).into();
        object
    };
    let mut sessions: Vec<_> = sessions.iter().collect();
    sessions.sort_by(|a, b| a.id.cmp(&b.id));
    sessions.into_iter().map(object).collect()
}

/// Cuts a time to whole seconds, as Kubernetes has them.
pub(crate) fn second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// Returns the time `ago` before `now`, or the one that was computed before if it is the same event.
fn ago(now: Timestamp, ago: std::time::Duration, before: Option<Timestamp>) -> Option<Timestamp> {
    let ago = i64::try_from(ago.as_secs()).ok()?;
    let time = Timestamp::from_second(now.as_second().checked_sub(ago)?).ok()?;
    Some(before.filter(|before| is_same(*before, time)).unwrap_or(time))
}

/// Whether two times that were computed from FRR's uptimes are those of the same event.
pub(crate) fn is_same(one: Timestamp, other: Timestamp) -> bool {
    (one.as_second() - other.as_second()).abs() <= JITTER_SEC_MAX
}
