//! A folder inside a node that changes as the mount of a Kubernetes `ConfigMap` does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::symlink,
};

use super::{LabError, Node, files::Folder};

/// The link that the kubelet swaps.
const DATA: &str = "..data";

/// The link that becomes [`DATA`].
const DATA_NEW: &str = "..data_tmp";

/// The mount of a `ConfigMap`, written as the kubelet's `AtomicWriter` does it
/// (Kubernetes, `pkg/volume/util/atomic_writer.go`).
///
/// The keys are links to `..data/<key>`, `..data` is a link to a folder with a time in its name, and a change is
/// a new folder and a rename of the link. A watcher of a key itself sees nothing.
#[derive(Debug)]
pub struct ConfigMapDir {
    node: Node,
    path: String,
    content: BTreeMap<String, Vec<u8>>,
    changes: u32,
}

impl ConfigMapDir {
    /// Mounts a `ConfigMap` without keys at `path` inside `node`.
    pub fn mount(node: &Node, path: &str) -> Result<Self, LabError> {
        let mut mount =
            Self { node: node.clone(), path: path.to_owned(), content: BTreeMap::new(), changes: 0 };
        mount.swap(BTreeMap::new())?;
        Ok(mount)
    }

    /// Returns the path inside the node.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Sets the keys of the `ConfigMap`; keys that are not named are removed; the same content changes nothing.
    pub fn set<V: AsRef<[u8]>>(&mut self, keys: &[(&str, V)]) -> Result<(), LabError> {
        let content: BTreeMap<_, _> =
            keys.iter().map(|(key, value)| ((*key).to_owned(), value.as_ref().to_vec())).collect();
        if content == self.content { Ok(()) } else { self.swap(content) }
    }

    /// Returns the name of the folder that `..data` points to.
    pub fn data_target(&self) -> Result<String, LabError> {
        let folder = self.node.folder(&self.path)?;
        let target = fs::read_link(folder.entry(DATA)).map_err(LabError::file("read", self.inside(DATA)))?;
        Ok(target.to_string_lossy().into_owned())
    }

    fn swap(&mut self, content: BTreeMap<String, Vec<u8>>) -> Result<(), LabError> {
        let mount = self.node.folder(&self.path)?;
        self.changes += 1;
        // The kubelet's names hold the time; a counter in the same form needs no clock.
        let target = format!("..2026_11_24_03_54_{:02}.{:09}", self.changes % 60, self.changes);
        let folder = self.node.folder(&self.inside(&target))?;
        for (key, value) in &content {
            fs::write(folder.entry(key), value).map_err(LabError::file("write", self.inside(key)))?;
        }
        let swapped = self.link(&mount, &target, &content.keys().map(String::as_str).collect());
        swapped.map_err(LabError::file("swap", self.path.as_str()))?;
        self.content = content;
        Ok(())
    }

    /// Makes `target` the data, then mends the links of the keys, then removes the data of before.
    fn link(&self, mount: &Folder, target: &str, keys: &BTreeSet<&str>) -> io::Result<()> {
        let before = fs::read_link(mount.entry(DATA)).ok();
        symlink(target, mount.entry(DATA_NEW))?;
        fs::rename(mount.entry(DATA_NEW), mount.entry(DATA))?;
        for key in keys.iter().filter(|key| !self.content.contains_key(**key)) {
            symlink(format!("{DATA}/{key}"), mount.entry(key))?;
        }
        for key in self.content.keys().filter(|key| !keys.contains(key.as_str())) {
            fs::remove_file(mount.entry(key))?;
        }
        match before {
            Some(before) => fs::remove_dir_all(mount.entry(&before.to_string_lossy())),
            None => Ok(()),
        }
    }

    fn inside(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }
}
