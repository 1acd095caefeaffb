//! The programs: built once, and cached on this machine.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use crate::lab::{LabError, cache, exec};

/// The script that builds them.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/kube-apiserver.sh");

/// The file that the build writes last.
const STAMP: &str = "packages";

/// Where the programs are on this machine.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    pub(super) apiserver: PathBuf,
    pub(super) etcd: PathBuf,
    pub(super) kubectl: PathBuf,
}

impl Programs {
    /// Returns the programs; builds the server first if it is missing (minutes).
    ///
    /// `kubectl` is what `ROUTELET_KUBECTL` names, or this machine's, or else Debian 12's (1.20).
    pub(super) fn ensure() -> Result<Self, LabError> {
        // One at a time in this process; the script itself waits for other processes.
        static BUILDING: Mutex<()> = Mutex::new(());
        let _one = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = cache::folder().join("kube/apiserver");
        if !folder.join(STAMP).is_file() {
            cache::build(&[SCRIPT])?;
        }
        let named = std::env::var_os("ROUTELET_KUBECTL").map(PathBuf::from);
        let kubectl = named.or_else(|| exec::find("kubectl")).unwrap_or_else(|| folder.join("kubectl"));
        Ok(Self { apiserver: folder.join("kube-apiserver"), etcd: folder.join("etcd"), kubectl })
    }
}
