//! The agent's HTTP server: metrics, probes, status.
//!
//! It only reads what the loop published last, so that no request can reach FRR or hold up the loop.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use prometheus::TEXT_FORMAT;
use routelet_status::{
    condition::{ConditionStatus, ConditionType},
    report::Report,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
    time::{Instant, timeout},
};
use tracing::{debug, warn};

use crate::metrics::Metrics;

#[cfg(test)]
mod tests;

/// Connections at a time; Prometheus, the kubelet and a person need one each.
const CONNECTIONS_MAX: usize = 32;

/// How long a client may take to send its request line and headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

/// How long a connection may live, in all: a scrape and a probe open a new one just as well.
const CONNECTION_WITHIN: Duration = Duration::from_mins(2);

/// The most headers, and their most bytes: browsers send 20 of them with 2 KB.
const HEADERS_MAX: usize = 64;
const HEADER_BYTES_MAX: usize = 16 << 10;

/// How long open connections may take to end at shutdown.
const SHUTDOWN_WITHIN: Duration = Duration::from_secs(2);

/// How long to wait after `accept` failed (no file descriptor is free) before it is tried again.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// How long the loop may take for one turn before `/livez` says no: far longer than all daemons together may
/// take to not answer, because to be killed does not make FRR faster.
const LIVE_WITHIN: Duration = Duration::from_mins(3);

/// What the loop publishes, as a whole, at each turn.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// What `/status` shows; `None` until there was a first look.
    pub(crate) report: Option<Arc<Report>>,
    /// Whether the first configuration is applied, or there is none yet; else why not. Never about peers.
    pub(crate) ready: Result<(), String>,
    /// When the loop turned the last time.
    pub(crate) ticked_at: Instant,
}

/// What the pages are made from.
#[derive(Clone)]
struct Pages {
    published: watch::Receiver<Arc<Published>>,
    metrics: Arc<Metrics>,
}

/// Serves on `address`, until the sender of `published` is gone; then the task ends within 2 s.
///
/// An error means that the address cannot be listened on.
pub(crate) async fn serve(
    address: SocketAddr,
    published: watch::Receiver<Arc<Published>>,
    metrics: Arc<Metrics>,
) -> io::Result<JoinHandle<()>> {
    let listener = TcpListener::bind(address).await?;
    Ok(tokio::spawn(accept_all(listener, Pages { published, metrics })))
}

async fn accept_all(listener: TcpListener, pages: Pages) {
    let mut published = pages.published.clone();
    let gone = async { while published.changed().await.is_ok() {} };
    let router = router(pages);
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    tokio::pin!(gone);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = &mut gone => break,
        };
        let (stream, slot) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "connection not accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_WITHIN)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEADER_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that misbehaves harms itself only.
            match timeout(CONNECTION_WITHIN, connection).await {
                Ok(Ok(())) | Err(_) => {}
                Ok(Err(error)) => debug!(error = &error as &dyn std::error::Error, "connection failed"),
            }
            drop(slot);
        });
    }
    // Who does not end in time is cut off.
    let _ = timeout(SHUTDOWN_WITHIN, graceful.shutdown()).await;
}

/// Waits for a free slot, then for a connection.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, slot))
}

fn router(pages: Pages) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/frr-livez", get(frr_live))
        .route("/status", get(status))
        .with_state(pages)
}

async fn metrics(State(pages): State<Pages>) -> Response {
    match pages.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Whether the loop turns. Not FRR: killing the agent would not mend it.
async fn live(State(pages): State<Pages>) -> Response {
    let age = pages.published.borrow().ticked_at.elapsed();
    if age <= LIVE_WITHIN {
        probe(&Ok(()))
    } else {
        probe(&Err(format!("the loop has not turned for {} s", age.as_secs())))
    }
}

/// Whether the first configuration is applied. Not peers: a dead one must not make the pod unready.
async fn ready(State(pages): State<Pages>) -> Response {
    probe(&pages.published.borrow().ready)
}

/// Whether FRR's daemons answer, for manifests that probe FRR's container through the agent.
async fn frr_live(State(pages): State<Pages>) -> Response {
    let published = Arc::clone(&pages.published.borrow());
    let node = published.report.as_ref().map(|report| &report.node.status);
    probe(&match node.and_then(|status| status.condition(ConditionType::FrrReachable)) {
        None => Err("FRR was not looked at yet".to_owned()),
        Some(condition) if condition.status == ConditionStatus::True => Ok(()),
        Some(condition) => Err(format!("{}: {}", condition.reason, condition.message)),
    })
}

async fn status(State(pages): State<Pages>) -> Response {
    let published = Arc::clone(&pages.published.borrow());
    let Some(report) = &published.report else {
        return (StatusCode::SERVICE_UNAVAILABLE, "there is no report yet\n").into_response();
    };
    match serde_json::to_string_pretty(&**report) {
        Ok(json) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn probe(result: &Result<(), String>) -> Response {
    match result {
        Ok(()) => "ok\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

// === impl Published ===

impl Published {
    /// Returns what there is before the loop has turned once.
    pub(crate) fn nothing_yet(node: &str) -> Self {
        Self { report: None, ready: Err(format!("{node} was not looked at yet")), ticked_at: Instant::now() }
    }
}
