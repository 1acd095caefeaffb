//! Texts that fit into a status.

/// The longest message, description or reason in a status; bytes. Long enough for a sentence and a path,
/// short enough that an object with every list full stays far below etcd's 1.5 MB.
pub const MESSAGE_BYTES_MAX: usize = 512;

/// Stands for what was cut off.
const MARK: &str = "… (truncated)";

/// Cuts `text` to [`MESSAGE_BYTES_MAX`] bytes, mark included.
pub fn bounded(text: &str) -> String {
    if text.len() <= MESSAGE_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MESSAGE_BYTES_MAX - MARK.len());
    format!("{}{MARK}", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_stay() {
        assert_eq!(bounded("short"), "short");
        assert_eq!(bounded(&"x".repeat(MESSAGE_BYTES_MAX)), "x".repeat(MESSAGE_BYTES_MAX));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = bounded(&"é".repeat(MESSAGE_BYTES_MAX));
        assert!(text.ends_with("é… (truncated)"));
        assert!(text.len() <= MESSAGE_BYTES_MAX);
    }
}
