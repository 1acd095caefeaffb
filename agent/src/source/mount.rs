//! How Kubernetes mounts volumes: the `..data` link that swaps all files at once, and `subPath`, which never does.
//!
//! The kubelet writes a new version into `..<time>`, renames a link to it over `..data`, and then removes the old
//! version (kubernetes `pkg/volume/util/atomic_writer.go`, v1.34); every key is a link `KEY -> ..data/KEY`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::SourceSpec;

/// The link that a new version swaps.
pub(super) const DATA_LINK: &str = "..data";

/// Where the kernel lists the mounts of this process.
const MOUNT_INFO: &str = "/proc/self/mountinfo";

/// The versions that one pass over the sources reads, each pinned at first sight.
#[derive(Default)]
pub(super) struct Mounts(BTreeMap<PathBuf, PathBuf>);

/// A path as it is to be read.
pub(super) struct Resolved {
    /// Inside the pinned version, or as it was given.
    pub(super) path: PathBuf,
    /// The mount whose version is pinned.
    pub(super) mount: Option<PathBuf>,
}

/// Finds the sources that are `subPath` mounts: single files on which no update ever arrives.
pub(crate) fn frozen(specs: &[SourceSpec]) -> io::Result<Vec<&SourceSpec>> {
    let mount_points = mount_points(&std::fs::read(MOUNT_INFO)?);
    let is_frozen = |spec: &&SourceSpec| {
        std::fs::canonicalize(&spec.path).is_ok_and(|path| mount_points.contains(&path) && path.is_file())
    };
    Ok(specs.iter().filter(is_frozen).collect())
}

/// Parses the mount points out of `mountinfo` (`proc_pid_mountinfo(5)`: the fifth field, with octal escapes).
fn mount_points(mountinfo: &[u8]) -> BTreeSet<PathBuf> {
    let lines = mountinfo.split(|byte| *byte == b'\n');
    lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(4)).map(unescape).collect()
}

/// Undoes the kernel's `\040` for blank, tab, line feed and backslash.
fn unescape(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = match tail {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] if first == b'\\' => {
                Some((((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'), after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((first, tail));
        bytes.push(byte);
        rest = after;
    }
    PathBuf::from(OsString::from_vec(bytes))
}

// === impl Mounts ===

impl Mounts {
    /// Leads `path` through the pinned version of the mount it lies in, if it lies in one.
    pub(super) fn resolve(&mut self, path: &Path) -> Resolved {
        self.pinned(path).unwrap_or_else(|| Resolved { path: path.to_owned(), mount: None })
    }

    /// The mounts whose version is not the pinned one any more.
    pub(super) fn swapped(&self) -> BTreeSet<PathBuf> {
        let is_swapped = |(mount, version): &(&PathBuf, &PathBuf)| {
            std::fs::read_link(mount.join(DATA_LINK)).ok().as_ref() != Some(version)
        };
        self.0.iter().filter(is_swapped).map(|(mount, _)| mount.clone()).collect()
    }

    fn pinned(&mut self, path: &Path) -> Option<Resolved> {
        let mount = path.ancestors().find(|dir| self.pin(dir))?;
        let version = mount.join(self.0.get(mount)?);
        let below = path.strip_prefix(mount).ok()?;
        if let Some(key) = below.components().next() {
            let link = std::fs::read_link(mount.join(key));
            let is_key = match link {
                Ok(target) => target == Path::new(DATA_LINK).join(key),
                // The kubelet makes the link of a new key after the swap, and removes that of an old one later.
                Err(error) => error.kind() == io::ErrorKind::NotFound,
            };
            if !is_key {
                return None;
            }
        }
        let path = if below.as_os_str().as_bytes().is_empty() { version } else { version.join(below) };
        Some(Resolved { path, mount: Some(mount.to_owned()) })
    }

    /// Pins the version of `dir`; `false` if it is no such mount.
    fn pin(&mut self, dir: &Path) -> bool {
        if self.0.contains_key(dir) {
            return true;
        }
        let version = std::fs::read_link(dir.join(DATA_LINK));
        version.is_ok_and(|version| self.0.insert(dir.to_owned(), version).is_none())
    }
}

#[cfg(test)]
mod tests;
