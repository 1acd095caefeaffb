//! Waits until the API server has lost what it was told. Who has nothing to say would not notice.

use std::{pin::pin, time::Duration};

use futures_util::TryStreamExt as _;
use kube::{
    Api,
    api::{DynamicObject, PartialObjectMeta, WatchEvent, WatchParams},
};
use tokio::time::{sleep, timeout};
use tracing::debug;

use super::{
    outbox::Outcome,
    pace::{Failures, Pace},
    trouble::Trouble,
};

/// How long one watch lasts; the API server ends it then.
const WATCH_SECONDS: u32 = 290;

/// How much later than it should end, or answer, the API server may: else somebody in between is gone.
const LATE_MAX: Duration = Duration::from_secs(10);

/// The shortest time between two watches.
const PAUSE: Duration = Duration::from_secs(1);

/// Ends when the object `name`, which was written, is not there any more; in an outage, after it.
pub(crate) async fn until_lost(api: Api<DynamicObject>, name: String, mut pace: Pace) {
    let mut failures = Failures::default();
    loop {
        let pause = match follow(&api, &name).await {
            Ok(true) => {
                failures = Failures::default();
                pace.about(PAUSE) + pace.spread(1)
            }
            Ok(false) | Err(Trouble::NotDefined | Trouble::NotFound(_)) => return,
            // An API server that lost its data forbids everything until it has its own roles again.
            Err(trouble) => {
                debug!(reason = %trouble, "what is written is not watched");
                let is_refusal = matches!(trouble.outcome(), Outcome::Failed { is_refusal: true, .. });
                failures.pause(is_refusal, &mut pace)
            }
        };
        sleep(pause).await;
    }
}

/// Watches the object until the watch ends; returns whether it was there all the time.
async fn follow(api: &Api<DynamicObject>, name: &str) -> Result<bool, Trouble> {
    let params = WatchParams::default().fields(&format!("metadata.name={name}")).timeout(WATCH_SECONDS);
    // From the API server's memory, which begins with the object as it is.
    let events = timeout(LATE_MAX, api.watch_metadata(&params, "0")).await;
    let events = events.map_err(|_elapsed| Trouble::TimedOut(LATE_MAX))??;
    let mut events = pin!(events);
    let mut within = LATE_MAX;
    let mut is_seen = false;
    loop {
        let event: WatchEvent<PartialObjectMeta<DynamicObject>> =
            match timeout(within, events.try_next()).await {
                Ok(Ok(Some(event))) => event,
                // It is the next watch that shows what that means.
                Ok(Ok(None) | Err(_)) => return Ok(true),
                // Nothing in the beginning: there is no such object. Nothing for long: nobody is there.
                Err(_) => return Ok(is_seen),
            };
        match event {
            WatchEvent::Added(_) | WatchEvent::Modified(_) => {
                is_seen = true;
                within = Duration::from_secs(u64::from(WATCH_SECONDS)) + LATE_MAX;
            }
            WatchEvent::Deleted(_) => return Ok(false),
            WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(status) => return Err(kube::Error::Api(status).into()),
        }
    }
}
