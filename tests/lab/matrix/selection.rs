//! Which cells a run looks at.

use std::{collections::BTreeSet, env};

use routelet_tests::lab::FrrVersion;

use super::{
    change::Change,
    peer::{Kind, Peer, Refresh},
};

/// What the environment asks for.
#[derive(Debug)]
pub(crate) struct Selection {
    versions: Vec<FrrVersion>,
    cells: Cells,
}

/// Which cells.
#[derive(Debug)]
enum Cells {
    All,
    Sample,
    Named(Vec<(Change, Vec<Peer>)>),
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
            cells: match (cells.is_empty(), is_full) {
                (false, _) => Cells::Named(named(&cells)),
                (true, true) => Cells::All,
                (true, false) => Cells::Sample,
            },
        }
    }

    pub(crate) fn has(&self, version: FrrVersion) -> bool {
        self.versions.contains(&version)
    }

    /// Whether no change and no peer is left out.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self.cells, Cells::All)
    }

    /// Whether somebody wants to know of certain cells.
    pub(crate) fn is_named(&self) -> bool {
        matches!(self.cells, Cells::Named(_))
    }

    /// The changes that are made on `version`, each with the peers that it is made for.
    ///
    /// Up to 7.5.1 maps of several peers do not change at one instant, so frr-reload makes such a change, and raises
    /// the events that a change of an action lacks: what only a clear brings into effect is a change for one peer.
    pub(crate) fn changes(&self, version: FrrVersion) -> Vec<(Change, Vec<Peer>)> {
        let for_all = |change: &Change| (*change, Peer::all().collect::<Vec<_>>());
        let alone = |change, refresh| {
            let is_meant = |peer: &Peer| peer.kind == Kind::Ipv4 && peer.refresh == refresh;
            (change, Peer::all().filter(is_meant).collect::<Vec<_>>())
        };
        let is_silent = version == FrrVersion::V7_5_1;
        match &self.cells {
            Cells::Named(cells) => cells.clone(),
            Cells::Sample if is_silent => {
                vec![alone(Change::ExtrasCome, Refresh::Route), for_all(&Change::NeighborList)]
            }
            Cells::Sample => Change::SAMPLE.iter().map(for_all).collect(),
            Cells::All if is_silent => {
                let alone = [Change::ExtrasCome, Change::ExtrasGo]
                    .into_iter()
                    .flat_map(|change| Refresh::ALL.map(|refresh| alone(change, refresh)));
                Change::ALL.iter().map(for_all).chain(alone).collect()
            }
            Cells::All => Change::ALL.iter().map(for_all).collect(),
        }
    }
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
