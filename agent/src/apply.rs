//! Brings one configuration into FRR: daemons answer → diff → check → frr-reload → re-read.

use std::{sync::Arc, time::Duration};

use frr_driver::{
    config::{Config, Rendered, load, render},
    exec,
    merge::Desired,
    plan::{Plan, PlanLine, plan},
    quirks::FrrVersion,
    reload,
    verify::verify,
};
use jiff::Timestamp;
use routelet_status::snapshot::SourceError;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::{
    desired::with_causes,
    frr::{Frr, Running, needed},
    store::{Store, StoreError},
};

/// How many missing lines a status names.
const LINES_NAMED_MAX: usize = 8;

/// How an apply ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// FRR holds the configuration.
    Taken(Box<Taken>),
    /// FRR's parser refuses lines; nothing was written. Source and error of each.
    Refused { errors: Vec<(Option<String>, SourceError)>, duration: Duration },
    /// FRR does not hold the configuration.
    Failed { reason: String, missing: Vec<String>, digest: Option<[u8; 32]>, duration: Duration },
    /// A daemon that is needed does not answer; nothing was written.
    NotReady { reason: String },
}

/// A configuration that FRR holds.
#[derive(Debug)]
pub(crate) struct Taken {
    /// What was changed.
    pub(crate) plan: Plan,
    /// Lines that still run although nobody wants them.
    pub(crate) unsettled: Vec<String>,
    /// Of what bgpd says it runs; `None` if it could not be asked.
    pub(crate) digest: Option<[u8; 32]>,
    /// From start to end.
    pub(crate) duration: Duration,
}

/// What FRR runs, read and understood.
struct Seen {
    texts: Running,
    union: Config,
    bgpd: Config,
}

/// Brings `desired` into FRR, unless FRR holds it already.
pub(crate) async fn apply(frr: &Frr, store: &Arc<Store>, desired: &Arc<Desired>) -> Outcome {
    let started = Instant::now();
    match attempt(frr, store, desired, started).await {
        Ok(outcome) => outcome,
        Err(reason) => {
            Outcome::Failed { reason, missing: Vec::new(), digest: None, duration: started.elapsed() }
        }
    }
}

async fn attempt(
    frr: &Frr,
    store: &Arc<Store>,
    desired: &Arc<Desired>,
    started: Instant,
) -> Result<Outcome, String> {
    let version = match frr.version().await {
        Ok(version) => version,
        Err(reason) => return Ok(Outcome::NotReady { reason }),
    };
    if let Err(reason) = frr.answers(&needed(version)).await {
        return Ok(Outcome::NotReady { reason });
    }
    let before = read(frr, version).await?;
    let plan = plan(&desired.config, &before.union, version);
    let verdict = verify(&desired.config, &before.union, &before.bgpd, version);
    if verdict.is_settled() {
        let digest = bgpd_digest(frr).await;
        let rendered = render(&desired.config, &reload::host_lines(&before.texts.union), version);
        keep(store, desired, rendered.reveal()).await?;
        let taken = Taken { plan, unsettled: Vec::new(), digest, duration: started.elapsed() };
        return Ok(Outcome::Taken(Box::new(taken)));
    }
    for line in &plan.removes {
        debug!(reason = %line, "to be removed");
    }
    for line in &plan.adds {
        debug!(reason = %line, "to be added");
    }
    let rendered = render(&desired.config, &reload::host_lines(&before.texts.union), version);
    let file = write(store, desired, rendered.reveal()).await?;
    if let Some(errors) = check(frr, &file, &rendered).await? {
        return Ok(Outcome::Refused { errors, duration: started.elapsed() });
    }
    let after = write_to_frr(frr, store, desired, &file, version).await?;
    judge(frr, store, desired, plan, &after, &rendered, version, started).await
}

/// Reads what FRR runs.
async fn read(frr: &Frr, version: FrrVersion) -> Result<Seen, String> {
    let texts = frr.running().await?;
    let union = load("running", &texts.union, version);
    let bgpd = load("running", &texts.bgpd, version);
    Ok(Seen { texts, union, bgpd })
}

