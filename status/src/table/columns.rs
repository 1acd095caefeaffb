//! Aligned columns.

/// The space between two columns, as kubectl has it.
const GAP: usize = 3;

/// Returns `rows` below `titles`, each column as wide as its widest cell; no blanks at the ends of lines.
///
/// Control characters become `?`: a description or a peer's message must not drive the terminal.
pub(super) fn columns(titles: &[&str], rows: &[Vec<String>]) -> String {
    let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&titles).chain(rows).collect();
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut text = String::new();
    for line in &lines {
        let mut shown = String::new();
        for (column, cell) in line.iter().enumerate() {
            let cell: String = cell.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
            let missing = (width(column) + GAP).saturating_sub(cell.chars().count());
            shown.push_str(&cell);
            shown.extend(std::iter::repeat_n(' ', missing));
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}
