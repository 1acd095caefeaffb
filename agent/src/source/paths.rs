//! Which directories must be watched to see every change of the sources.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use super::SourceSpec;
use super::mount::DATA_LINK;
use super::read::DIRECTORY_FILES_MAX;

/// The kernel follows 40 links in one path, `MAXSYMLINKS`.
const LINKS_MAX: usize = 40;

/// Real directories, without a link in their paths, with the names in them that matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Places(pub(super) BTreeMap<PathBuf, Place>);

/// One directory to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Which entries matter: a neighbour in the same directory is no news.
    pub(super) names: Names,
    /// Tells the directory from another one that later has the same path.
    identity: Option<Identity>,
}

/// Which entries of a directory matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Names {
    All,
    Only(BTreeSet<OsString>),
}

/// Device, inode, and the time of birth, because inodes are used again at once.
type Identity = (u64, u64, Option<SystemTime>);

// === impl Places ===

impl Places {
    /// Finds the directories: the one that holds each file, each link on the way, or, if it does not exist, the
    /// nearest one above it that does.
    pub(super) fn of(specs: &[SourceSpec]) -> Self {
        let mut places = Self::default();
        for spec in specs {
            let path = std::path::absolute(&spec.path).unwrap_or_else(|_| spec.path.clone());
            if let Some(directory) = places.walk(&path) {
                places.add_all(&directory);
            }
        }
        places
    }

    /// Follows `path` as the kernel does, adding where it could change; returns where it ends if in a directory.
    fn walk(&mut self, path: &Path) -> Option<PathBuf> {
        let mut here = PathBuf::from("/");
        let mut ahead: VecDeque<OsString> = names(path);
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                here.pop();
                continue;
            }
            let next = here.join(&name);
            match std::fs::symlink_metadata(&next) {
                Ok(metadata) if metadata.is_dir() => here = next,
                Ok(metadata) if metadata.is_symlink() => {
                    self.add(&here, &name);
                    links += 1;
                    // Nobody writes inside a version of a mount: the swap of the link is all there is to see.
                    if name == DATA_LINK || links > LINKS_MAX {
                        return None;
                    }
                    let target = std::fs::read_link(&next).ok()?;
                    if target.is_absolute() {
                        here = PathBuf::from("/");
                    }
                    let behind = std::mem::replace(&mut ahead, names(&target));
                    ahead.extend(behind);
                }
                Ok(_) | Err(_) => {
                    self.add(&here, &name);
                    if here.join(DATA_LINK).is_symlink() {
                        self.add(&here, OsStr::new(DATA_LINK));
                    }
                    return None;
                }
            }
        }
        Some(here)
    }

    /// Adds a directory of files, and where the links in it lead.
    fn add_all(&mut self, directory: &Path) {
        self.place(directory).names = Names::All;
        let Ok(entries) = std::fs::read_dir(directory) else { return };
        for entry in entries.flatten().take(DIRECTORY_FILES_MAX) {
            if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                self.walk(&entry.path());
            }
        }
    }

    fn add(&mut self, directory: &Path, name: &OsStr) {
        if let Names::Only(names) = &mut self.place(directory).names {
            names.insert(name.to_owned());
        }
    }

    fn place(&mut self, directory: &Path) -> &mut Place {
        self.0
            .entry(directory.to_owned())
            .or_insert_with(|| Place { names: Names::Only(BTreeSet::new()), identity: identity(directory) })
    }
}

/// The names of a path, one by one.
fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

fn identity(directory: &Path) -> Option<Identity> {
    let metadata = std::fs::metadata(directory).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.created().ok()))
}

// === impl Names ===

impl Names {
    /// Whether the entry `name` matters.
    pub(super) fn matter(&self, name: &OsStr) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

#[cfg(test)]
mod tests;
