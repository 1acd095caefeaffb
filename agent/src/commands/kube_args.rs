//! Whether and how Kubernetes is told what happens.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use routelet_status::publish::{Identity, Pod, Settings};

/// The shortest time between two heartbeats: each is a write for the API server, and there are many nodes.
const HEARTBEAT_MIN: Duration = Duration::from_secs(10);

/// The flags of what is told to Kubernetes.
#[derive(Args, Clone, Debug)]
pub(crate) struct KubeArgs {
    /// Whether Kubernetes is told what happens: custom resources and events
    #[arg(long, env = "ROUTELET_KUBE", value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    kube: When,
    /// How the API server is found [default: as kubectl does, or as a pod does]
    #[arg(long, env = "ROUTELET_KUBECONFIG", value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// How often Kubernetes is told that the agent is there; 0 = never
    #[arg(long, env = "ROUTELET_HEARTBEAT", value_name = "DURATION", default_value = "5m", value_parser = heartbeat)]
    heartbeat: Heartbeat,
    /// Give the Node a condition `RoutesLearned`
    #[arg(long, env = "ROUTELET_NODE_CONDITION")]
    node_condition: bool,
    /// The pod that the agent runs in, which gets the events too
    #[arg(long, env = "ROUTELET_POD_NAME", value_name = "NAME", requires = "pod_namespace")]
    pod_name: Option<String>,
    /// The namespace of that pod
    #[arg(long, env = "ROUTELET_POD_NAMESPACE", value_name = "NAMESPACE")]
    pod_namespace: Option<String>,
    /// The UID of that pod, by which `kubectl describe` finds its events
    #[arg(long, env = "ROUTELET_POD_UID", value_name = "UID")]
    pod_uid: Option<String>,
}

/// When Kubernetes is told what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// Inside a pod
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How often; `None` = never.
#[derive(Clone, Copy, Debug)]
struct Heartbeat(Option<Duration>);

// === impl KubeArgs ===

impl KubeArgs {
    /// Returns how `node` is told of; `None` = it is not.
    pub(crate) fn settings(&self, node: &str) -> Option<Settings> {
        // The kubelet sets it in every container.
        let is_in_pod = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        let is_on = match self.kube {
            When::Auto => is_in_pod,
            When::Always => true,
            When::Never => false,
        };
        let pod = self.pod_name.clone().zip(self.pod_namespace.clone());
        is_on.then(|| Settings {
            identity: Identity {
                node: node.to_owned(),
                pod: pod.map(|(name, namespace)| Pod { namespace, name, uid: self.pod_uid.clone() }),
                kubeconfig: self.kubeconfig.clone(),
            },
            heartbeat: self.heartbeat.0,
            with_node_condition: self.node_condition,
            seed: seed(),
        })
    }
}

/// Another number for each start of each agent.
fn seed() -> u64 {
    let now = u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or_default();
    now ^ u64::from(std::process::id()) << 48
}

fn heartbeat(text: &str) -> Result<Heartbeat, String> {
    if text == "0" {
        return Ok(Heartbeat(None));
    }
    let duration: SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    let duration = Duration::try_from(duration).map_err(|error| error.to_string())?;
    if duration.is_zero() {
        Ok(Heartbeat(None))
    } else if duration < HEARTBEAT_MIN {
        Err(format!("at least {} s, or 0 for never", HEARTBEAT_MIN.as_secs()))
    } else {
        Ok(Heartbeat(Some(duration)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: u64) {
        let every = heartbeat(text).unwrap().0.unwrap_or_default();
        assert_eq!(every.as_secs(), want, "{text}");
    }

    #[test]
    fn a_heartbeat_is_a_duration_or_off() {
        check("5m", 300);
        check("90s", 90);
        check("1h30m", 5400);
        check("0", 0);
        check("0s", 0);
        for text in ["1s", "-5m", "often"] {
            assert!(heartbeat(text).is_err(), "{text}");
        }
    }
}
