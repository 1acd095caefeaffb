//! The policy matrix: every change of policy, with every kind of peer and every way to read its routes again, on real
//! FRR. After each change the kernel's routes and what the peer receives are exactly what the policy says, nothing is
//! restarted, no session is reset that can do without, and a bystander notices nothing.
//!
//! - `ROUTELET_MATRIX=full|sample`: all changes, or some (sample unless said).
//! - `ROUTELET_MATRIX_VERSIONS="7.5.1 10.7"`: these versions only.
//! - `ROUTELET_MATRIX_CELLS="match-added out-map/ipv6 extras-come/dynamic/no-refresh"`: these cells only,
//!   with what the agent said.
//! - `ROUTELET_MATRIX_CLEAR=hard|soft|never`: what the agent is told by `--clear`. With `never`, the cells that FRR
//!   never brings into effect by itself must stay wrong: so the check can fail.

mod bed;
mod cell;
mod change;
mod clears;
mod counters;
mod look;
mod peer;
mod policy;
mod selection;
mod table;
mod trial;
mod view;

use routelet_tests::lab::{FrrVersion, wait};

use bed::Bed;
use clears::Clears;
use selection::Selection;
use trial::Outcome;

#[track_caller]
#[expect(clippy::print_stderr, reason = "progress and the table, to be seen with --nocapture")]
fn matrix(version: FrrVersion) {
    let (selection, clears) = (Selection::read(), Clears::read());
    if !selection.has(version) {
        eprintln!("FRR {version}: left out by ROUTELET_MATRIX_VERSIONS");
        return;
    }
    let (mut outcomes, mut faults) = (Vec::new(), Vec::new());
    for (change, peers) in selection.changes(version) {
        let bed = Bed { version, change, peers };
        let (outcome, took) = wait::timed(|| trial::run(&bed, clears));
        let right = outcome.cells.iter().filter(|cell| cell.right_after.is_some()).count();
        let (name, all, took) = (change.as_str(), outcome.cells.len(), took.as_secs_f64());
        let counters::Clears { soft, hard } = outcome.clears;
        eprintln!(
            "FRR {version}: {name}: {right} of {all} cells right, by {}, {soft} soft and {hard} hard clears, \
             in {took:.0} s",
            outcome.engine
        );
        if selection.is_named() {
            eprintln!("{}", outcome.log);
        }
        faults.extend(told(&bed, clears, &outcome));
        outcomes.push(outcome);
    }
    let table = table::render(version, clears, &outcomes);
    eprintln!("\n{table}");
    if selection.is_full() {
        table::write(version, clears, table);
    }
    assert!(faults.is_empty(), "FRR {version}, {clears}:\n{}", faults.join("\n"));
}

/// The faults of a change, with what it takes to see them again.
fn told(bed: &Bed, clears: Clears, outcome: &Outcome) -> Vec<String> {
    let again = |cells: &str| {
        let clear = clears.argument().map(|argument| format!(" ROUTELET_MATRIX_CLEAR={argument}"));
        let version = bed.version;
        format!(
            "again: make matrix ROUTELET_MATRIX_VERSIONS={version} ROUTELET_MATRIX_CELLS={cells}{}",
            clear.unwrap_or_default()
        )
    };
    let of_cell = |cell: &cell::Cell| {
        cell.fault().map(|fault| format!("{}: {fault}\n  {}", cell.name(), again(&cell.name())))
    };
    let mut told: Vec<_> = outcome.cells.iter().filter_map(of_cell).collect();
    let change = bed.change.as_str();
    told.extend(outcome.faults.iter().map(|fault| format!("{change}: {fault}\n  {}", again(change))));
    if !told.is_empty() {
        told.push(format!("{change}: the agent said\n{}", outcome.log));
    }
    told
}

#[test]
#[ignore = "takes minutes: `make matrix`"]
fn policies_come_into_effect_on_7_5_1() {
    matrix(FrrVersion::V7_5_1);
}

#[test]
#[ignore = "takes minutes: `make matrix`"]
fn policies_come_into_effect_on_8_4_4() {
    matrix(FrrVersion::V8_4_4);
}

#[test]
#[ignore = "takes minutes: `make matrix`"]
fn policies_come_into_effect_on_10_3() {
    matrix(FrrVersion::V10_3);
}

#[test]
#[ignore = "takes minutes: `make matrix`"]
fn policies_come_into_effect_on_10_7() {
    matrix(FrrVersion::V10_7);
}
