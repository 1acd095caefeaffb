//! Reads the sources as they are now: bounded, never blocking on what is no file, never two versions of one mount.

use std::collections::BTreeSet;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::error::BadLines;
use super::mount::Mounts;
use super::{Digest, Policy, ReadError, Reading, SourceFile, SourceSpec, Sources};

/// The most bytes in a file, and in all files of a directory: four times what a `ConfigMap` can hold.
pub(crate) const FILE_BYTES_MAX: u64 = 4 << 20;

/// The most files in a directory: far more than anybody keeps, far less than hurts.
pub(crate) const DIRECTORY_FILES_MAX: usize = 256;

/// How often a pass is repeated when something changed under it: a pass takes well under a millisecond, a swap
/// happens at most a few times a minute.
const READ_ATTEMPTS: usize = 5;

/// Reads one source.
#[cfg(test)]
pub(crate) fn read(spec: &SourceSpec) -> Reading {
    let mut readings = read_all(std::slice::from_ref(spec)).readings;
    readings.pop().map_or(Reading::Missing, |(_, reading)| reading)
}

/// Reads all sources; what lies in one mount comes from one version of it.
///
/// Blocks for as long as the file system does.
pub(crate) fn read_all(specs: &[SourceSpec]) -> Sources {
    let mut attempt = 1;
    loop {
        let (mut readings, swapped) = pass(specs);
        let torn = readings.iter().any(Reading::is_unsettled);
        if (swapped.is_empty() && !torn) || attempt == READ_ATTEMPTS {
            for (reading, mount) in readings.iter_mut().zip(swapped) {
                if let Some(path) = mount {
                    *reading = Reading::Unreadable(vec![ReadError::Unsettled { path }]);
                }
            }
            return Sources::new(specs.iter().cloned().zip(readings).collect());
        }
        attempt += 1;
    }
}

/// Reads every source once; also tells for each the mount that was swapped meanwhile: nothing at all if none was.
fn pass(specs: &[SourceSpec]) -> (Vec<Reading>, Vec<Option<PathBuf>>) {
    let mut mounts = Mounts::default();
    let mut used = Vec::new();
    let mut readings = Vec::new();
    for spec in specs {
        let resolved = mounts.resolve(&spec.path);
        readings.push(read_source(spec, &resolved.path));
        used.push(resolved.mount);
    }
    let swapped: BTreeSet<PathBuf> = mounts.swapped();
    if swapped.is_empty() {
        return (readings, Vec::new());
    }
    (readings, used.into_iter().map(|mount| mount.filter(|mount| swapped.contains(mount))).collect())
}

fn read_source(spec: &SourceSpec, path: &Path) -> Reading {
    let result = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Reading::Missing,
        Err(error) => Err(vec![ReadError::from_io(path, error)]),
        Ok(metadata) if !metadata.is_dir() => {
            let mut budget = FILE_BYTES_MAX;
            read_file(path, spec.name.clone(), &mut budget).map(|file| file.into_iter().collect())
        }
        Ok(_) if spec.policy == Policy::Base => Err(vec![ReadError::Directory { path: path.to_owned() }]),
        Ok(_) => read_directory(spec, path),
    };
    match result {
        Ok(files) if files.is_empty() && !path.is_dir() => Reading::Missing,
        Ok(files) => Reading::Present(files),
        Err(errors) => Reading::Unreadable(errors),
    }
}

