//! What the command line says about a source.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The longest name: it becomes a part of file names and of status fields.
const NAME_BYTES_MAX: usize = 63;

/// The name of the one source that is no contribution.
const BASE: &str = "base";

/// The key of the mounted `ConfigMap` that holds the extras, and the name of that source.
const EXTRAS: &str = "extras";

/// One source of configuration: a name, a place, and what it may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceSpec {
    /// Unique; letters, digits, `.`, `_` and `-`, at most 63, not led by a dot.
    pub(crate) name: String,
    /// A file, or for a contribution also a directory of files.
    pub(crate) path: PathBuf,
    /// What this source may say.
    pub(crate) policy: Policy,
}

/// What a source may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The node's whole configuration.
    Base,
    /// Prefix-lists, and the entry `permit 20` of the peers' inbound route-maps.
    Extras,
    /// Anything but what belongs to the agent or the host.
    Full,
}

/// What is wrong with a source on the command line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpecError {
    /// There is no `=`.
    #[error("`{0}` is not NAME=PATH[,policy=extras|full]")]
    NotAssigned(String),
    /// The name cannot be a file name.
    #[error(
        "`{0}` cannot be the name of a source: letters, digits, `.`, `_` and `-` only, at most {NAME_BYTES_MAX}, \
         no dot in front"
    )]
    Name(String),
    /// The name belongs to `--base`.
    #[error("`{BASE}` is the name of the base, a contribution needs another")]
    NameOfBase,
    /// There is nothing between `=` and `,`.
    #[error("contribution `{0}` has no path")]
    NoPath(String),
    /// Something other than `policy=` stands after a comma; a path cannot have a comma for that reason.
    #[error(
        "contribution `{name}` has the unknown option `{option}`, only `policy=extras|full` may follow a comma"
    )]
    UnknownOption {
        /// Which contribution.
        name: String,
        /// What stands there.
        option: String,
    },
    /// `policy=` is there more than once.
    #[error("contribution `{0}` has more than one policy")]
    PolicyTwice(String),
    /// The policy is not one that a contribution can have.
    #[error("contribution `{name}` cannot have the policy `{policy}`, only `extras` or `full`")]
    Policy {
        /// Which contribution.
        name: String,
        /// What stands there.
        policy: String,
    },
    /// Two sources have one name.
    #[error("there are two sources called `{0}`")]
    NameTwice(String),
}

/// Checks that no two sources share a name.
pub(crate) fn check_names(specs: &[SourceSpec]) -> Result<(), SpecError> {
    let mut names = BTreeSet::new();
    match specs.iter().find(|spec| !names.insert(spec.name.as_str())) {
        Some(spec) => Err(SpecError::NameTwice(spec.name.clone())),
        None => Ok(()),
    }
}

/// Whether `name` can be the name of a source, and of a file.
pub(crate) fn is_source_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=NAME_BYTES_MAX).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(allowed)
}

// === impl SourceSpec ===

impl SourceSpec {
    /// The base: `--base FILE`.
    pub(crate) fn base(file: impl Into<PathBuf>) -> Self {
        Self { name: BASE.to_owned(), path: file.into(), policy: Policy::Base }
    }

    /// The contribution in the key `extras` of the `ConfigMap` mounted at `mount`: `--extras PATH`.
    pub(crate) fn extras(mount: &Path) -> Self {
        Self { name: EXTRAS.to_owned(), path: mount.join(EXTRAS), policy: Policy::Extras }
    }
}

impl FromStr for SourceSpec {
    type Err = SpecError;

    /// Parses a contribution, `NAME=PATH[,policy=extras|full]`.
    fn from_str(text: &str) -> Result<Self, SpecError> {
        let (name, rest) = text.split_once('=').ok_or_else(|| SpecError::NotAssigned(text.to_owned()))?;
        if !is_source_name(name) {
            return Err(SpecError::Name(name.to_owned()));
        }
        if name == BASE {
            return Err(SpecError::NameOfBase);
        }
        let name = name.to_owned();
        let mut parts = rest.split(',');
        let path = match parts.next() {
            None | Some("") => return Err(SpecError::NoPath(name)),
            Some(path) => PathBuf::from(path),
        };
        let mut policy = None;
        for option in parts {
            let value = match option.strip_prefix("policy=") {
                Some("extras") => Policy::Extras,
                Some("full") => Policy::Full,
                Some(other) => return Err(SpecError::Policy { name, policy: other.to_owned() }),
                None => return Err(SpecError::UnknownOption { name, option: option.to_owned() }),
            };
            if policy.replace(value).is_some() {
                return Err(SpecError::PolicyTwice(name));
            }
        }
        Ok(Self { name, path, policy: policy.unwrap_or(Policy::Extras) })
    }
}

// === impl Policy ===

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base => "base",
            Self::Extras => "extras",
            Self::Full => "full",
        })
    }
}

#[cfg(test)]
mod tests;
