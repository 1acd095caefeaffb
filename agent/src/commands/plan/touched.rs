//! The sessions that a change touches, in words.

use std::collections::BTreeMap;

use frr_driver::{
    impact::{Impact, Life, Touch},
    session::AddressFamily,
};
use serde::Serialize;

use crate::commands::{
    diagnostic::plural,
    paint::{BOLD, BOLD_RED, GREEN, Paint, RED},
};

/// The space between two columns, as `routelet status` has it.
const GAP: usize = 3;

/// A session that a change touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Touched {
    /// The peer, or `group NAME` for the dynamic neighbors of a peer-group.
    pub(super) peer: String,
    /// The VRF.
    pub(super) vrf: String,
    /// What happens to it.
    pub(super) effect: Effect,
    /// The families whose policy changes; empty where the session comes, goes or is reset.
    pub(super) families: Vec<AddressFamily>,
}

/// What happens to a session, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Effect {
    InboundPolicy,
    OutboundPolicy,
    BothPolicies,
    Added,
    Removed,
    Reset,
}

/// Returns the sessions that `impact` touches; those that stay as they are are left out.
pub(super) fn touched(impact: &Impact) -> Vec<Touched> {
    let sessions = impact.sessions.iter().map(|(id, touch)| (id.peer.to_string(), id.vrf.clone(), touch));
    let groups =
        impact.groups.iter().map(|((vrf, group), touch)| (format!("group {group}"), vrf.clone(), touch));
    sessions.chain(groups).filter_map(|(peer, vrf, touch)| of(peer, vrf, touch)).collect()
}

fn of(peer: String, vrf: String, touch: &Touch) -> Option<Touched> {
    let effect = match (touch.life, touch.policy_in.is_empty(), touch.policy_out.is_empty()) {
        (Life::Added, ..) => Effect::Added,
        (Life::Removed, ..) => Effect::Removed,
        (Life::Reset, ..) => Effect::Reset,
        (Life::Stays, false, true) => Effect::InboundPolicy,
        (Life::Stays, true, false) => Effect::OutboundPolicy,
        (Life::Stays, false, false) => Effect::BothPolicies,
        (Life::Stays, true, true) => return None,
    };
    let families = match touch.life {
        Life::Stays => touch.policy_in.union(&touch.policy_out).copied().collect(),
        Life::Added | Life::Removed | Life::Reset => Vec::new(),
    };
    Some(Touched { peer, vrf, effect, families })
}

/// Returns the table; ends in a newline.
pub(super) fn table(touched: &[Touched], paint: Paint) -> String {
    let titles = ["SESSION", "EFFECT", "FAMILIES"].map(str::to_owned);
    let row = |touched: &Touched| {
        let vrf = if touched.vrf == "default" { String::new() } else { format!("%{}", touched.vrf) };
        let families: Vec<&str> = touched.families.iter().map(|family| family.as_str()).collect();
        let families = if families.is_empty() { "-".to_owned() } else { families.join(", ") };
        [format!("{}{vrf}", touched.peer), touched.effect.as_str().to_owned(), families]
    };
    let rows: Vec<[String; 3]> = touched.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&titles]).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let line = |row: &[String; 3], style: &dyn Fn(usize, &str) -> String| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let gap = " ".repeat(width(column) + GAP - cell.chars().count());
            style(column, cell) + if column + 1 < row.len() { &gap } else { "" }
        });
        cells.collect::<String>() + "\n"
    };
    let mut text = line(&titles, &|_, cell| paint.paint(BOLD, cell));
    for (touched, row) in touched.iter().zip(&rows) {
        text.push_str(&line(row, &|column, cell| match (column, touched.effect) {
            (1, Effect::Reset) => paint.paint(BOLD_RED, cell),
            (1, Effect::Removed) => paint.paint(RED, cell),
            (1, Effect::Added) => paint.paint(GREEN, cell),
            _ => cell.to_owned(),
        }));
    }
    text
}

/// Returns how many sessions are touched in which way, and whether any is lost.
pub(super) fn summary(touched: &[Touched]) -> String {
    let mut counts: BTreeMap<Effect, usize> = BTreeMap::new();
    for touched in touched {
        *counts.entry(touched.effect).or_default() += 1;
    }
    if counts.is_empty() {
        return "no session is touched".to_owned();
    }
    let mut parts: Vec<String> = counts
        .iter()
        .rev()
        .map(|(effect, count)| format!("{}: {}", plural(*count, "session"), effect.as_str()))
        .collect();
    if !counts.contains_key(&Effect::Reset) {
        parts.push("nothing resets".to_owned());
    }
    parts.join("; ")
}

// === impl Effect ===

impl Effect {
    fn as_str(self) -> &'static str {
        match self {
            Self::InboundPolicy => "inbound policy",
            Self::OutboundPolicy => "outbound policy",
            Self::BothPolicies => "inbound and outbound policy",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Reset => "reset",
        }
    }
}
