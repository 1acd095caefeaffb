//! Follows the sources: waits until a change has settled, reads, and sends what is new.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::{debug, error, warn};

use super::follow::{Follower, arm};
use super::{Digest, Reading, SourceSpec, Sources, frozen, read_all};

/// A change has settled when nothing was written for this long: a rewrite in place takes a few milliseconds.
const SETTLE_QUIET: Duration = Duration::from_millis(100);

/// A change that never settles is read after this long: somebody waits for it.
const SETTLE_MAX: Duration = Duration::from_secs(1);

/// A file that lost its text is believed after this long: withdrawing everything is worth a second look.
const EMPTY_QUIET: Duration = Duration::from_millis(500);

/// How often a file that lost its text is looked at again while it keeps changing.
const EMPTY_ROUNDS: usize = 3;

/// The safety net where inotify does not work (network file systems, no watches left).
const REREAD_INTERVAL: Duration = Duration::from_secs(30);

/// What the sources hold, sent whenever that changed and whenever somebody asked.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// All sources, settled.
    pub(crate) sources: Arc<Sources>,
    /// The latest request that had been made when this reading began.
    pub(crate) answers: u64,
}

/// Why the watcher reads again.
enum Wake {
    Changed,
    Asked,
    Closed,
}

struct Watch {
    specs: Arc<[SourceSpec]>,
    requests: watch::Receiver<u64>,
    /// Holds one permit at most: many events are one change.
    changed: Arc<Notify>,
    follower: Option<Follower>,
    /// The digest and, per file, whether there was text, as they were sent last.
    sent: Option<(Digest, Vec<(String, bool)>)>,
    answered: u64,
    has_warned: bool,
}

/// Follows `specs` until nobody listens any more; the first reading is sent at once.
///
/// After that, a reading is sent when it differs from the last one sent, or when `requests` holds a number that was
/// not answered yet (each SIGHUP counts it up): such a reading does not wait for changes to settle, because whoever
/// asks has finished writing. A slow receiver sees the newest reading only.
pub(crate) async fn watch(
    specs: Vec<SourceSpec>,
    requests: watch::Receiver<u64>,
    sender: watch::Sender<Option<Delivery>>,
) {
    let mut watch = Watch {
        specs: specs.into(),
        requests,
        changed: Arc::new(Notify::new()),
        follower: None,
        sent: None,
        answered: 0,
        has_warned: false,
    };
    let specs = Arc::clone(&watch.specs);
    // It fails only when the runtime shuts down, which the next call sees as well.
    drop(tokio::task::spawn_blocking(move || warn_of_frozen(&specs)).await);
    loop {
        let Some(delivery) = watch.believable().await else { return };
        watch.send(delivery, &sender);
        match watch.wake(&sender).await {
            Wake::Changed => watch.settle().await,
            Wake::Asked => {}
            Wake::Closed => return,
        }
    }
}

fn warn_of_frozen(specs: &[SourceSpec]) {
    match frozen(specs) {
        Ok(frozen) => {
            for spec in frozen {
                warn!(
                    source = spec.name,
                    path = %spec.path.display(),
                    "a subPath mount is never updated: mount the whole volume into a directory"
                );
            }
        }
        Err(error) => debug!(error = &error as &dyn std::error::Error, "cannot look for subPath mounts"),
    }
}

/// Which files have text.
fn texts(sources: &Sources) -> Vec<(String, bool)> {
    let mut texts = Vec::new();
    for (_, reading) in &sources.readings {
        match reading {
            Reading::Present(files) => {
                texts.extend(files.iter().map(|file| (file.label.clone(), !file.text.is_empty())));
            }
            // It may have been readable before and may be again; it is not mistaken for an empty one.
            Reading::Unreadable(_) | Reading::Missing => {}
        }
    }
    texts
}

// === impl Watch ===

