//! Root file systems with FRR, cached on this machine.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use super::{LabError, cache};

/// The script that builds a root file system.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/frr-root.sh");

/// The file in a root that names the FRR package in it; the build writes it last.
const STAMP: &str = ".routelet-frr-version";

/// A version of FRR that the lab knows; oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FrrVersion {
    /// 7.5.1, of Debian 11: `MetalLB` 0.9 to 0.13, and the route-map bug.
    V7_5_1,
    /// 8.4.4, of Debian 12.
    V8_4_4,
    /// 10.3, of Debian 13.
    V10_3,
    /// 10.7, of Debian unstable.
    V10_7,
}

/// A root file system in the cache; nodes lay an overlay over it and never write to it.
#[derive(Clone, Debug)]
pub struct Root {
    /// Which version was asked for.
    pub version: FrrVersion,
    /// The version of the Debian package that is really in it (`10.7.1-6`).
    pub package: String,
    /// Where it is on this machine.
    pub path: PathBuf,
    /// The user and group `frr` inside.
    pub(crate) frr: (u32, u32),
}

// === impl FrrVersion ===

impl FrrVersion {
    /// Every version, oldest first.
    pub const ALL: [Self; 4] = [Self::V7_5_1, Self::V8_4_4, Self::V10_3, Self::V10_7];

    /// The newest version.
    pub const NEWEST: Self = Self::V10_7;

    /// Returns the version as people write it: `7.5.1`, `10.7`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V7_5_1 => "7.5.1",
            Self::V8_4_4 => "8.4.4",
            Self::V10_3 => "10.3",
            Self::V10_7 => "10.7",
        }
    }
}

impl fmt::Display for FrrVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for FrrVersion {
    type Err = LabError;

    fn from_str(text: &str) -> Result<Self, LabError> {
        let known = Self::ALL.into_iter().find(|version| version.as_str() == text);
        known.ok_or_else(|| LabError::Topology(format!("unknown FRR version {text}")))
    }
}

// === impl Root ===

impl Root {
    /// Returns the root file system with FRR `version`; builds it first if it is missing (about 35 s each).
    pub fn ensure(version: FrrVersion) -> Result<Self, LabError> {
        // One at a time in this process; the script itself waits for other processes.
        static KNOWN: Mutex<BTreeMap<FrrVersion, Root>> = Mutex::new(BTreeMap::new());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(root) = known.get(&version) {
            return Ok(root.clone());
        }
        let path = cache::folder().join("roots").join(version.as_str());
        if !path.join(STAMP).is_file() {
            cache::build(&[SCRIPT, version.as_str()])?;
        }
        let package = read(&path.join(STAMP))?.trim().to_owned();
        let frr = frr_ids(&path)?;
        let root = Self { version, package, path, frr };
        known.insert(version, root.clone());
        Ok(root)
    }

    /// Returns the empty folder that each node's private mounts start from, made if it is missing.
    pub(crate) fn stage() -> Result<PathBuf, LabError> {
        let stage = cache::folder().join("stage");
        fs::create_dir_all(&stage).map_err(LabError::file("make", stage.to_string_lossy()))?;
        Ok(stage)
    }
}

/// Returns the user and group `frr` of the root file system at `path`.
fn frr_ids(path: &Path) -> Result<(u32, u32), LabError> {
    let users = read(&path.join("etc/passwd"))?;
    let ids = users.lines().find_map(|line| {
        let mut fields = line.strip_prefix("frr:")?.split(':').skip(1);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    ids.ok_or_else(|| LabError::Topology(format!("no user frr in {}", path.display())))
}

fn read(path: &Path) -> Result<String, LabError> {
    fs::read_to_string(path).map_err(LabError::file("read", path.to_string_lossy()))
}
