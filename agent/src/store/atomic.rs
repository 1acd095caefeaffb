//! Files that are replaced as a whole, or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::{Operation, StoreError};

/// Who may read the files: the agent.
pub(super) const FILE_MODE: u32 = 0o600;

/// How the names of files begin that are not complete.
const TEMPORARY: &str = ".tmp-";

/// The most bytes that are read back from a state file: sources are at most 4 MiB each, and there are a few.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Keeps two writes of one file at the same time apart; between processes the lock does.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// Replaces the file at `path`: complete and on the disk when this returns, untouched if it fails.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    replace(path, bytes, File::sync_all)?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Replaces the file at `path`, which a power cut may take back.
pub(super) fn write_unsynced(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    replace(path, bytes, |_| Ok(()))
}

fn replace(path: &Path, bytes: &[u8], sync: fn(&File) -> io::Result<()>) -> Result<(), StoreError> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(StoreError::Name(path.display().to_string()));
    };
    let number = WRITES.fetch_add(1, Ordering::Relaxed);
    let temporary = directory.join(format!("{TEMPORARY}{number}-{}", name.to_string_lossy()));
    let result = write_new(&temporary, bytes, sync)
        .and_then(|()| std::fs::rename(&temporary, path).map_err(fail(Operation::Replace, path)));
    if result.is_err() {
        // It may not exist; what stays is removed at the next start.
        std::fs::remove_file(&temporary).ok();
    }
    result
}

/// Reads a text file; nothing if it does not exist.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(Operation::Read, path)(error)),
    };
    let mut text = String::new();
    match file.take(FILE_BYTES_MAX).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(StoreError::Damaged { path: path.to_owned(), what: "it is not UTF-8" })
        }
        Err(error) => Err(fail(Operation::Read, path)(error)),
    }
}

/// Removes a file; one that does not exist is as good.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync_directory),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(fail(Operation::Remove, path)(error)),
    }
}

/// Removes what a killed agent did not complete.
pub(super) fn remove_temporaries(directory: &Path) -> Result<(), StoreError> {
    let is_temporary = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes()))
    };
    list(directory)?.iter().filter(|path| is_temporary(path)).try_for_each(|path| remove(path))
}

/// Lists a directory, in no order.
pub(super) fn list(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = std::fs::read_dir(directory).map_err(fail(Operation::List, directory))?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(fail(Operation::List, directory))).collect()
}

/// Names what failed where.
pub(super) fn fail(operation: Operation, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Io { operation, path: path.to_owned(), source }
}

fn write_new(path: &Path, bytes: &[u8], sync: fn(&File) -> io::Result<()>) -> Result<(), StoreError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
        file.write_all(bytes)?;
        sync(&file)
    };
    write().map_err(fail(Operation::Write, path))
}

/// Makes renames in the directory last.
fn sync_directory(directory: &Path) -> Result<(), StoreError> {
    let sync = File::open(directory).and_then(|directory| directory.sync_all());
    sync.map_err(fail(Operation::Write, directory))
}