impl Watch {
    /// Waits for a reason to read again.
    async fn wake(&mut self, sender: &watch::Sender<Option<Delivery>>) -> Wake {
        tokio::select! {
            () = sender.closed() => Wake::Closed,
            () = asked(&mut self.requests) => Wake::Asked,
            () = self.changed.notified() => Wake::Changed,
            () = sleep(REREAD_INTERVAL) => Wake::Asked,
        }
    }

    /// Waits until nothing changes any more, or for as long as that is reasonable, or somebody asks.
    async fn settle(&mut self) {
        let deadline = Instant::now() + SETTLE_MAX;
        loop {
            let quiet = deadline.min(Instant::now() + SETTLE_QUIET);
            let change = tokio::select! {
                () = asked(&mut self.requests) => return,
                change = timeout_at(quiet, self.changed.notified()) => change,
            };
            if change.is_err() || Instant::now() >= deadline {
                return;
            }
        }
    }

    /// Reads the sources, and once more a little later if a text has vanished; nothing if the runtime shuts down.
    async fn believable(&mut self) -> Option<Delivery> {
        let mut delivery = self.read().await?;
        for _ in 0..EMPTY_ROUNDS {
            if !self.is_doubtful(&delivery.sources) {
                break;
            }
            let is_quiet = timeout(EMPTY_QUIET, self.changed.notified()).await.is_err();
            if !is_quiet {
                self.settle().await;
            }
            delivery = self.read().await?;
            if is_quiet {
                break;
            }
        }
        Some(delivery)
    }

    /// Reads the sources after making sure that whatever changes from now on is an event.
    async fn read(&mut self) -> Option<Delivery> {
        let answers = *self.requests.borrow_and_update();
        let (specs, changed, follower) =
            (Arc::clone(&self.specs), Arc::clone(&self.changed), self.follower.take());
        let work = tokio::task::spawn_blocking(move || {
            let (follower, failure) = arm(follower, &specs, &changed);
            (follower, failure, read_all(&specs))
        });
        match work.await {
            Ok((follower, failure, sources)) => {
                self.follower = follower;
                if let Some(failure) = failure {
                    self.warn_once(&failure);
                }
                Some(Delivery { sources: Arc::new(sources), answers })
            }
            Err(failure) => {
                if failure.is_panic() {
                    error!(error = &failure as &dyn std::error::Error, "reading the sources failed");
                }
                None
            }
        }
    }

    /// Whether a file has no text that had some, or at the start any file: it may be in the middle of a rewrite.
    fn is_doubtful(&self, sources: &Sources) -> bool {
        let now = texts(sources);
        match &self.sent {
            None => now.iter().any(|(_, has_text)| !has_text),
            Some((digest, _)) if *digest == sources.digest => false,
            Some((_, before)) => {
                let refused = |label: &str| {
                    sources.readings.iter().any(|(spec, reading)| {
                        let is_its = label.split('/').next() == Some(spec.name.as_str());
                        is_its && matches!(reading, Reading::Unreadable(_))
                    })
                };
                let lost = |label: &String| !now.contains(&(label.clone(), true)) && !refused(label);
                before.iter().any(|(label, had_text)| *had_text && lost(label))
            }
        }
    }

    /// Sends what is new or was asked for.
    fn send(&mut self, delivery: Delivery, sender: &watch::Sender<Option<Delivery>>) {
        let digest = delivery.sources.digest;
        if self.sent.as_ref().is_some_and(|(sent, _)| *sent == digest) && delivery.answers == self.answered {
            return;
        }
        self.sent = Some((digest, texts(&delivery.sources)));
        self.answered = delivery.answers;
        sender.send_replace(Some(delivery));
    }

    fn warn_once(&mut self, failure: &notify::Error) {
        if !self.has_warned {
            self.has_warned = true;
            let error = failure as &dyn std::error::Error;
            warn!(error, "not all sources can be watched: changes are seen every 30 seconds only");
        }
    }
}

/// Waits for a new request; for ever if nobody can ask any more.
async fn asked(requests: &mut watch::Receiver<u64>) {
    if requests.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
