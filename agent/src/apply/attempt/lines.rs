//! Names the lines that FRR did not take, each with its source.

use frr_driver::{plan::PlanLine, reload::SyntaxError};
use routelet_status::snapshot::SourceError;

use crate::apply::LineError;

/// How many lines an outcome names.
pub(super) const LINES_NAMED_MAX: usize = 8;

/// What FRR's parser says of a line.
pub(super) fn refused_line(error: &SyntaxError) -> LineError {
    let source = error.origin.as_ref().map(|origin| origin.source.to_string());
    let line = error.origin.as_ref().and_then(|origin| usize::try_from(origin.line).ok());
    (source, SourceError { line, message: format!("FRR refuses this line: {}", error.message) })
}

/// The lines that are not in effect; where FRR quotes some of them in its complaints, those alone: it drops the good
/// ones of a group with the bad.
pub(super) fn missing_lines(missing: &[&PlanLine], complaints: &[String]) -> Vec<LineError> {
    let is_quoted = |line: &&&PlanLine| {
        let text = line.statement.to_string();
        complaints.iter().any(|complaint| complaint.ends_with(&text))
    };
    let quoted: Vec<&&PlanLine> = missing.iter().filter(is_quoted).collect();
    let named = if quoted.is_empty() { missing.iter().collect() } else { quoted };
    let why = complaints.first().map_or_else(String::new, |complaint| format!(" ({complaint})"));
    let error = |line: &&PlanLine| {
        let origin = &line.statement.origin;
        let message = format!("FRR did not take this line{why}: `{}`", line.statement);
        let number = usize::try_from(origin.line).ok();
        (Some(origin.source.to_string()), SourceError { line: number, message })
    };
    named.into_iter().take(LINES_NAMED_MAX).map(error).collect()
}
