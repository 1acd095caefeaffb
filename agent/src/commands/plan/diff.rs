//! Changed lines under the headers of their blocks.

use super::{Action, Change};
use crate::commands::{
    diagnostic::visible,
    paint::{DIM, GREEN, Paint, RED},
};

/// How far a block is indented below its header.
const INDENT: usize = 2;

/// The widest line that others are aligned to: what is longer pushes its own place aside.
const ALIGN_COLUMNS_MAX: usize = 76;

/// A line that changes, or a header above such lines.
#[derive(Default)]
struct Block {
    text: String,
    /// `None` = only a header.
    action: Option<Action>,
    /// Where an added line was written, or what is said about it.
    beside: String,
    children: Vec<Block>,
}

/// A part of a line, ordered as people count.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Text(String),
}

/// Returns the changes as a diff; ends in a newline.
pub(super) fn render(changes: &[Change], paint: Paint) -> String {
    let mut top = Block::default();
    for change in changes {
        top.insert(&change.blocks, change);
    }
    top.sort();
    let mut lines = Vec::new();
    top.children.iter().for_each(|block| block.lines(0, &mut lines));
    let width = |(_, line, _): &(_, String, _)| line.chars().count();
    let widest = lines.iter().map(width).filter(|width| *width <= ALIGN_COLUMNS_MAX).max().unwrap_or(0);
    let shown = lines.iter().map(|line @ (action, text, beside)| {
        let gap = " ".repeat((widest + 2).saturating_sub(width(line)).max(2));
        let beside = if beside.is_empty() { String::new() } else { gap + &paint.paint(DIM, beside) };
        match action {
            None => format!("{text}{beside}\n"),
            Some(Action::Add) => format!("{}{beside}\n", paint.paint(GREEN, text)),
            Some(Action::Remove) => format!("{}{beside}\n", paint.paint(RED, text)),
        }
    });
    shown.collect()
}

/// What a line is sorted by: numbers by value, a route-map entry by its number before its action, families last.
fn key(text: &str) -> (bool, Vec<Part>) {
    let words: Vec<&str> = text.split(' ').collect();
    let text = match words.as_slice() {
        ["route-map", name, action, number] => format!("route-map {name} {number} {action}"),
        _ => text.to_owned(),
    };
    let mut parts: Vec<Part> = Vec::new();
    for c in text.chars() {
        match (c.to_digit(10), parts.last_mut()) {
            (Some(digit), Some(Part::Number(number))) => {
                *number = number.saturating_mul(10).saturating_add(digit.into());
            }
            (Some(digit), Some(Part::Text(_)) | None) => parts.push(Part::Number(digit.into())),
            (None, Some(Part::Text(text))) => text.push(c),
            (None, Some(Part::Number(_)) | None) => parts.push(Part::Text(c.to_string())),
        }
    }
    (words.first() == Some(&"address-family"), parts)
}

// === impl Block ===

impl Block {
    fn insert(&mut self, blocks: &[String], change: &Change) {
        if let Some((header, inner)) = blocks.split_first() {
            return self.child(header).insert(inner, change);
        }
        if change.action == Action::Remove {
            let (text, beside) = (change.text.clone(), change.note.as_deref().unwrap_or_default().to_owned());
            return self.children.push(Self {
                text,
                action: Some(Action::Remove),
                beside,
                children: Vec::new(),
            });
        }
        let child = self.child(&change.text);
        child.action = Some(Action::Add);
        child.beside = match &change.note {
            Some(note) => format!("{} ({note})", change.source),
            None => change.source.clone(),
        };
    }

    /// The header or added line `text`; what is removed has nothing below it.
    fn child(&mut self, text: &str) -> &mut Self {
        let is_it = |child: &Self| child.text == text && child.action != Some(Action::Remove);
        let at = self.children.iter().position(is_it).unwrap_or_else(|| {
            self.children.push(Self { text: text.to_owned(), ..Self::default() });
            self.children.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found or pushed just now")]
        &mut self.children[at]
    }

    fn sort(&mut self) {
        self.children.sort_by_cached_key(|child| (key(&child.text), child.action));
        self.children.iter_mut().for_each(Self::sort);
    }

    fn lines(&self, depth: usize, lines: &mut Vec<(Option<Action>, String, String)>) {
        let mark = match self.action {
            None => ' ',
            Some(Action::Add) => '+',
            Some(Action::Remove) => '-',
        };
        let indent = " ".repeat(depth * INDENT);
        lines.push((self.action, format!("{mark} {indent}{}", visible(&self.text)), self.beside.clone()));
        self.children.iter().for_each(|child| child.lines(depth + 1, lines));
    }
}
