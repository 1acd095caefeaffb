//! What can go wrong with the state directory.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why the state cannot be kept or read back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Another agent runs on the directory.
    #[error("{} is held by another agent{}", path.display(), holder_of(*holder))]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Its process, as it is numbered in its own process namespace.
        holder: Option<u32>,
    },
    /// The directory belongs to somebody else, who could read and replace what is in it.
    #[error("{} belongs to user {owner}: make a directory below it the state directory", path.display())]
    Foreign {
        /// Which directory.
        path: PathBuf,
        /// The owner.
        owner: u32,
    },
    /// A source or generation has a name that cannot be a file name.
    #[error("`{0}` cannot be the name of a file in the state directory")]
    Name(String),
    /// What is on the disk is not what was written.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The disk is full, read-only, or failing.
    #[error("cannot {operation} {}", path.display())]
    Io {
        /// What was tried.
        operation: Operation,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// What was tried on a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    MakeDirectory,
    Inspect,
    Restrict,
    Lock,
    List,
    Read,
    Write,
    Replace,
    Remove,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MakeDirectory => "make directory",
            Self::Inspect => "inspect",
            Self::Restrict => "restrict access to",
            Self::Lock => "lock",
            Self::List => "list",
            Self::Read => "read",
            Self::Write => "write",
            Self::Replace => "replace",
            Self::Remove => "remove",
        })
    }
}

fn holder_of(holder: Option<u32>) -> String {
    holder.map(|process| format!(", process {process}")).unwrap_or_default()
}
