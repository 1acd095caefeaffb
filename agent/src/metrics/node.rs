//! The metrics of the node: FRR, sources, configuration, learned routes.

use prometheus::{Gauge, Registry};
use routelet_status::{
    node::GATEWAYS_MAX,
    snapshot::{DaemonState, LearnedRoutes, Snapshot},
};

use super::series::{Series, bit, count, gauge, seconds};

#[derive(Debug)]
pub(super) struct NodeMetrics {
    observed_at: Gauge,
    frr_up: Series,
    frr_info: Series,
    source_accepted: Series,
    in_sync: Gauge,
    generation_info: Series,
    applied_at: Gauge,
    apply_success: Gauge,
    fib_routes: Series,
    gateway_routes: Series,
}

// === impl NodeMetrics ===

impl NodeMetrics {
    pub(super) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let series = |name: &str, help: &str, labels: &[&str]| Series::register(registry, name, help, labels);
        let gauge = |name: &str, help: &str| gauge(registry, name, help);
        let metrics = Self {
            observed_at: gauge(
                "routelet_last_observation_timestamp_seconds",
                "When the agent looked at FRR the last time; what it says of FRR is from then.",
            )?,
            frr_up: series(
                "routelet_frr_up",
                "Whether the daemon of FRR answers (1) or not (0).",
                &["daemon"],
            )?,
            frr_info: series("routelet_frr_info", "The version of FRR.", &["version"])?,
            source_accepted: series(
                "routelet_source_accepted",
                "Whether the mounted version of the source is in force (1) or was refused (0).",
                &["source"],
            )?,
            in_sync: gauge(
                "routelet_config_in_sync",
                "Whether FRR runs the desired configuration (1) or not (0).",
            )?,
            generation_info: series(
                "routelet_config_generation_info",
                "The generation of the configuration that FRR runs.",
                &["generation"],
            )?,
            applied_at: gauge(
                "routelet_config_last_apply_timestamp_seconds",
                "When the configuration that FRR runs was applied; 0 before the first.",
            )?,
            apply_success: gauge(
                "routelet_config_last_apply_success",
                "Whether the last apply succeeded (1) or not (0); 1 before the first.",
            )?,
            fib_routes: series(
                "routelet_fib_routes",
                "Prefixes in the kernel that were learned by BGP.",
                &["afi_safi"],
            )?,
            gateway_routes: series(
                "routelet_fib_gateway_routes",
                "Prefixes in the kernel that were learned by BGP, by next hop; the 64 most used.",
                &["afi_safi", "next_hop", "interface"],
            )?,
        };
        metrics.apply_success.set(1.0);
        Ok(metrics)
    }

    /// Sets all gauges to what `snapshot` knows.
    pub(super) fn update(&mut self, snapshot: &Snapshot) {
        self.observed_at.set(seconds(snapshot.now));
        self.config(snapshot);
        if let Some(frr) = &snapshot.frr {
            let daemons = frr.daemons.iter();
            let is_up = |state: &DaemonState| bit(*state == DaemonState::Up);
            self.frr_up
                .replace(daemons.map(|(name, state)| (vec![name.to_string()], is_up(state))).collect());
            self.frr_info.replace(frr.version.iter().map(|version| (vec![version.clone()], 1.0)).collect());
        }
        if let Some(routes) = &snapshot.routes {
            self.routes(routes);
        }
    }

    fn config(&mut self, snapshot: &Snapshot) {
        let config = &snapshot.config;
        self.in_sync.set(bit(config.generation.is_some() && config.generation == config.applied_generation));
        let generation = config.applied_generation.iter();
        self.generation_info.replace(generation.map(|digest| (vec![digest.clone()], 1.0)).collect());
        if let Some(applied_at) = config.applied_at {
            self.applied_at.set(seconds(applied_at));
        }
        if let Some(result) = config.result {
            self.apply_success.set(bit(result.is_success()));
        }
        let sources = snapshot.sources.iter().flatten();
        self.source_accepted
            .replace(sources.map(|source| (vec![source.name.clone()], bit(source.accepted))).collect());
    }

    fn routes(&mut self, routes: &LearnedRoutes) {
        let families = [("ipv4-unicast", routes.ipv4), ("ipv6-unicast", routes.ipv6)];
        self.fib_routes
            .replace(families.map(|(family, number)| (vec![family.to_owned()], count(number))).into());
        let mut gateways: Vec<_> = routes.gateways.iter().collect();
        gateways.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then(a.cmp(b)));
        let values = gateways.into_iter().take(GATEWAYS_MAX).map(|(gateway, number)| {
            let next_hop = gateway.next_hop.map_or_else(String::new, |address| address.to_string());
            let interface = gateway.interface.clone().unwrap_or_default();
            (vec![gateway.family.to_string(), next_hop, interface], count(*number))
        });
        self.gateway_routes.replace(values.collect());
    }
}
