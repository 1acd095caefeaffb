//! A mount as the kubelet makes it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

/// A mounted `ConfigMap` (kubernetes `pkg/volume/util/atomic_writer.go`, v1.34).
pub(super) struct ConfigMap {
    dir: TempDir,
    version: AtomicU64,
}

impl ConfigMap {
    pub(super) fn new(keys: &[(&str, &str)]) -> Self {
        let map = Self { dir: TempDir::new().unwrap(), version: AtomicU64::new(0) };
        map.swap(keys);
        map
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn key(&self, key: &str) -> PathBuf {
        self.path().join(key)
    }

    /// Writes a new version, renames the link, links new keys, unlinks old ones, removes the old version.
    pub(super) fn swap(&self, keys: &[(&str, &str)]) {
        let name = format!("..version{}", self.version.fetch_add(1, Ordering::Relaxed));
        let version = self.key(&name);
        fs::create_dir(&version).unwrap();
        for (key, text) in keys {
            fs::write(version.join(key), text).unwrap();
        }
        let old = fs::read_link(self.key("..data")).ok();
        symlink(&name, self.key("..data_tmp")).unwrap();
        fs::rename(self.key("..data_tmp"), self.key("..data")).unwrap();
        for (key, _) in keys {
            if !self.key(key).is_symlink() {
                symlink(Path::new("..data").join(key), self.key(key)).unwrap();
            }
        }
        for entry in fs::read_dir(self.path()).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if !name.starts_with('.') && entry.path().is_symlink() && keys.iter().all(|(key, _)| *key != name)
            {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        if let Some(old) = old {
            fs::remove_dir_all(self.key(old.to_str().unwrap())).unwrap();
        }
    }
}
