//! Merged configurations by generation, and which of them was the last good one.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use frr_driver::config::Rendered;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::atomic::{fail, list, read_text, remove, write};
use super::{Operation, Store, StoreError, file_name};
use crate::source::Digest;

/// How many merged configurations are kept beside the last good one: enough to see what happened lately.
pub(crate) const GENERATIONS_KEPT: usize = 5;

/// The name of what FRR ran before the agent came.
const BEFORE: &str = "before";

/// The last configuration that FRR took, and was seen to hold.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct LastGood {
    /// Its generation.
    pub(crate) generation: String,
    /// When it was seen to hold.
    pub(crate) time: Timestamp,
    /// The merged configuration; it may hold passwords.
    pub(crate) text: String,
}

/// `last-good.json`.
#[derive(Serialize, Deserialize)]
struct Metadata {
    generation: String,
    time: Timestamp,
    sha256: String,
}

// === impl Store ===

impl Store {
    /// Keeps a merged configuration as `generations/<generation>.conf`, and forgets the oldest ones.
    pub(crate) fn write_generation(&self, generation: &str, text: &str) -> Result<PathBuf, StoreError> {
        let file = self.generation(generation)?;
        write(&file, text.as_bytes())?;
        self.forget_old_generations(&file)?;
        Ok(file)
    }

    /// Records that FRR holds this configuration since `time`; from here on it is the one to go back to.
    ///
    /// The text is on the disk before the record that points to it.
    pub(crate) fn write_last_good(
        &self,
        generation: &str,
        time: Timestamp,
        text: &str,
    ) -> Result<(), StoreError> {
        let file = self.generation(generation)?;
        if !matches!(read_text(&file), Ok(Some(kept)) if kept == text) {
            self.write_generation(generation, text)?;
        }
        let sha256 = Digest::of(text.as_bytes()).to_string();
        let metadata = Metadata { generation: generation.to_owned(), time, sha256 };
        let record = self.record();
        let json = serde_json::to_vec_pretty(&metadata)
            .map_err(|error| fail(Operation::Write, &record)(error.into()))?;
        write(&record, &json)?;
        write(&self.copy(), text.as_bytes())
    }

    /// Records what FRR ran before the agent came, unless there is a configuration to go back to.
    pub(crate) fn write_first_good(
        &self,
        time: Timestamp,
        text: impl FnOnce() -> Rendered,
    ) -> Result<(), StoreError> {
        if self.record().exists() { Ok(()) } else { self.write_last_good(BEFORE, time, text().reveal()) }
    }

    /// The configuration to go back to; nothing if there never was a good one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if neither the generation nor the copy is what was recorded.
    pub(crate) fn load_last_good(&self) -> Result<Option<LastGood>, StoreError> {
        let Some(metadata) = self.metadata()? else { return Ok(None) };
        for path in [self.generation(&metadata.generation)?, self.copy()] {
            match read_text(&path) {
                Ok(Some(text)) if Digest::of(text.as_bytes()).to_string() == metadata.sha256 => {
                    let Metadata { generation, time, .. } = metadata;
                    return Ok(Some(LastGood { generation, time, text }));
                }
                Ok(_) | Err(StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Damaged { path: self.copy(), what: "it is not the configuration that was recorded" })
    }

    fn metadata(&self) -> Result<Option<Metadata>, StoreError> {
        let path = self.record();
        let Some(json) = read_text(&path)? else { return Ok(None) };
        // The cause would only say where in the file; nobody edits it.
        match serde_json::from_str(&json) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(_) => Err(StoreError::Damaged { path, what: "it is not the JSON that was written" }),
        }
    }

    /// Keeps `newest`, the last good one, and of the others the latest.
    fn forget_old_generations(&self, newest: &Path) -> Result<(), StoreError> {
        // Without a readable record every file could be the last good one.
        let Ok(metadata) = self.metadata() else { return Ok(()) };
        let last_good = metadata.map(|metadata| self.generation(&metadata.generation)).transpose()?;
        let mut others: Vec<(SystemTime, PathBuf)> = Vec::new();
        for path in list(&self.path.join("generations"))? {
            if path != newest && Some(&path) != last_good.as_ref() {
                let modified = std::fs::metadata(&path).and_then(|metadata| metadata.modified());
                others.push((modified.map_err(fail(Operation::Inspect, &path))?, path));
            }
        }
        others.sort();
        let surplus = others.len().saturating_sub(GENERATIONS_KEPT - 1);
        others.iter().take(surplus).try_for_each(|(_, path)| remove(path))
    }

    fn generation(&self, generation: &str) -> Result<PathBuf, StoreError> {
        Ok(self.path.join("generations").join(file_name(generation)?))
    }

    fn record(&self) -> PathBuf {
        self.path.join("last-good.json")
    }

    fn copy(&self) -> PathBuf {
        self.path.join("last-good.conf")
    }
}

// === impl LastGood ===

impl std::fmt::Debug for LastGood {
    /// Leaves out the text, which may hold passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { generation, time, text: _ } = self;
        f.debug_struct("LastGood").field("generation", generation).field("time", time).finish_non_exhaustive()
    }
}
