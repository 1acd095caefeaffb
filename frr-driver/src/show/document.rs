//! Finds the JSON documents in an answer, between warnings, banners and other documents.

use serde_json::{Deserializer, Value};

use super::Notes;

/// How many documents one answer may have: 8.4.4 prints one per daemon (T22), and there are 21 of them.
const DOCUMENTS_MAX: usize = 32;

/// Returns the JSON documents in `text`; notes text between them, and a document that is cut short.
pub(super) fn documents(text: &str, notes: &mut Notes) -> Vec<Value> {
    let mut found = Vec::new();
    let mut rest = text;
    while found.len() < DOCUMENTS_MAX {
        let Some((before, from)) = next_start(rest) else { break };
        note_text(before, notes);
        let mut stream = Deserializer::from_str(from).into_iter::<Value>();
        match stream.next() {
            Some(Ok(document)) => {
                rest = from.get(stream.byte_offset()..).unwrap_or("");
                found.push(document);
            }
            Some(Err(error)) => {
                notes.add("text", &error.to_string());
                return found;
            }
            None => break,
        }
    }
    note_text(rest, notes);
    found
}

/// Splits `text` where the next document may begin.
///
/// FRR begins a document at the start of a line; only if none does so, the first bracket is taken.
fn next_start(text: &str) -> Option<(&str, &str)> {
    let is_start = |rest: &str| rest.starts_with(['{', '[']);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if is_start(line) {
            return text.split_at_checked(at);
        }
        at += line.len();
    }
    text.find(['{', '[']).and_then(|at| text.split_at_checked(at))
}

fn note_text(text: &str, notes: &mut Notes) {
    if !text.trim().is_empty() {
        notes.add("text", text);
    }
}
