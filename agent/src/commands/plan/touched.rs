//! The sessions that a change touches, in words.

use std::collections::BTreeMap;

use frr_driver::{
    impact::{Cause, Class, Impact, Life, Touch},
    session::{AddressFamily, VRF_DEFAULT},
};
use serde::Serialize;

use crate::commands::{
    diagnostic::{plural, visible},
    paint::{BOLD, BOLD_RED, GREEN, Paint, RED},
};

/// The space between two columns, as `routelet status` has it.
const GAP: usize = 3;

/// A session that a change touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Touched {
    /// The peer, `group NAME` for the dynamic neighbors of a peer-group, or `range PREFIX` for those of a range.
    pub(super) peer: String,
    /// The VRF.
    pub(super) vrf: String,
    /// What happens to it, the gravest last; empty = it stays as it is, and what is announced to it changes.
    pub(super) classes: Vec<Class>,
    /// The families whose policy changes; empty where the session comes, goes or is reset.
    pub(super) families: Vec<AddressFamily>,
    /// Why, at most 8 lines.
    pub(super) causes: Vec<Cause>,
}

/// Returns the sessions that `impact` touches.
pub(super) fn touched(impact: &Impact) -> Vec<Touched> {
    let sessions = impact.sessions.iter().map(|(id, touch)| (id.peer.to_string(), id.vrf.clone(), touch));
    let groups =
        impact.groups.iter().map(|((vrf, group), touch)| (format!("group {group}"), vrf.clone(), touch));
    let ranges =
        impact.ranges.iter().map(|((vrf, range), touch)| (format!("range {range}"), vrf.clone(), touch));
    let all = sessions.chain(groups).chain(ranges);
    all.filter_map(|(peer, vrf, touch)| of(peer, vrf, touch)).collect()
}

fn of(peer: String, vrf: String, touch: &Touch) -> Option<Touched> {
    let classes = touch.classes();
    if classes.is_empty() && touch.causes.is_empty() {
        return None;
    }
    let families = match touch.life {
        Life::Stays => touch.policy_in.union(&touch.policy_out).copied().collect(),
        Life::Added | Life::Removed | Life::Reset => Vec::new(),
    };
    Some(Touched { peer, vrf, classes, families, causes: touch.causes.clone() })
}

/// Returns the table; ends in a newline.
pub(super) fn table(touched: &[Touched], paint: Paint) -> String {
    let titles = ["SESSION", "EFFECT", "FAMILIES", "BECAUSE OF"].map(str::to_owned);
    let rows: Vec<[String; 4]> = touched.iter().map(Touched::row).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&titles]).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let line = |row: &[String; 4], style: &dyn Fn(usize, &str) -> String| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let gap = " ".repeat(width(column) + GAP - cell.chars().count());
            style(column, cell) + if column + 1 < row.len() { &gap } else { "" }
        });
        cells.collect::<String>() + "\n"
    };
    let mut text = line(&titles, &|_, cell| paint.paint(BOLD, cell));
    for (touched, row) in touched.iter().zip(&rows) {
        text.push_str(&line(row, &|column, cell| match (column, touched.class()) {
            (1, Class::Reset) => paint.paint(BOLD_RED, cell),
            (1, Class::Removed) => paint.paint(RED, cell),
            (1, Class::Added) => paint.paint(GREEN, cell),
            _ => cell.to_owned(),
        }));
    }
    text
}

/// Returns how many sessions are touched in which way, and whether any is lost.
pub(super) fn summary(touched: &[Touched]) -> String {
    let mut counts: BTreeMap<&[Class], usize> = BTreeMap::new();
    for touched in touched.iter().filter(|touched| !touched.classes.is_empty()) {
        *counts.entry(&touched.classes).or_default() += 1;
    }
    if counts.is_empty() {
        return "no session is touched".to_owned();
    }
    let mut gravest_first: Vec<(&[Class], usize)> = counts.into_iter().collect();
    gravest_first.sort_by_key(|(classes, _)| std::cmp::Reverse(classes.last().copied()));
    let mut parts: Vec<String> = gravest_first
        .iter()
        .map(|(classes, count)| format!("{}: {}", plural(*count, "session"), words(classes)))
        .collect();
    if touched.iter().all(|touched| touched.class() != Class::Reset) {
        parts.push("nothing resets".to_owned());
    }
    parts.join("; ")
}

/// What happens to a session, in words.
fn words(classes: &[Class]) -> String {
    let word = |class: &Class| match class {
        Class::None => "none",
        Class::PolicyOut => "outbound policy",
        Class::PolicyIn => "inbound policy",
        Class::Added => "added",
        Class::Removed => "removed",
        Class::Reset => "reset",
    };
    if classes.is_empty() {
        return word(&Class::None).to_owned();
    }
    classes.iter().map(word).collect::<Vec<_>>().join(", ")
}

// === impl Touched ===

impl Touched {
    fn class(&self) -> Class {
        self.classes.last().copied().unwrap_or(Class::None)
    }

    fn row(&self) -> [String; 4] {
        let vrf = if self.vrf == VRF_DEFAULT { String::new() } else { format!("%{}", self.vrf) };
        let families: Vec<&str> = self.families.iter().map(|family| family.as_str()).collect();
        let families = if families.is_empty() { "-".to_owned() } else { families.join(", ") };
        [format!("{}{vrf}", self.peer), words(&self.classes), families, self.because()]
    }

    /// The gravest cause, and how many more there are.
    fn because(&self) -> String {
        // Of equally grave ones the first.
        let Some(cause) = self.causes.iter().rev().max_by_key(|cause| cause.effect) else {
            return "-".to_owned();
        };
        let line = cause.line.rsplit(" | ").next().unwrap_or_default();
        let effect = match self.classes.as_slice() {
            [] => format!(" ({})", cause.effect.as_str()),
            _ => String::new(),
        };
        let more = self.causes.len() - 1;
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        visible(&format!("{line}{effect}{more}"))
    }
}
