//! The file that FRR reads at its own start: with the policy in it, FRR comes up with the policy before the sessions.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Mutex,
};

use tracing::{debug, info, warn};

/// Who may read the file, unless there is one already: FRR, as owner and group.
const MODE: u32 = 0o640;

/// The file for FRR's own start.
#[derive(Debug)]
pub(crate) struct Persist {
    path: Option<PathBuf>,
    /// Why the last write failed: told once.
    complaint: Mutex<Option<String>>,
}

// === impl Persist ===

impl Persist {
    /// `base` is where the base is read from: that file is somebody else's, and never written.
    pub(crate) fn new(path: Option<&Path>, base: Option<&Path>) -> Self {
        let path = path.filter(|path| !path.as_os_str().is_empty());
        let is_base = path.zip(base).is_some_and(|(path, base)| is_same(path, base));
        if is_base {
            info!(file = ?path, "FRR starts with the base itself, which is not written");
        }
        let path = path.filter(|_| !is_base).map(Path::to_owned);
        Self { path, complaint: Mutex::new(None) }
    }

    /// Writes what FRR runs. That it cannot be written is no error: FRR may have no such file, or a read-only one.
    pub(crate) fn write(&self, text: &str) {
        let Some(path) = &self.path else { return };
        let result = replace(path, text).err().map(|error| error.to_string());
        let Ok(mut complaint) = self.complaint.lock() else { return };
        match &result {
            Some(reason) if *complaint != result => {
                warn!(file = %path.display(), reason, "FRR would start without this configuration");
            }
            Some(_) => {}
            None => debug!(file = %path.display(), "written for FRR's own start"),
        }
        *complaint = result;
    }
}

fn is_same(a: &Path, b: &Path) -> bool {
    match (fs::canonicalize(a), fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// Replaces the file as a whole, for the owner that the old one, or the folder, has.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let text = format!("! written by routelet: what FRR runs; changes here are lost\n{text}");
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let directory = path.parent().ok_or(io::ErrorKind::InvalidFilename)?;
    let (owner, mode) = match fs::metadata(path) {
        Ok(there) => (there.clone(), there.permissions().mode() & 0o7777),
        Err(_) => (fs::metadata(directory)?, MODE),
    };
    let temporary = directory.join(".frr.conf.routelet");
    // What a killed agent left.
    fs::remove_file(&temporary).ok();
    let result = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        // Only root may give files away; without that FRR's group may be ours.
        std::os::unix::fs::chown(&temporary, Some(owner.uid()), Some(owner.gid())).ok();
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        // A file that is mounted by itself cannot be replaced, only written.
        match fs::rename(&temporary, path) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => fs::write(path, &text),
            result => result,
        }
    })();
    if result.is_err() {
        fs::remove_file(&temporary).ok();
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_replaced_and_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("frr.conf");
        let persist = Persist::new(Some(&path), None);
        persist.write("router bgp 1\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        persist.write("router bgp 2\n");
        assert!(fs::read_to_string(&path).unwrap().ends_with("router bgp 2\n"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_base_is_never_written() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("frr.conf");
        fs::write(&base, "router bgp 1\n").unwrap();
        Persist::new(Some(&dir.path().join(".").join("frr.conf")), Some(&base)).write("router bgp 2\n");
        assert_eq!(fs::read_to_string(&base).unwrap(), "router bgp 1\n");
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_once() {
        let persist = Persist::new(Some(Path::new("/nowhere/frr.conf")), None);
        persist.write("router bgp 1\n");
        assert!(persist.complaint.lock().unwrap().is_some());
    }
}
