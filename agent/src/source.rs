//! The mounted configuration: which files there are, what they hold, and when that changes.
//!
//! A source is the base or a contribution. It is read by [`read_all`], which is blocking and knows nothing of
//! watching, and followed by [`watch()`], which sends a new [`Sources`] for every settled change.

mod digest;
mod error;
mod follow;
mod mount;
mod paths;
mod read;
mod spec;
mod watch;

use std::path::PathBuf;

pub(crate) use digest::Digest;
pub(crate) use error::ReadError;
pub(crate) use mount::frozen;
pub(crate) use read::read_all;
pub(crate) use spec::{Policy, SourceSpec, SpecError, check_names};
pub(crate) use watch::{Delivery, watch};

/// What all sources held at one time, in the order of their specifications.
#[derive(Debug)]
pub(crate) struct Sources {
    /// Every source with what was found at its path.
    pub(crate) readings: Vec<(SourceSpec, Reading)>,
    /// Covers names, policies, contents and failures: equal exactly if nothing changed.
    pub(crate) digest: Digest,
}

/// What was found at the path of one source.
#[derive(Debug)]
pub(crate) enum Reading {
    /// Nothing is there: no error for a contribution (an optional `ConfigMap`), and a reason to wait for a base.
    Missing,
    /// The text files, in name order; empty for an empty directory.
    Present(Vec<SourceFile>),
    /// Something is there that is no configuration: every reason, never empty.
    Unreadable(Vec<ReadError>),
}

/// One text file of a source.
pub(crate) struct SourceFile {
    /// How errors name the file: the name of the source, with `/file` behind it if the source is a directory.
    pub(crate) label: String,
    /// Where it was read.
    pub(crate) path: PathBuf,
    /// The whole text, with the line ends it has; it may hold passwords.
    pub(crate) text: String,
    /// Of the text.
    pub(crate) digest: Digest,
}

// === impl Sources ===

impl Sources {
    /// Looks up what was found for the source called `name`.
    #[cfg(test)]
    pub(crate) fn reading(&self, name: &str) -> Option<&Reading> {
        self.readings.iter().find(|(spec, _)| spec.name == name).map(|(_, reading)| reading)
    }

    /// Digests the outcome of every source.
    fn new(readings: Vec<(SourceSpec, Reading)>) -> Self {
        let mut digest = digest::Hasher::default();
        for (spec, reading) in &readings {
            digest.part(spec.name.as_bytes());
            digest.part(spec.policy.to_string().as_bytes());
            match reading {
                Reading::Missing => digest.part(b"missing"),
                Reading::Present(files) => {
                    digest.part(b"present");
                    for file in files {
                        digest.part(file.label.as_bytes());
                        digest.part(file.digest.as_bytes());
                    }
                }
                Reading::Unreadable(errors) => {
                    digest.part(b"unreadable");
                    for error in errors {
                        digest.part(error.identity().as_bytes());
                    }
                }
            }
            digest.part(b"end");
        }
        Self { readings, digest: digest.finish() }
    }
}

// === impl Reading ===

#[cfg(test)]
impl Reading {
    /// Whether there is any text at all: what a file does not have in the middle of a rewrite in place.
    pub(crate) fn has_text(&self) -> bool {
        match self {
            Self::Present(files) => files.iter().any(|file| !file.text.is_empty()),
            Self::Missing | Self::Unreadable(_) => false,
        }
    }
}

// === impl SourceFile ===

impl std::fmt::Debug for SourceFile {
    /// Shows the digest in place of the text, which may hold passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceFile")
            .field("label", &self.label)
            .field("path", &self.path)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
