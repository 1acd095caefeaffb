//! The matrix as people read it: a table for each version, as Markdown.

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use routelet_tests::lab::FrrVersion;

use super::{
    cell::Cell,
    clears::Clears,
    peer::{Kind, Refresh},
    trial::Outcome,
};

/// The target directory, if nothing else is said.
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");

/// Returns the table of one version.
pub(crate) fn render(version: FrrVersion, clears: Clears, outcomes: &[Outcome]) -> String {
    let kinds = Kind::ALL.map(Kind::as_str).join(" | ");
    let mut text = format!(
        "### FRR {version}, {clears}\n\n| change | peer can | {kinds} | engine; clears soft/hard |\n|"
    );
    text.push_str(&"---|".repeat(Kind::ALL.len() + 3));
    text.push('\n');
    for outcome in outcomes {
        for refresh in Refresh::ALL {
            let row = row(outcome, refresh);
            text.push_str(&row);
        }
    }
    let all: Vec<&Cell> = outcomes.iter().flat_map(|outcome| &outcome.cells).collect();
    let right = all.iter().filter(|cell| cell.right_after.is_some()).count();
    let reset = all.iter().filter(|cell| cell.was_reset).count();
    _ = writeln!(
        text,
        "\n{right} of {} cells right, {reset} sessions reset. Times are from the write of the file until kernel and \
         peer are right; (2): the node asked for the peer's routes twice.",
        all.len()
    );
    text
}

/// Adds the table of `version` to `target/matrix.md`, which holds those of this run (`matrix-never.md` and the like
/// where the agent was told what to clear).
pub(crate) fn write(version: FrrVersion, clears: Clears, table: String) {
    static TABLES: Mutex<BTreeMap<FrrVersion, String>> = Mutex::new(BTreeMap::new());
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    tables.insert(version, table);
    let folder = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from(TARGET), PathBuf::from);
    let text: Vec<&str> = tables.values().map(String::as_str).collect();
    let name = clears.argument().map_or_else(|| "matrix.md".to_owned(), |clear| format!("matrix-{clear}.md"));
    fs::write(folder.join(name), text.join("\n")).unwrap();
}

/// The cells of a change with the peers of one way; empty if none was looked at.
fn row(outcome: &Outcome, refresh: Refresh) -> String {
    let mut cells = outcome.cells.iter().filter(|cell| cell.peer.refresh == refresh).peekable();
    let Some(first) = cells.peek() else { return String::new() };
    let alone = if outcome.cells.len() == 1 { ", one peer" } else { "" };
    let mut text = format!("| {}{alone} | {} |", first.change.as_str(), refresh.as_str());
    for kind in Kind::ALL {
        let cell = outcome.cells.iter().find(|cell| (cell.peer.kind, cell.peer.refresh) == (kind, refresh));
        _ = write!(text, " {} |", cell.map(ToString::to_string).unwrap_or_default());
    }
    let is_first = outcome.cells.first().is_some_and(|cell| cell.peer.refresh == refresh);
    let Outcome { engine, clears, .. } = outcome;
    let counts = if is_first { format!("{engine}; {}/{}", clears.soft, clears.hard) } else { String::new() };
    text + &format!(" {counts} |\n")
}
