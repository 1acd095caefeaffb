//! Why the API server does not take something, in words that help, and said once.

use std::{error::Error as _, fmt, time::Duration};

use kube::Error;
use tracing::{info, warn};

use super::outbox::{Outcome, Uptime};

#[cfg(test)]
mod tests;

/// An API call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It took too long.
    TimedOut(Duration),
    /// There is no configuration to find the API server by, or it cannot be read.
    NotConfigured(String),
    /// No answer.
    Unreachable(String),
    /// The token is unknown, or has expired.
    Unauthorized(String),
    /// A role or an admission policy forbids it.
    Forbidden(String),
    /// The object, or its kind, is not there.
    NotFound(String),
    /// The object is there already.
    Exists,
    /// The definitions of the custom resources are not installed.
    NotDefined,
    /// The content does not fit the definition: it is of another version.
    Invalid(String),
    /// Too many requests, an error of its own, ….
    Busy { message: String, retry_after: Duration },
}

/// Says what is wrong when that changes, and when it is over.
#[derive(Debug)]
pub(crate) struct Teller {
    /// What that means.
    meaning: &'static str,
    told: Option<(Trouble, Uptime)>,
    attempts: u64,
}

// === impl Trouble ===

impl Trouble {
    /// What that means for a write.
    pub(crate) fn outcome(&self) -> Outcome {
        let failed = |is_refusal, at_least| Outcome::Failed { is_refusal, at_least };
        match self {
            Self::NotFound(_) => Outcome::Gone,
            Self::Invalid(_) | Self::Exists => Outcome::Invalid,
            // What is too slow has too much to do: it does not get better by being asked again.
            Self::Unauthorized(_) | Self::Forbidden(_) | Self::NotConfigured(_) | Self::TimedOut(_) => {
                failed(true, Duration::ZERO)
            }
            // A server that lost its data has no definitions for some time.
            Self::Unreachable(_) | Self::NotDefined => failed(false, Duration::ZERO),
            Self::Busy { retry_after, .. } => failed(true, *retry_after),
        }
    }

    /// Whether an event is not taken for a reason that does not concern the objects: rights are given apart.
    pub(crate) fn concerns_events_alone(&self) -> bool {
        matches!(
            self,
            Self::Forbidden(_) | Self::NotFound(_) | Self::NotDefined | Self::Invalid(_) | Self::Exists
        )
    }

    /// Whether a new connection, with the token that is there now, may help.
    pub(crate) fn wants_new_client(&self) -> bool {
        matches!(self, Self::Unauthorized(_) | Self::NotConfigured(_))
    }

    /// Whether it is the same trouble, whatever the words.
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl From<Error> for Trouble {
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others say that there was no answer")]
    fn from(error: Error) -> Self {
        match error {
            Error::Api(status) => {
                let message = status.message.clone();
                match status.code {
                    401 => Self::Unauthorized(message),
                    403 => Self::Forbidden(message),
                    // The path itself is unknown, not the object.
                    404 if status.details.as_ref().is_none_or(|details| details.name.is_empty()) => {
                        Self::NotDefined
                    }
                    404 => Self::NotFound(message),
                    409 if status.reason == "AlreadyExists" => Self::Exists,
                    400 | 413 | 422 => Self::Invalid(message),
                    _ => {
                        let retry_after =
                            status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
                        Self::Busy { message, retry_after: Duration::from_secs(u64::from(retry_after)) }
                    }
                }
            }
            Error::InferConfig(_) | Error::InferKubeconfig(_) | Error::Auth(_) => {
                Self::NotConfigured(with_causes(&error))
            }
            _ => Self::Unreachable(with_causes(&error)),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(after) => write!(f, "no answer within {} s", after.as_secs()),
            Self::NotConfigured(why) => write!(f, "no way to the API server: {why}"),
            Self::Unreachable(why) => write!(f, "the API server does not answer: {why}"),
            Self::Unauthorized(why) => write!(f, "the token is not accepted, has it expired? {why}"),
            Self::Forbidden(why) => write!(f, "not allowed, are the roles of deploy/rbac installed? {why}"),
            Self::NotFound(what) => write!(f, "gone: {what}"),
            Self::NotDefined => f.write_str(
                "the custom resources are not defined: `routelet crd | kubectl apply -f -` defines them",
            ),
            Self::Exists => f.write_str("there already"),
            Self::Invalid(why) => {
                write!(f, "not taken; are the definitions those that `routelet crd` prints? {why}")
            }
            Self::Busy { message, .. } => write!(f, "the API server refuses: {message}"),
        }
    }
}

/// An error with its causes: its own words often say nothing (`ServiceError`).
fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

// === impl Teller ===

impl Teller {
    /// Returns one that says this of each trouble.
    pub(crate) fn new(meaning: &'static str) -> Self {
        Self { meaning, told: None, attempts: 0 }
    }

    /// Logs a failure, once per trouble.
    pub(crate) fn failed(&mut self, trouble: &Trouble, now: Uptime) {
        self.attempts += 1;
        if self.told.as_ref().is_some_and(|(told, _)| told.is_like(trouble)) {
            return;
        }
        warn!(reason = %trouble, "{}", self.meaning);
        let since = self.told.as_ref().map_or(now, |(_, since)| *since);
        self.told = Some((trouble.clone(), since));
    }

    /// Logs the end of the trouble.
    pub(crate) fn succeeded(&mut self, now: Uptime) {
        if let Some((_, since)) = self.told.take() {
            let seconds = now.saturating_sub(since).as_secs();
            info!(seconds, failures = self.attempts, "Kubernetes is told again what happens");
        }
        self.attempts = 0;
    }
}
