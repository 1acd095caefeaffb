//! The state directory: what must survive the death of the agent, readable by nobody else.
//!
//! ```text
//! lock                      held while an agent runs; says its process
//! status.json               the published status
//! generations/GEN.conf      merged configurations: the last few, and the last good one
//! last-good.json            which of them that is, and since when: the commit point
//! last-good.conf            a copy of it, for people and rescue
//! doubts.json               the change that is not confirmed, and what FRR did not take; if there is such
//! accepted/SOURCE.conf      the last accepted text of each contribution
//! reload/{frr,vtysh}.conf   the configuration directory for frr-reload
//! reload/lines.conf         what vtysh was given last
//! reload/lines.gate         the pipe that a vtysh waits at for it; while there is such
//! ```
//! Directories are 0700, files 0600. Each file is replaced by a rename of a synced one: `kill -9` leaves the one
//! before or the one after, and a temporary file that the next start removes.

mod atomic;
mod doubts;
mod error;
mod generations;

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use frr_driver::vtysh;

pub(crate) use doubts::{Doubts, Guarded, KnownBad, Undo};
pub(crate) use error::{Operation, StoreError};
#[cfg(test)]
pub(crate) use generations::GENERATIONS_KEPT;
pub(crate) use generations::LastGood;

use atomic::{FILE_MODE, fail, read_text, remove_temporaries, write, write_unsynced};

/// Who may enter the directories: the agent, because there are passwords in them.
const DIRECTORY_MODE: u32 = 0o700;

/// The holder's process number has at most seven digits; anything longer in the lock file is not from us.
const LOCK_BYTES_MAX: u64 = 16;

/// The longest name of a file made from a source or a generation, without its ending.
const NAME_BYTES_MAX: usize = 64;

/// What frr-reload's vtysh must find beside its configuration (`FRR` asks for it before `write`).
const VTYSH_CONF: &str = "service integrated-vtysh-config\n";

/// The state directory, held by this process alone; the hold ends when it is dropped or the process dies.
///
/// All calls block for a disk write: not for async tasks.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    _lock: File,
}

// === impl Store ===

impl Store {
    /// Opens the state directory, making it if it is not there, and cleans up after an agent that was killed.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another agent runs on it.
    pub(crate) fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        make_directory(&path)?;
        let lock = lock(&path.join("lock"))?;
        let store = Self { path, _lock: lock };
        for directory in ["generations", "accepted", "reload"] {
            make_directory(&store.path.join(directory))?;
            remove_temporaries(&store.path.join(directory))?;
        }
        remove_temporaries(&store.path)?;
        vtysh::let_go(&store.lines_file());
        Ok(store)
    }

    /// The state directory itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces `status.json`.
    pub(crate) fn write_status(&self, json: &[u8]) -> Result<(), StoreError> {
        write(&self.path.join("status.json"), json)
    }

    /// What `status.json` says, if it is there.
    pub(crate) fn load_status(&self) -> Result<Option<String>, StoreError> {
        read_text(&self.path.join("status.json"))
    }

    /// Keeps the last accepted text of a contribution, for when a later one is refused.
    pub(crate) fn save_accepted(&self, source: &str, text: &str) -> Result<(), StoreError> {
        write(&self.accepted(source)?, text.as_bytes())
    }

    /// The last accepted text of a contribution, if there is one.
    pub(crate) fn load_accepted(&self, source: &str) -> Result<Option<String>, StoreError> {
        read_text(&self.accepted(source)?)
    }

    /// Forgets a contribution that is no more: what is refused later then has nothing to fall back to.
    pub(crate) fn forget_accepted(&self, source: &str) -> Result<(), StoreError> {
        atomic::remove(&self.accepted(source)?)
    }

    /// Makes `reload/` ready for `frr-reload.py --confdir` and returns the file to be applied, `reload/frr.conf`.
    ///
    /// The file lies in the configuration directory itself, because frr-reload replaces that `frr.conf` by the
    /// running configuration when it is given any other file (tools/frr-reload.py, frr-7.5 to frr-10.7).
    pub(crate) fn write_reload_file(&self, text: &str) -> Result<PathBuf, StoreError> {
        let directory = self.path.join("reload");
        write(&directory.join("vtysh.conf"), VTYSH_CONF.as_bytes())?;
        let file = directory.join("frr.conf");
        write(&file, text.as_bytes())?;
        Ok(file)
    }

    /// The file with lines for vtysh.
    pub(crate) fn lines_file(&self) -> PathBuf {
        self.path.join("reload").join("lines.conf")
    }

    /// Writes lines for vtysh and returns the file. They are read at once: a power cut loses nothing by them.
    pub(crate) fn write_lines(&self, text: &str) -> Result<PathBuf, StoreError> {
        let file = self.lines_file();
        // A vtysh may wait at a pipe in its place: it is replaced, and not written to.
        write_unsynced(&file, text.as_bytes())?;
        Ok(file)
    }

    fn accepted(&self, source: &str) -> Result<PathBuf, StoreError> {
        Ok(self.path.join("accepted").join(file_name(source)?))
    }
}

/// The name of the file of a source or a generation.
fn file_name(name: &str) -> Result<String, StoreError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let is_plain = !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.starts_with('.');
    if is_plain && name.bytes().all(allowed) {
        return Ok(format!("{name}.conf"));
    }
    Err(StoreError::Name(name.to_owned()))
}

/// Makes a directory that only we can enter, or makes an existing one so.
fn make_directory(path: &Path) -> Result<(), StoreError> {
    let make = DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path);
    make.map_err(fail(Operation::MakeDirectory, path))?;
    let metadata = std::fs::metadata(path).map_err(fail(Operation::Inspect, path))?;
    let owner = metadata.uid();
    let mode = metadata.mode() & 0o7777;
    if owner != nix::unistd::geteuid().as_raw() {
        return Err(StoreError::Foreign { path: path.to_owned(), owner });
    }
    if mode & 0o077 != 0 {
        let tighten = std::fs::set_permissions(path, Permissions::from_mode(DIRECTORY_MODE));
        tighten.map_err(fail(Operation::Restrict, path))?;
    }
    Ok(())
}

/// Takes the lock, or tells who has it.
fn lock(path: &Path) -> Result<File, StoreError> {
    let open =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path);
    let mut file = open.map_err(fail(Operation::Lock, path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let is_read = file.take(LOCK_BYTES_MAX).read_to_string(&mut text).is_ok();
            let holder = text.trim().parse().ok().filter(|_| is_read);
            return Err(StoreError::Locked { path: path.to_owned(), holder });
        }
        Err(TryLockError::Error(error)) => return Err(fail(Operation::Lock, path)(error)),
    }
    let note = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    note.map_err(fail(Operation::Lock, path))?;
    Ok(file)
}

#[cfg(test)]
mod tests;
