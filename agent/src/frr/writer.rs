//! One writer at a time: two agents with two state directories would undo each other's work for ever.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use super::Frr;

/// The lock, beside FRR's sockets.
const LOCK: &str = "routelet.lock";

/// The holder's process number; anything longer is not from us.
const LOCK_BYTES_MAX: u64 = 16;

// === impl Frr ===

impl Frr {
    /// Claims FRR for this process, for as long as it lives.
    ///
    /// Where the folder of the sockets cannot be written, nobody can be kept away, and nobody is.
    ///
    /// # Errors
    /// If another agent has claimed it; names its process.
    pub(crate) fn claim(&self) -> Result<(), String> {
        if self.claimed.get().is_some() {
            return Ok(());
        }
        let path = self.rundir.join(LOCK);
        let open =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let Ok(mut lock) = open else { return Ok(()) };
        match lock.try_lock() {
            Ok(()) => {
                // Who holds it is for people; the lock itself does not depend on it.
                drop(lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())));
                drop(self.claimed.set(lock));
                Ok(())
            }
            Err(TryLockError::WouldBlock) => Err(format!("another agent{} drives this FRR", holder(&lock))),
            Err(TryLockError::Error(_)) => Ok(()),
        }
    }
}

fn holder(lock: &File) -> String {
    let mut text = String::new();
    match lock.take(LOCK_BYTES_MAX).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => format!(" (process {})", text.trim()),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_agent_is_told_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (Frr::new(dir.path().to_owned()), Frr::new(dir.path().to_owned()));
        assert_eq!((first.claim(), first.claim()), (Ok(()), Ok(())));
        let want = format!("another agent (process {}) drives this FRR", std::process::id());
        assert_eq!(second.claim(), Err(want));
        drop(first);
        assert_eq!(second.claim(), Ok(()));
    }

    #[test]
    fn a_folder_that_is_not_there_keeps_nobody_away() {
        assert_eq!(Frr::new("/nowhere".into()).claim(), Ok(()));
    }
}
