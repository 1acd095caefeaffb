//! Which cells a run looks at.

use std::{collections::BTreeSet, env};

use routelet_tests::lab::FrrVersion;

use super::{change::Change, peer::Peer};

/// What the environment asks for.
#[derive(Debug)]
pub(crate) struct Selection {
    versions: Vec<FrrVersion>,
    cells: Vec<(Change, Vec<Peer>)>,
    is_full: bool,
    is_named: bool,
}

// === impl Selection ===

impl Selection {
    /// Reads the environment; what it does not know is a mistake, and not left out.
    #[track_caller]
    pub(crate) fn read() -> Self {
        let words = |variable: &str| {
            let text = env::var(variable).unwrap_or_default();
            text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        let is_full = match env::var("ROUTELET_MATRIX").unwrap_or_default().as_str() {
            "" | "sample" => false,
            "full" => true,
            other => panic!("ROUTELET_MATRIX is {other}, and not full or sample"),
        };
        let versions = words("ROUTELET_MATRIX_VERSIONS");
        let versions: Vec<FrrVersion> = versions.iter().map(|word| word.parse().unwrap()).collect();
        let cells = words("ROUTELET_MATRIX_CELLS");
        Self {
            versions: if versions.is_empty() { FrrVersion::ALL.to_vec() } else { versions },
            cells: if cells.is_empty() { all_of(is_full) } else { named(&cells) },
            is_full: is_full && cells.is_empty(),
            is_named: !cells.is_empty(),
        }
    }

    pub(crate) fn has(&self, version: FrrVersion) -> bool {
        self.versions.contains(&version)
    }

    /// Whether no change and no peer is left out.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Whether somebody wants to know of certain cells.
    pub(crate) fn is_named(&self) -> bool {
        self.is_named
    }

    /// The changes, each with the peers that it is made for.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (Change, Vec<Peer>)> {
        self.cells.iter().cloned()
    }
}

fn all_of(is_full: bool) -> Vec<(Change, Vec<Peer>)> {
    let changes = if is_full { Change::ALL.as_slice() } else { &Change::SAMPLE };
    changes.iter().map(|change| (*change, Peer::all().collect())).collect()
}

/// The cells of words `change`, `change/kind` and `change/kind/refresh`.
#[track_caller]
fn named(words: &[String]) -> Vec<(Change, Vec<Peer>)> {
    let is_named = |word: &str, cell: &str| cell == word || cell.starts_with(&format!("{word}/"));
    let mut unknown: BTreeSet<&String> = words.iter().collect();
    let mut cells = Vec::new();
    for change in Change::ALL {
        let is_wanted = |peer: &Peer| {
            let cell = format!("{}/{peer}", change.as_str());
            let mut is_wanted = false;
            for word in words.iter().filter(|word| is_named(word, &cell)) {
                unknown.remove(word);
                is_wanted = true;
            }
            is_wanted
        };
        let peers: Vec<Peer> = Peer::all().filter(is_wanted).collect();
        if !peers.is_empty() {
            cells.push((change, peers));
        }
    }
    assert!(unknown.is_empty(), "ROUTELET_MATRIX_CELLS names no cell: {unknown:?}");
    cells
}
