//! What a person sees who watches the cluster.

use jiff::Timestamp;
use routelet_status::{
    cluster::{Cluster, View, table},
    duration::since,
    node::BgpNodeStatus,
    session::BgpSessionStatus,
};

use super::{error::ClusterError, follow::Change};

/// What is new in the cluster.
pub(super) enum News {
    /// About nodes.
    Node(Change<BgpNodeStatus>),
    /// About sessions.
    Session(Change<BgpSessionStatus>),
}

/// What is known of the cluster, and whether that is still so.
#[derive(Default)]
pub(super) struct Screen {
    cluster: Cluster,
    nodes: Feed,
    sessions: Feed,
}

/// How the objects of a kind are followed.
#[derive(Default)]
struct Feed {
    /// They were listed.
    is_known: bool,
    /// Since when they cannot be followed, and why.
    lost: Option<(Timestamp, String)>,
}

// === impl Screen ===

impl Screen {
    /// Takes in what is new; fails if a person must help before anything can be shown.
    pub(super) fn take(&mut self, news: News, now: Timestamp) -> Result<(), ClusterError> {
        match news {
            News::Node(change) => self.nodes.take(change, &mut self.cluster.nodes, now),
            News::Session(change) => self.sessions.take(change, &mut self.cluster.sessions, now),
        }
    }

    /// What is shown at `now`; `None` = nothing is known yet.
    ///
    /// While the API server is away, all stays as it was when it went: agents are not silent because nobody hears.
    pub(super) fn text(&self, view: View, narrow: bool, now: Timestamp) -> Option<String> {
        let lost = [&self.nodes, &self.sessions].into_iter().filter_map(|feed| feed.lost.as_ref()).min();
        let is_known = self.nodes.is_known && self.sessions.is_known;
        let shown = |at| {
            if narrow {
                table(&self.cluster.clone().of_sessions(), view, at)
            } else {
                table(&self.cluster, view, at)
            }
        };
        match (lost, is_known) {
            (None, false) => None,
            (None, true) => Some(shown(now)),
            (Some((_, why)), false) => Some(format!("{why}; trying again\n")),
            (Some((at, why)), true) => Some(format!(
                "STALE for {}: {why}; trying again. This is how it was before; FRR goes on without it.\n\n{}",
                since(*at, now),
                shown(*at)
            )),
        }
    }
}

// === impl Feed ===

impl Feed {
    fn take<S>(
        &mut self,
        change: Change<S>,
        objects: &mut std::collections::BTreeMap<String, routelet_status::cluster::Seen<S>>,
        now: Timestamp,
    ) -> Result<(), ClusterError> {
        match change {
            Change::All(all) => {
                *objects = all;
                *self = Self { is_known: true, lost: None };
            }
            Change::Set(name, seen) => {
                objects.insert(name, seen);
            }
            Change::Gone(name) => {
                objects.remove(&name);
            }
            Change::Lost(error) if !self.is_known && !error.is_passing() => return Err(error),
            Change::Lost(error) => {
                // Who answers no more did so from the beginning of the wait on.
                let waited =
                    if let ClusterError::TimedOut { after, .. } = &error { after.as_secs() } else { 0 };
                let waited = i64::try_from(waited).unwrap_or(i64::MAX);
                let began = Timestamp::from_second(now.as_second().saturating_sub(waited)).unwrap_or(now);
                let at = self.lost.take().map_or(began, |(at, _)| at);
                self.lost = Some((at, error.to_string()));
            }
        }
        Ok(())
    }
}
