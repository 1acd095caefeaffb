//! Prometheus metrics, from the same snapshot as the status: a scrape asks FRR nothing.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use frr_driver::clear::ClearKind;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounterVec, Registry, TextEncoder};
use routelet_status::{
    publish::Counted,
    snapshot::{ApplyResult, Snapshot},
};

mod node;
mod series;
mod session;
#[cfg(test)]
mod tests;

use self::{
    node::NodeMetrics,
    series::{Series, counters, registered},
    session::SessionMetrics,
};

/// From an unchanged small file to a thousand prefix-list lines on 8.4.4 (52 s); seconds.
const APPLY_BUCKETS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// From a route refresh to a session that waits for its peer to connect (120 s); seconds.
const CLEAR_BUCKETS: [f64; 8] = [0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0];

/// All metrics of the agent.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Held while a snapshot is taken over, not while metrics are gathered.
    observed: Mutex<(SessionMetrics, NodeMetrics)>,
    applies: IntCounterVec,
    apply_duration: Histogram,
    clears: IntCounterVec,
    clear_duration: HistogramVec,
    rejections: IntCounterVec,
    drifts: IntCounterVec,
    kube_writes: IntCounterVec,
    kube_events: IntCounterVec,
}

// === impl Metrics ===

impl Metrics {
    /// Creates all families. Counters whose labels are known begin at 0.
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let build =
            Series::register(&registry, "routelet_build_info", "The version of the agent.", &["version"])?;
        build.fixed(&[env!("CARGO_PKG_VERSION")]);
        let applies =
            counters(&registry, "routelet_config_applies_total", "Applies, by how they ended.", &["result"])?;
        for result in ApplyResult::ALL {
            applies.with_label_values(&[result.as_str()]);
        }
        let duration = HistogramOpts::new("routelet_config_apply_duration_seconds", "How long applies took.");
        let observed = Mutex::new((SessionMetrics::register(&registry)?, NodeMetrics::register(&registry)?));
        Ok(Self {
            observed,
            applies,
            apply_duration: registered(
                &registry,
                Histogram::with_opts(duration.buckets(APPLY_BUCKETS.into()))?,
            )?,
            clears: counters(
                &registry,
                "routelet_bgp_clears_total",
                "Clears of BGP sessions, by what bgpd made of them.",
                &["kind", "result"],
            )?,
            clear_duration: registered(
                &registry,
                HistogramVec::new(
                    HistogramOpts::new(
                        "routelet_bgp_clear_duration_seconds",
                        "How long it took from a clear until it was proven that the policy is in effect.",
                    )
                    .buckets(CLEAR_BUCKETS.into()),
                    &["kind"],
                )?,
            )?,
            rejections: counters(
                &registry,
                "routelet_source_rejections_total",
                "How often a new version of a source was refused.",
                &["source"],
            )?,
            drifts: counters(
                &registry,
                "routelet_config_drifts_total",
                "How often somebody else had changed FRR, by what was done about it.",
                &["action"],
            )?,
            kube_writes: counters(
                &registry,
                "routelet_kube_writes_total",
                "Writes of custom resources to Kubernetes, by how they ended.",
                &["result"],
            )?,
            kube_events: counters(
                &registry,
                "routelet_kube_events_total",
                "Events for Kubernetes, by whether they were written or left out.",
                &["result"],
            )?,
            registry,
        })
    }

    /// Sets all gauges to what `snapshot` knows; what it does not have any more goes away.
    pub(crate) fn update(&self, snapshot: &Snapshot) {
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        let (sessions, node) = &mut *observed;
        sessions.update(snapshot);
        node.update(snapshot);
    }

    /// Counts an apply.
    pub(crate) fn applied(&self, result: ApplyResult, duration: Duration) {
        self.applies.with_label_values(&[result.as_str()]).inc();
        self.apply_duration.observe(duration.as_secs_f64());
    }

    /// Counts a clear, and whether bgpd took it.
    pub(crate) fn cleared(&self, kind: ClearKind, is_sent: bool) {
        let result = if is_sent { "sent" } else { "refused" };
        self.clears.with_label_values(&[kind.as_str(), result]).inc();
    }

    /// Notes how long it took until a clear was proven to have helped.
    pub(crate) fn clear_took(&self, kind: ClearKind, took: Duration) {
        self.clear_duration.with_label_values(&[kind.as_str()]).observe(took.as_secs_f64());
    }

    /// Counts a refused version of the source of that name.
    pub(crate) fn rejected(&self, source: &str) {
        self.rejections.with_label_values(&[source]).inc();
    }

    /// Counts a change that somebody else made in FRR.
    pub(crate) fn drifted(&self, is_repaired: bool) {
        let action = if is_repaired { "repaired" } else { "reported" };
        self.drifts.with_label_values(&[action]).inc();
    }

    /// Counts what Kubernetes was told.
    pub(crate) fn told_kubernetes(&self, counted: Counted) {
        let (family, result) = match counted {
            Counted::Written => (&self.kube_writes, "written"),
            Counted::Failed => (&self.kube_writes, "failed"),
            Counted::EventWritten => (&self.kube_events, "written"),
            Counted::EventLeftOut => (&self.kube_events, "left_out"),
        };
        family.with_label_values(&[result]).inc();
    }

    /// Returns all metrics in Prometheus' text format.
    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}