/// Asks FRR's parser; `None` = it takes every line.
async fn check(
    frr: &Frr,
    file: &std::path::Path,
    rendered: &Rendered,
) -> Result<Option<Vec<(Option<String>, SourceError)>>, String> {
    let errors = frr.refused_lines(file, rendered).await?;
    if errors.is_empty() {
        return Ok(None);
    }
    let named = errors.into_iter().map(|error| {
        let source = error.origin.as_ref().map(|origin| origin.source.to_string());
        let line = error.origin.as_ref().and_then(|origin| usize::try_from(origin.line).ok());
        (source, SourceError { line, message: format!("FRR refuses this line: {}", error.message) })
    });
    Ok(Some(named.collect()))
}

/// Runs frr-reload, and where bgpd lost lines that another daemon kept, loads the whole file once more.
async fn write_to_frr(
    frr: &Frr,
    store: &Arc<Store>,
    desired: &Arc<Desired>,
    file: &std::path::Path,
    version: FrrVersion,
) -> Result<Seen, String> {
    let directory = store.path().join("reload");
    let command = reload::command(&frr.reload_script, &directory, frr.other_rundir().as_deref(), version);
    let output = exec::run(command).await.map_err(|error| with_causes(&error))?;
    for complaint in reload::complaints(&output.text()) {
        warn!(reason = complaint, "frr-reload complains");
    }
    debug!(exit = output.status.code(), "frr-reload ended");
    let after = read(frr, version).await?;
    let verdict = verify(&desired.config, &after.union, &after.bgpd, version);
    if verdict.missing_in_bgpd.is_empty() {
        return Ok(after);
    }
    // frr-reload compares with the union of the daemons, and sees no difference there.
    frr.vtysh().load(file).await.map_err(|error| with_causes(&error))?;
    read(frr, version).await
}

/// FRR holds the configuration when a re-read says so, whatever the exit code was.
#[expect(clippy::too_many_arguments, reason = "what an apply knows at its end")]
async fn judge(
    frr: &Frr,
    store: &Arc<Store>,
    desired: &Arc<Desired>,
    plan: Plan,
    after: &Seen,
    rendered: &Rendered,
    version: FrrVersion,
    started: Instant,
) -> Result<Outcome, String> {
    let verdict = verify(&desired.config, &after.union, &after.bgpd, version);
    let digest = bgpd_digest(frr).await;
    let missing: Vec<&PlanLine> = verdict.missing.iter().chain(&verdict.missing_in_bgpd).collect();
    if !missing.is_empty() {
        let named = missing.iter().take(LINES_NAMED_MAX);
        let missing_lines = named.map(|line| format!("{}: {line}", line.statement.origin)).collect();
        return Ok(Outcome::Failed {
            reason: format!("FRR did not take {} of the lines", missing.len()),
            missing: missing_lines,
            digest,
            duration: started.elapsed(),
        });
    }
    keep(store, desired, rendered.reveal()).await?;
    let unsettled = verdict.extra.iter().take(LINES_NAMED_MAX).map(ToString::to_string).collect();
    Ok(Outcome::Taken(Box::new(Taken { plan, unsettled, digest, duration: started.elapsed() })))
}

/// The digest of what bgpd runs; `None` if it cannot be asked.
pub(crate) async fn bgpd_digest(frr: &Frr) -> Option<[u8; 32]> {
    let reply = frr.socket(frr_driver::vty_socket::Daemon::Bgpd).ask("show running-config").await.ok()?;
    Some(digest(&reply.text))
}

/// The digest of a running configuration.
pub(crate) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Stores what is about to be tried, and returns the file that frr-reload loads.
async fn write(store: &Arc<Store>, desired: &Arc<Desired>, text: &str) -> Result<std::path::PathBuf, String> {
    let (generation, text) = (desired.generation.to_string(), text.to_owned());
    blocking(store, move |store| {
        store.write_generation(&generation, &text)?;
        store.write_reload_file(&text)
    })
    .await
}

/// Records that FRR holds this configuration.
async fn keep(store: &Arc<Store>, desired: &Arc<Desired>, text: &str) -> Result<(), String> {
    let (generation, text, now) = (desired.generation.to_string(), text.to_owned(), Timestamp::now());
    blocking(store, move |store| store.write_last_good(&generation, now, &text)).await
}

async fn blocking<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, String> {
    let store = Arc::clone(store);
    match tokio::task::spawn_blocking(move || work(&store)).await {
        Ok(done) => done.map_err(|error| with_causes(&error)),
        Err(error) => Err(with_causes(&error)),
    }
}
