//! What changes in the cluster: list, then watch; after an outage, list anew.

use std::{collections::BTreeMap, time::Duration};

use futures_util::TryStreamExt as _;
use kube::api::{WatchEvent, WatchParams};
use routelet_status::cluster::Seen;
use tokio::{sync::mpsc::Sender, time::timeout};

use super::{
    error::ClusterError,
    object::{Object, Reported},
    server::{ANSWER_MAX, Server},
};

/// How long one watch lasts. Asking again that often shows within half a minute that the API server is gone, also
/// where nobody says so.
const WATCH_SECONDS: u32 = 30;

/// The shortest time between two requests of a kind, whatever the API server answers.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// The longest time between two attempts: a person waits for it.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What is new about the objects of a kind.
pub(super) enum Change<S> {
    /// These are all.
    All(BTreeMap<String, Seen<S>>),
    /// This one is new, or says something else.
    Set(String, Seen<S>),
    /// This one is gone.
    Gone(String),
    /// They cannot be followed; it is tried again.
    Lost(ClusterError),
}

/// Tells what changes, until nobody listens.
pub(super) async fn follow<S: Reported, N>(
    server: Server,
    labels: Option<String>,
    wrap: fn(Change<S>) -> N,
    news: Sender<N>,
) {
    let mut pause = PAUSE_MIN;
    let api = server.objects::<S>();
    loop {
        let error = match server.list(&api, labels.as_deref(), Object::named).await {
            Ok(listed) => {
                pause = PAUSE_MIN;
                let all = listed.items.into_iter().collect();
                if news.send(wrap(Change::All(all))).await.is_err() {
                    return;
                }
                watch(&server, labels.as_deref(), listed.version, wrap, &news).await
            }
            Err(error) => error,
        };
        // A list that was forgotten is no outage.
        if !matches!(error, ClusterError::Expired) && news.send(wrap(Change::Lost(error))).await.is_err() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Tells what changes from `version` on; returns why it ended.
async fn watch<S: Reported, N>(
    server: &Server,
    labels: Option<&str>,
    mut version: String,
    wrap: fn(Change<S>) -> N,
    news: &Sender<N>,
) -> ClusterError {
    let api = server.objects::<S>();
    let params = WatchParams {
        label_selector: labels.map(str::to_owned),
        timeout: Some(WATCH_SECONDS),
        ..WatchParams::default()
    };
    // The API server ends a watch after its time; who hears nothing for much longer talks to nobody.
    let silence_max = Duration::from_secs(u64::from(WATCH_SECONDS)) + ANSWER_MAX;
    loop {
        let events = match server.answer(api.watch(&params, &version)).await {
            Ok(events) => events,
            Err(error) => return error,
        };
        let mut events = std::pin::pin!(events);
        loop {
            let event = match timeout(silence_max, events.try_next()).await {
                Ok(Ok(Some(event))) => event,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return ClusterError::answer(&server.url, error),
                Err(_) => return ClusterError::TimedOut { url: server.url.clone(), after: silence_max },
            };
            let change = match event {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    note(&mut version, &object);
                    let (name, seen) = object.named();
                    Some(Change::Set(name, seen))
                }
                WatchEvent::Deleted(object) => {
                    note(&mut version, &object);
                    Some(Change::Gone(object.named().0))
                }
                WatchEvent::Bookmark(bookmark) => {
                    version = bookmark.metadata.resource_version;
                    None
                }
                WatchEvent::Error(status) => {
                    return ClusterError::answer(&server.url, kube::Error::Api(status));
                }
            };
            if let Some(change) = change
                && news.send(wrap(change)).await.is_err()
            {
                return ClusterError::Expired;
            }
        }
        tokio::time::sleep(PAUSE_MIN).await;
    }
}

fn note<S>(version: &mut String, object: &Object<S>) {
    if let Some(newer) = &object.metadata.resource_version {
        version.clone_from(newer);
    }
}
