//! Families of metrics: gauges whose labels come and go, and shorter ways to create the others.

use std::collections::BTreeMap;

use prometheus::{Gauge, GaugeVec, IntCounterVec, Opts, Registry, core::Collector};

/// Values by the values of their labels.
pub(super) type Values = BTreeMap<Vec<String>, f64>;

/// A family of gauges that has exactly the series of the last update.
#[derive(Debug)]
pub(super) struct Series {
    gauges: GaugeVec,
    present: Values,
}

/// Creates a gauge without labels.
pub(super) fn gauge(registry: &Registry, name: &str, help: &str) -> Result<Gauge, prometheus::Error> {
    registered(registry, Gauge::new(name, help)?)
}

/// Creates a family of counters.
pub(super) fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntCounterVec, prometheus::Error> {
    registered(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

/// Registers `family` and returns it.
pub(super) fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    family: C,
) -> Result<C, prometheus::Error> {
    registry.register(Box::new(family.clone()))?;
    Ok(family)
}

/// 1 for true.
pub(super) fn bit(value: bool) -> f64 {
    f64::from(u8::from(value))
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floats; counts of prefixes stay far below 2^53")]
pub(super) fn count(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floats; seconds stay far below 2^53")]
pub(super) fn seconds(time: jiff::Timestamp) -> f64 {
    time.as_second() as f64
}

// === impl Series ===

impl Series {
    /// Creates an empty family in `registry`.
    pub(super) fn register(
        registry: &Registry,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<Self, prometheus::Error> {
        let gauges = registered(registry, GaugeVec::new(Opts::new(name, help), labels)?)?;
        Ok(Self { gauges, present: Values::new() })
    }

    /// Sets one series that never goes away.
    pub(super) fn fixed(&self, labels: &[&str]) {
        self.gauges.with_label_values(labels).set(1.0);
    }

    /// Sets all of `values`, then removes the others: a scrape in between misses none.
    pub(super) fn replace(&mut self, values: Values) {
        for (labels, value) in &values {
            self.gauges.with_label_values(labels).set(*value);
        }
        for labels in self.present.keys().filter(|labels| !values.contains_key(*labels)) {
            // Absent already is as good.
            let _ = self.gauges.remove_label_values(labels);
        }
        self.present = values;
    }
}