/// Reads the visible regular files of a directory in name order.
fn read_directory(spec: &SourceSpec, path: &Path) -> Result<Vec<SourceFile>, Vec<ReadError>> {
    let names = list(path).map_err(|error| vec![error])?;
    let mut budget = FILE_BYTES_MAX;
    let mut files = Vec::new();
    let mut errors = Vec::new();
    for name in names {
        let label = format!("{}/{}", spec.name, name.to_string_lossy().escape_debug());
        match read_file(&path.join(&name), label, &mut budget) {
            Ok(file) => files.extend(file),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(files) } else { Err(errors) }
}

/// Lists the visible regular files of a directory in name order.
fn list(path: &Path) -> Result<BTreeSet<std::ffi::OsString>, ReadError> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(path).map_err(|error| ReadError::from_io(path, error))? {
        let name = entry.map_err(|error| ReadError::from_io(path, error))?.file_name();
        // Asking the path and not the entry follows a link; a link that leads nowhere is no file.
        let is_file = || std::fs::metadata(path.join(&name)).is_ok_and(|metadata| metadata.is_file());
        if name.as_encoded_bytes().starts_with(b".") || !is_file() {
            continue;
        }
        if names.len() == DIRECTORY_FILES_MAX {
            return Err(ReadError::TooManyFiles { path: path.to_owned() });
        }
        names.insert(name);
    }
    Ok(names)
}

/// Reads one text file and takes its size from the budget; nothing if it is gone.
fn read_file(path: &Path, label: String, budget: &mut u64) -> Result<Option<SourceFile>, Vec<ReadError>> {
    let bytes = match read_bytes(path, *budget) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(None),
        Err(error) => return Err(vec![error]),
    };
    *budget = budget.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    let text = as_text(path, &label, bytes)?;
    let digest = Digest::of(text.as_bytes());
    Ok(Some(SourceFile { label, path: path.to_owned(), text, digest }))
}

/// Reads at most `limit` bytes of a regular file; nothing if it is gone.
fn read_bytes(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, ReadError> {
    let io = |error| ReadError::from_io(path, error);
    let Some(mut file) = open(path)? else { return Ok(None) };
    let before = file.metadata().map_err(io)?;
    let mut bytes = Vec::new();
    file.by_ref().take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(ReadError::TooLarge { path: path.to_owned() });
    }
    let after = file.metadata().map_err(io)?;
    if version(&before) != version(&after) {
        return Err(ReadError::Unsettled { path: path.to_owned() });
    }
    Ok(Some(bytes))
}

/// Opens a regular file, and nothing else: a FIFO would block, a device might do something.
fn open(path: &Path) -> Result<Option<File>, ReadError> {
    let regular = |metadata: &Metadata| {
        if metadata.is_file() { Ok(()) } else { Err(ReadError::NotRegular { path: path.to_owned() }) }
    };
    let io = |error| ReadError::from_io(path, error);
    let opened = std::fs::metadata(path).map_err(io).and_then(|metadata| {
        regular(&metadata)?;
        // It may have become a FIFO since.
        let flags = (OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits();
        OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(io)
    });
    match opened {
        Ok(file) => {
            regular(&file.metadata().map_err(io)?)?;
            Ok(Some(file))
        }
        Err(ReadError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What differs between two versions of a file that is written in place.
fn version(metadata: &Metadata) -> (u64, Option<std::time::SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

/// Takes the bytes as text, or tells every line that is none.
fn as_text(path: &Path, label: &str, bytes: Vec<u8>) -> Result<String, Vec<ReadError>> {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => return Ok(text),
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let mut not_utf8 = BadLines::default();
    let mut nul = BadLines::default();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if std::str::from_utf8(line).is_err() {
            not_utf8.add(index + 1);
        }
        if line.contains(&0) {
            nul.add(index + 1);
        }
    }
    let (label, path) = (label.to_owned(), path.to_owned());
    let mut errors = Vec::new();
    if !not_utf8.numbers.is_empty() {
        errors.push(ReadError::NotUtf8 { label: label.clone(), path: path.clone(), lines: not_utf8 });
    }
    if !nul.numbers.is_empty() {
        errors.push(ReadError::NulByte { label, path, lines: nul });
    }
    Err(errors)
}

// === impl Reading ===

impl Reading {
    /// Whether a file changed while it was read.
    fn is_unsettled(&self) -> bool {
        let unsettled = |error: &ReadError| matches!(error, ReadError::Unsettled { .. });
        matches!(self, Self::Unreadable(errors) if errors.iter().any(unsettled))
    }
}

#[cfg(test)]
mod tests;
