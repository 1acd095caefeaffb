//! Aligned columns.

/// The space between two columns, as kubectl has it.
const GAP: usize = 3;

/// Returns `rows` below `titles`, each column as wide as its widest cell; no blanks at the ends of lines.
///
/// Control characters become `?`: a description or a peer's message must not drive the terminal.
pub(crate) fn columns(titles: &[&str], rows: &[Vec<String>]) -> String {
    let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    let lines = || std::iter::once(&titles).chain(rows);
    let mut widths = vec![0; titles.len()];
    for line in lines() {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for line in lines() {
        let mut shown = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            let missing = (width + GAP).saturating_sub(cell.chars().count());
            shown.push_str(&visible(cell));
            shown.extend(std::iter::repeat_n(' ', missing));
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

/// Returns `text` with `?` for its control characters.
pub(crate) fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
