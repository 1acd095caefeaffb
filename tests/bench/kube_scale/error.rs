//! What can keep a measurement from being one.

use std::io;

use routelet_tests::lab::LabError;

/// A measurement that could not be made: the run ends with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScaleError {
    /// The lab failed.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The API server did not answer the benchmark itself.
    #[error("{what}")]
    Kube {
        /// What was asked of it.
        what: String,
        /// What the client said.
        #[source]
        source: Box<kube::Error>,
    },
    /// What shall be measured was not understood.
    #[error("{0}")]
    Selection(String),
    /// An answer did not have the expected form.
    #[error("cannot read {what}: {text:?}")]
    Unreadable {
        /// Who answered.
        what: String,
        /// The answer.
        text: String,
    },
    /// A task of the benchmark died.
    #[error("a task died")]
    Task(#[from] tokio::task::JoinError),
    /// The system refused something.
    #[error("{what}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl ScaleError {
    /// Returns what turns an error of the client into one that names what was asked.
    pub(crate) fn kube(what: &str) -> impl FnOnce(kube::Error) -> Self {
        let what = what.to_owned();
        |source| Self::Kube { what, source: Box::new(source) }
    }

    /// Returns what turns an error of the system into one that names what was tried.
    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |source| Self::System { what, source }
    }
}
