//! Why the cluster cannot be shown, and what helps.

use std::{io, time::Duration};

use kube::config::KubeconfigError;
use thiserror::Error;

use crate::desired::with_causes;

/// Why the API server did not tell what was asked.
#[derive(Debug, Error)]
pub(super) enum ClusterError {
    /// There is nothing that says where a cluster is.
    #[error(
        "no cluster is configured: {looked}, and this is no pod; say where it is with --kubeconfig FILE or KUBECONFIG"
    )]
    NotConfigured {
        /// Where was looked.
        looked: String,
    },
    /// What says where the cluster is cannot be used.
    #[error("the kubeconfig cannot be used: {0}")]
    Kubeconfig(String),
    /// Nobody answers.
    #[error("the API server {url} cannot be reached: {why}")]
    Unreachable {
        /// Who was asked.
        url: String,
        /// What happened.
        why: String,
    },
    /// Nobody answers in time.
    #[error("the API server {url} did not answer within {} s", after.as_secs())]
    TimedOut {
        /// Who was asked.
        url: String,
        /// How long was waited.
        after: Duration,
    },
    /// The API server does not know who asks.
    #[error("the API server {url} does not know who asks (401): the token or certificate may have expired")]
    Unauthorized {
        /// Who was asked.
        url: String,
    },
    /// The user may not.
    #[error(
        "{message}; it takes a ClusterRole with get, list and watch of bgpnodes and bgpsessions in routelet.io"
    )]
    Forbidden {
        /// Who may not do what, in the API server's words.
        message: String,
    },
    /// The custom resources are not defined.
    #[error("the cluster {url} does not know BGPNode and BGPSession yet: routelet crd | kubectl apply -f -")]
    NotDefined {
        /// Who was asked.
        url: String,
    },
    /// The API server answered something else.
    #[error("the API server {url} answers: {why}")]
    Refused {
        /// Who was asked.
        url: String,
        /// In its words.
        why: String,
    },
    /// The API server forgot what was asked about, as it may; who asks anew is answered.
    #[error("the API server has forgotten this version of the list")]
    Expired,
}

// === impl ClusterError ===

impl ClusterError {
    /// What was wrong with an answer from `url`.
    pub(super) fn answer(url: &str, error: kube::Error) -> Self {
        let url = url.to_owned();
        if matches!(error, kube::Error::SerdeError(_) | kube::Error::FromUtf8(_)) {
            return Self::Refused { url, why: format!("nothing that is understood: {}", cause(&error)) };
        }
        let kube::Error::Api(status) = error else {
            return Self::Unreachable { url, why: cause(&error) };
        };
        match status.code {
            401 => Self::Unauthorized { url },
            403 => Self::Forbidden { message: status.message },
            404 => Self::NotDefined { url },
            410 => Self::Expired,
            _ => Self::Refused { url, why: status.message },
        }
    }

    /// That there is no kubeconfig, if that is what is wrong with it.
    pub(super) fn no_kubeconfig(error: &KubeconfigError) -> Option<Self> {
        let looked = if let KubeconfigError::ReadConfig(error, path) = error
            && error.kind() == io::ErrorKind::NotFound
        {
            format!("there is no {}", path.display())
        } else if matches!(error, KubeconfigError::FindPath) {
            "there is no ~/.kube/config".to_owned()
        } else {
            return None;
        };
        Some(Self::NotConfigured { looked })
    }

    /// What is wrong with a kubeconfig.
    pub(super) fn kubeconfig(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Kubeconfig(with_causes(error))
    }

    /// Whether it may be over without anybody doing anything here.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Refused { .. } | Self::Expired => true,
            Self::NotConfigured { .. }
            | Self::Kubeconfig(_)
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NotDefined { .. } => false,
        }
    }
}

/// The innermost cause: those around it say that a client made a request.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
