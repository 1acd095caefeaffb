//! The files of a node, read and written from outside.
//!
//! Paths are resolved inside the node's root (`openat2`, `RESOLVE_IN_ROOT`): a symbolic link to `/run` means the
//! node's `/run`, never this machine's.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::fs::fchown,
    },
    path::PathBuf,
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, OpenHow, ResolveFlag, openat2},
    sys::stat::Mode,
};

use super::{LabError, Node};

/// FRR's own folder: what is written there belongs to `frr`, as its daemons want it.
const FRR_ETC: &str = "/etc/frr/";

/// A folder inside a node, held open.
#[derive(Debug)]
pub(crate) struct Folder {
    fd: OwnedFd,
}

impl Folder {
    /// Returns a path to the entry `name` that is valid in this process.
    pub(crate) fn entry(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.fd.as_raw_fd()))
    }
}

impl Node {
    /// Reads the file at `path` inside; bytes that are not UTF-8 are replaced.
    pub fn read_file(&self, path: &str) -> Result<String, LabError> {
        self.read_bytes(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads the file at `path` inside.
    pub fn read_bytes(&self, path: &str) -> Result<Vec<u8>, LabError> {
        let mut bytes = Vec::new();
        let read = self.open(path, OFlag::O_RDONLY).and_then(|mut file| file.read_to_end(&mut bytes));
        read.map_err(LabError::file("read", path))?;
        Ok(bytes)
    }

    /// Writes `path` inside by truncating and writing, as `MetalLB` does; makes missing folders.
    ///
    /// Files in `/etc/frr` belong to `frr` and have mode 0640, others to root with mode 0644.
    pub fn write_file(&self, path: &str, content: impl AsRef<[u8]>) -> Result<(), LabError> {
        self.folder(parent(path))?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_TRUNC;
        let written = self.open(path, flags).and_then(|mut file| {
            file.write_all(content.as_ref())?;
            if path.starts_with(FRR_ETC) {
                let (user, group) = self.root.frr;
                fchown(&file, Some(user), Some(group))?;
                nix::sys::stat::fchmod(&file, Mode::from_bits_truncate(0o640))?;
            }
            Ok(())
        });
        written.map_err(LabError::file("write", path))
    }

    /// Writes `path` inside by a temporary file beside it and a rename, as editors do.
    pub fn replace_file(&self, path: &str, content: impl AsRef<[u8]>) -> Result<(), LabError> {
        let temporary = format!("{path}.tmp");
        self.write_file(&temporary, content)?;
        let folder = self.folder(parent(path))?;
        let renamed = fs::rename(folder.entry(name(&temporary)), folder.entry(name(path)));
        renamed.map_err(LabError::file("rename", path))
    }

    /// Copies the program at `source` on this machine to `path` inside, executable.
    pub fn install(&self, source: &std::path::Path, path: &str) -> Result<(), LabError> {
        let bytes = fs::read(source).map_err(LabError::file("read", source.to_string_lossy()))?;
        // By a process of its own: a file that this process had open for writing may still be so in a child that
        // another thread has just forked, and then it cannot be executed ("text file busy").
        self.inside(["install", "-D", "-m", "755", "/dev/stdin", path]).stdin(bytes).run().map(drop)
    }

    /// Tells whether there is something at `path` inside; a link counts, wherever it leads.
    pub fn exists(&self, path: &str) -> bool {
        self.open(path, OFlag::O_PATH | OFlag::O_NOFOLLOW).is_ok()
    }

    /// Returns the path of `path` inside that is valid on this machine, as long as the node lives.
    ///
    /// Only for what holds no absolute links: they would lead to this machine's files.
    pub(crate) fn path_from_outside(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.pid))
    }

    /// Opens the log at `path` inside for appending; makes missing folders.
    pub(crate) fn append_to(&self, path: &str) -> Result<File, LabError> {
        self.folder(parent(path))?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_APPEND;
        self.open(path, flags).map_err(LabError::file("open", path))
    }

    /// Opens the folder `path` inside, made if it is missing.
    pub(crate) fn folder(&self, path: &str) -> Result<Folder, LabError> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY;
        match self.open(path, flags) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = fs::create_dir(self.folder(parent(path))?.entry(name(path)));
                made.or_else(
                    |error| if error.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) },
                )
                .and_then(|()| self.open(path, flags))
            }
            opened => opened,
        }
        .map(|file| Folder { fd: file.into() })
        .map_err(LabError::file("make", path))
    }

    fn open(&self, path: &str, flags: OFlag) -> io::Result<File> {
        /// The kernel asks to try again when something is renamed meanwhile; never often.
        const ATTEMPTS_MAX: u32 = 100;
        let root = File::open(format!("/proc/{}/root", self.pid))?;
        // The kernel refuses a mode where nothing can be created.
        let mode = if flags.contains(OFlag::O_CREAT) { 0o644 } else { 0 };
        let how = OpenHow::new()
            .flags(flags | OFlag::O_CLOEXEC)
            .mode(Mode::from_bits_truncate(mode))
            .resolve(ResolveFlag::RESOLVE_IN_ROOT);
        for _ in 0..ATTEMPTS_MAX {
            match openat2(&root, path, how) {
                Err(Errno::EAGAIN) => {}
                opened => return Ok(opened?.into()),
            }
        }
        Err(Errno::EAGAIN.into())
    }
}

/// Returns the folder of `path`: `/` for a name at the top.
fn parent(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit_once('/') {
        None | Some(("", _)) => "/",
        Some((parent, _)) => parent,
    }
}

/// Returns the last name of `path`.
fn name(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
