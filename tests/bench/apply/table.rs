//! How it is shown.

use std::fmt::Write as _;

use crate::report::{CellReport, Measured, Report};

/// Returns what was measured in one cell, line by line.
pub(crate) fn cell(cell: &CellReport) -> String {
    let mut text = String::new();
    for (change, ways) in &cell.measured {
        for (way, measured) in ways {
            _ = writeln!(text, "  {change:<34} {way:<20} {}", figure(measured));
        }
    }
    text
}

fn figure(measured: &Measured) -> String {
    let Measured { what, median_seconds, repeats, seconds, engine } = measured;
    let how = if seconds.is_empty() { "mean" } else { "median" };
    let engine = engine.as_deref().map(|engine| format!(", by {engine}")).unwrap_or_default();
    format!("{:>10.1} ms {what:<4} ({how} of {repeats}{engine})", median_seconds * 1000.0)
}

/// Returns all ratios, with what they shall be.
pub(crate) fn ratios(report: &Report) -> String {
    let mut text = format!("{:<10} {:<24} {:<28} {:>9}  {:<7}\n", "FRR", "size", "ratio", "value", "target");
    for cell in &report.cells {
        for (name, ratio) in &cell.ratios {
            let target = ratio.target.as_deref().unwrap_or("");
            let met = match ratio.met {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => "",
            };
            let (version, size, value) = (&cell.version, &cell.size, ratio.value);
            _ = writeln!(text, "{version:<10} {size:<24} {name:<28} {value:>9.2}  {target:<7} {met}");
        }
    }
    for left_out in &report.left_out {
        _ = writeln!(text, "not measured: {}: {}", left_out.cell, left_out.reason);
    }
    text
}
