//! A vtysh that is started before its lines are known: it needs some 20 ms until it knows its commands and every
//! daemon, in which the lines can be made.
//!
//! `vtysh -f FILE` connects to the daemons and then opens FILE to lock it, before it asks any of them for anything
//! (`vtysh/vtysh_main.c`, frr-7.5 to frr-10.7). A named pipe in the place of the file makes it wait there. When the lines
//! take that place, and somebody opens the pipe, it goes on, and reads the lines: from 10 on once for each daemon, so
//! they cannot come through the pipe itself.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileTypeExt as _,
    path::{Path, PathBuf},
};

use nix::{sys::stat::Mode, unistd::mkfifo};

use super::Vtysh;
use crate::exec::{CommandError, Output, Started};

/// A vtysh that waits for the file that it shall load; killed if it is dropped.
#[derive(Debug)]
pub struct Ready {
    vtysh: Started,
    gate: Gate,
}

/// The pipe that a vtysh waits at, under a name of its own and that of the file: removed with this value.
#[derive(Debug)]
struct Gate {
    pipe: PathBuf,
    file: PathBuf,
}

// === impl Ready ===

impl Ready {
    /// Starts a vtysh that will load `file`, which is replaced by what it waits at.
    pub fn start(vtysh: &Vtysh, file: &Path) -> io::Result<Self> {
        let gate = Gate::make(file)?;
        let vtysh = vtysh.start(["-f".as_ref(), file.as_os_str()]).map_err(io::Error::other)?;
        Ok(Self { vtysh, gate })
    }

    /// Lets it load the file, which was replaced by one with lines in the meantime.
    pub async fn load(self) -> Result<Output, CommandError> {
        // Open until it ends: it may not have come as far as the pipe yet.
        let open = self.gate.open();
        let output = self.vtysh.finish().await;
        drop(open);
        output
    }
}

/// Lets a vtysh go that still waits for `file`, because its agent was killed: it loads nothing, and ends.
pub fn let_go(file: &Path) {
    let gate = Gate::of(file);
    if gate.pipe.exists() && remove(file).and_then(|()| File::create_new(file)).is_ok() {
        drop(gate.open());
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

// === impl Gate ===

impl Gate {
    fn of(file: &Path) -> Self {
        Self { pipe: file.with_extension("gate"), file: file.to_owned() }
    }

    /// Puts a pipe in the place of `file`.
    fn make(file: &Path) -> io::Result<Self> {
        let gate = Self::of(file);
        remove(&gate.pipe)?;
        remove(file)?;
        mkfifo(&gate.pipe, Mode::S_IRUSR | Mode::S_IWUSR)?;
        fs::hard_link(&gate.pipe, file)?;
        Ok(gate)
    }

    /// Opens both ends, without waiting for anybody: whoever waits to read goes on.
    fn open(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(&self.pipe)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // What cannot be removed is in nobody's way: the next one replaces it.
        drop(remove(&self.pipe));
        if fs::metadata(&self.file).is_ok_and(|file| file.file_type().is_fifo()) {
            drop(remove(&self.file));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{task::yield_now, time::timeout};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// What the other one makes before it opens its file.
    const BEGUN: &str = "begun";

    /// Opens its file twice, as vtysh does.
    fn vtysh(dir: &Path) -> Vtysh {
        let program = dir.join("vtysh");
        fs::write(&program, format!("#!/bin/sh\n: >${{2%/*}}/{BEGUN}\nexec 3<\"$2\"\nexec cat \"$2\"\n"))
            .unwrap();
        fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        Vtysh { program, ..Vtysh::default() }
    }

    /// Waits until it is about to open `file`.
    async fn begun(file: &Path) {
        let begun = file.with_file_name(BEGUN);
        let seen = async {
            while !begun.exists() {
                yield_now().await;
            }
        };
        timeout(LONG, seen).await.unwrap();
    }

    fn replace(file: &Path, text: &str) {
        let new = file.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, file).unwrap();
    }

    #[tokio::test]
    async fn it_loads_what_takes_the_place_of_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lines.conf");
        // One waits already, or is about to, and one has hardly begun.
        for has_begun in [true, false] {
            let ready = Ready::start(&vtysh(dir.path()), &file).unwrap();
            if has_begun {
                begun(&file).await;
            }
            replace(&file, "lines\n");
            let output = timeout(LONG, ready.load()).await.unwrap().unwrap();
            assert_eq!((output.stdout.as_str(), output.status.success()), ("lines\n", true));
            assert!(!Gate::of(&file).pipe.exists());
        }
    }

    #[tokio::test]
    async fn who_waits_for_a_killed_agent_loads_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lines.conf");
        let Ready { vtysh, gate } = Ready::start(&vtysh(dir.path()), &file).unwrap();
        std::mem::forget(gate);
        begun(&file).await;
        let_go(&file);
        let output = timeout(LONG, vtysh.finish()).await.unwrap().unwrap();
        assert_eq!((output.stdout.as_str(), output.status.success()), ("", true));
        assert!(!Gate::of(&file).pipe.exists());
    }

    #[tokio::test]
    async fn one_that_is_not_needed_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lines.conf");
        drop(Ready::start(&vtysh(dir.path()), &file).unwrap());
        assert!(!file.exists() && !Gate::of(&file).pipe.exists());
    }

    #[test]
    fn nobody_waits() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lines.conf");
        fs::write(&file, "lines\n").unwrap();
        let_go(&file);
        assert_eq!(fs::read_to_string(&file).unwrap(), "lines\n");
    }
}
