//! Why something that is there cannot be read as configuration.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::read::{DIRECTORY_FILES_MAX, FILE_BYTES_MAX};

/// How many line numbers an error names: a binary file has thousands of bad lines, and nobody reads them.
pub(super) const LINES_NAMED_MAX: usize = 64;

/// Why a source cannot be read, naming the path.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The bytes are no text.
    #[error("{} is not UTF-8 on {lines}", path.display())]
    NotUtf8 {
        /// The label of the file.
        label: String,
        /// Which file.
        path: PathBuf,
        /// Which lines.
        lines: BadLines,
    },
    /// FRR's C strings would end there.
    #[error("{} has a NUL byte on {lines}", path.display())]
    NulByte {
        /// The label of the file.
        label: String,
        /// Which file.
        path: PathBuf,
        /// Which lines.
        lines: BadLines,
    },
    /// The file, or all files of the directory together, are longer than the limit.
    #[error("{} is larger than {} MiB", path.display(), FILE_BYTES_MAX >> 20)]
    TooLarge {
        /// Which file or directory.
        path: PathBuf,
    },
    /// The directory has more files than the limit.
    #[error("{} has more than {DIRECTORY_FILES_MAX} files", path.display())]
    TooManyFiles {
        /// Which directory.
        path: PathBuf,
    },
    /// A directory where a file is meant.
    #[error("{} is a directory, not a file", path.display())]
    Directory {
        /// Which one.
        path: PathBuf,
    },
    /// A FIFO, a socket or a device: opening or reading it could block for ever.
    #[error("{} is not a regular file", path.display())]
    NotRegular {
        /// Which one.
        path: PathBuf,
    },
    /// The agent may not read it.
    #[error("no permission to read {}", path.display())]
    NoPermission {
        /// What may not be read.
        path: PathBuf,
    },
    /// The file or mount was being changed every time that it was read.
    #[error("{} keeps changing while it is read", path.display())]
    Unsettled {
        /// What kept changing.
        path: PathBuf,
    },
    /// Anything else.
    #[error("cannot read {}", path.display())]
    Io {
        /// What cannot be read.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The lines of a file with something wrong, in order; never empty, and bounded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct BadLines {
    /// The numbers of the first lines, counted from 1.
    pub(crate) numbers: Vec<usize>,
    /// How many more there are.
    pub(crate) more: usize,
}

// === impl ReadError ===

impl ReadError {
    /// Sorts the error of a system call on `path`.
    pub(super) fn from_io(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        if source.kind() == io::ErrorKind::PermissionDenied {
            return Self::NoPermission { path };
        }
        Self::Io { path, source }
    }

    /// Which error this is, for the digest: the message and its cause.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::Io { source, .. } => format!("{self}: {source}"),
            Self::NotUtf8 { .. }
            | Self::NulByte { .. }
            | Self::TooLarge { .. }
            | Self::TooManyFiles { .. }
            | Self::Directory { .. }
            | Self::NotRegular { .. }
            | Self::NoPermission { .. }
            | Self::Unsettled { .. } => self.to_string(),
        }
    }
}

// === impl BadLines ===

impl BadLines {
    /// Adds the line with this number.
    pub(super) fn add(&mut self, number: usize) {
        if self.numbers.len() < LINES_NAMED_MAX {
            self.numbers.push(number);
        } else {
            self.more += 1;
        }
    }
}

impl fmt::Display for BadLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.numbers.len() == 1 { "line" } else { "lines" })?;
        for (index, number) in self.numbers.iter().enumerate() {
            write!(f, "{} {number}", if index == 0 { "" } else { "," })?;
        }
        if self.more > 0 {
            write!(f, " and {} more", self.more)?;
        }
        Ok(())
    }
}
