//! The ways to bring a configuration into FRR that are compared, and what one run of them took.

use std::time::Duration;

use crate::error::BenchError;

/// A way to bring a configuration into FRR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// What the reloader of frr-k8s and `MetalLB` does: `--test`, then `--reload --overwrite`.
    FrrK8s,
    /// The agent with `--engine frr-reload`.
    RouteletReload,
    /// The agent as it is.
    Routelet,
    /// The fewest lines, known beforehand, in one `vtysh -f`: nothing can be faster.
    ByHand,
    /// `frr-reload.py --reload` and nothing else.
    FrrReload,
}

/// What one run took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) time: Duration,
    /// User and system time of all processes that were started; not known of the agent.
    pub(crate) cpu: Duration,
    /// What the agent changed FRR with.
    pub(crate) engine: Option<String>,
}

/// The file of the reloader in the pods of frr-k8s.
pub(crate) const RELOADER_FILE: &str = "/etc/frr_reloader/frr.conf";

/// The file with lines for `vtysh -f`.
pub(crate) const HAND_FILE: &str = "/etc/frr_reloader/delta.conf";

/// What the reloader runs for each change (frr-k8s `cmd/reloader/frr-reloader.sh`).
const FRR_K8S: &str = "python3 /usr/lib/frr/frr-reload.py --test --stdout $file && \
                       python3 /usr/lib/frr/frr-reload.py --reload --overwrite --stdout $file";

const FRR_RELOAD: &str = "python3 /usr/lib/frr/frr-reload.py --reload --stdout $file";

const BY_HAND: &str = "vtysh -f $file";

// === impl Way ===

impl Way {
    /// Every way, in the order of the table.
    pub(crate) const ALL: [Self; 5] =
        [Self::FrrK8s, Self::RouteletReload, Self::Routelet, Self::ByHand, Self::FrrReload];

    /// Its name in the table and in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FrrK8s => "frr-k8s",
            Self::RouteletReload => "routelet-frr-reload",
            Self::Routelet => "routelet",
            Self::ByHand => "by-hand",
            Self::FrrReload => "frr-reload",
        }
    }

    /// The node where it is used: each has an FRR of its own, for an agent undoes what others do.
    pub(crate) fn node(self) -> &'static str {
        match self {
            Self::FrrK8s | Self::FrrReload => "reloader",
            Self::RouteletReload => "reload",
            Self::Routelet => "auto",
            Self::ByHand => "hand",
        }
    }

    /// The agent's engine; `None` where there is no agent.
    pub(crate) fn engine(self) -> Option<&'static str> {
        match self {
            Self::RouteletReload => Some("frr-reload"),
            Self::Routelet => Some("auto"),
            Self::FrrK8s | Self::ByHand | Self::FrrReload => None,
        }
    }

    /// The command that does it, and the file that it reads.
    pub(crate) fn command(self) -> Option<(Vec<String>, &'static str)> {
        let (work, file) = match self {
            Self::FrrK8s => (FRR_K8S, RELOADER_FILE),
            Self::FrrReload => (FRR_RELOAD, RELOADER_FILE),
            Self::ByHand => (BY_HAND, HAND_FILE),
            Self::RouteletReload | Self::Routelet => return None,
        };
        // The shell's own `time` counts all processes that were waited for; its line is the last one.
        let script = format!(
            "file=$1; TIMEFORMAT='%R %U %S'; time {{ {work}; }} >/tmp/bench.log 2>&1; code=$?; \
             [ $code = 0 ] || tail -n 40 /tmp/bench.log >&2; exit $code"
        );
        Some((["bash", "-c", &script, "bench", file].map(str::to_owned).to_vec(), file))
    }
}

// === impl Sample ===

impl Sample {
    /// Reads what the shell's `time` printed: real, user and system time in seconds.
    pub(crate) fn parse(text: &str) -> Result<Self, BenchError> {
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match numbers.as_slice() {
            [real, user, system] => Ok(Self {
                time: Duration::from_secs_f64(*real),
                cpu: Duration::from_secs_f64(user + system),
                engine: None,
            }),
            _ => Err(BenchError::Unreadable { what: "time of the shell".to_owned(), text: text.to_owned() }),
        }
    }
}
