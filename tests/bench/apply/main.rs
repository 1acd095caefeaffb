//! How long applies take: the agent beside what frr-k8s and `MetalLB` do, and beside what is possible at all.
//!
//! Every way has a router of its own with real FRR, and all take turns in the same run. `ROUTELET_BENCH` or the
//! arguments say what is measured (`8.4.4:3x0 10.7:kernel`); `ROUTELET_BENCH_LOG=debug` shows the steps of the
//! agent's applies. A target that is missed is told; what cannot be measured ends the run with an error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]

mod bed;
mod cell;
mod change;
mod clock;
mod driven;
mod error;
mod kernel;
mod ratio;
mod report;
mod rounds;
mod shape;
mod table;
mod unchanged;
mod way;

use std::process::ExitCode;

use routelet_tests::lab::FrrVersion;

use crate::{
    bed::Bed,
    cell::{Cell, Selection},
    change::Change,
    error::BenchError,
    ratio::{Ratio, delete_target, insert_target, policy_target},
    report::{CellReport, LeftOut, Report},
    rounds::Samples,
    shape::Shape,
    unchanged::Unchanged,
    way::Way,
};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot measure: {}", routelet_tests::with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), BenchError> {
    let selection = Selection::read()?;
    let mut report = Report {
        processors: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        load: vec![load()],
        ..Report::default()
    };
    println!("{} processors, load {}", report.processors, load());
    for (cell, reason) in selection.left_out {
        report.left_out.push(LeftOut { cell: cell.to_string(), reason });
    }
    for cell in selection.cells {
        let (measured, left_out) = measure_cell(cell)?;
        println!("{}", table::cell(&measured));
        report.cells.push(measured);
        report.left_out.extend(left_out);
    }
    for version in selection.kernel {
        let measured = measure_kernel(version)?;
        println!("{}", table::cell(&measured));
        report.cells.push(measured);
    }
    report.load.push(load());
    println!("{}", table::ratios(&report));
    println!("{}", report.write()?.display());
    Ok(())
}

fn measure_cell(cell: Cell) -> Result<(CellReport, Vec<LeftOut>), BenchError> {
    println!("FRR {}, {} neighbors, {} list lines", cell.version, cell.neighbors, cell.lines);
    let started = clock::now();
    let mut bed = Bed::start(cell)?;
    println!("  started in {:.1?}", started.elapsed());
    let mut report = CellReport {
        version: cell.version.to_string(),
        package: bed.package(),
        size: format!("{} neighbors, {} lines", cell.neighbors, cell.lines),
        ..CellReport::default()
    };
    if let Some(unchanged) = unchanged::measure(&mut bed)? {
        add_unchanged(&mut report, &unchanged);
    }
    let (changes, left_out) = Change::of(cell);
    for change in changes {
        let samples = rounds::measure(&mut bed, change, &Shape::of(cell))?;
        add_change(&mut report, cell, change, &samples);
    }
    if driven::is_profiling() {
        println!("{}", bed.agent(Way::Routelet).map(|agent| agent.log()).unwrap_or_default());
    }
    println!("  done after {:.1?}", started.elapsed());
    let left_out = left_out
        .into_iter()
        .map(|(change, reason)| LeftOut { cell: format!("{cell} {}", change.name()), reason });
    Ok((report, left_out.collect()))
}

fn add_unchanged(report: &mut CellReport, unchanged: &Unchanged) {
    let ours = Way::Routelet.name();
    let theirs = report.add_cpu("unchanged", Way::FrrK8s.name(), &unchanged.reloader);
    report.add_mean("unchanged", ours, unchanged.written, Unchanged::WRITES);
    report.add_mean("unchanged, compared with FRR", ours, unchanged.compared, Unchanged::LOOKS);
    if let Some(theirs) = theirs {
        report.add_ratio(&Ratio::faster("unchanged_cpu", theirs, unchanged.written, Some(20.0)));
        report.add_ratio(&Ratio::faster("unchanged_cpu_compared", theirs, unchanged.compared, None));
    }
}

fn add_change(report: &mut CellReport, cell: Cell, change: Change, samples: &Samples) {
    let mut add =
        |way: Way| samples.get(&way).and_then(|samples| report.add(change.name(), way.name(), samples));
    let (theirs, ours) = (add(Way::FrrK8s), add(Way::Routelet));
    let (by_hand, bare) = (add(Way::ByHand), add(Way::FrrReload));
    add(Way::RouteletReload);
    let Some(ours) = ours else { return };
    let faster = |name, least| theirs.map(|theirs| Ratio::faster(name, theirs, ours, least));
    let ratio = match change {
        Change::OneLine => faster("policy_one_line", policy_target(cell)),
        Change::Delete100 => faster("delete_100", delete_target(cell)),
        Change::DeleteList100 => faster("delete_100_of_a_list", None),
        Change::InsertFirst => faster("insert_first_of_1000", insert_target(cell)),
        Change::Structural => bare.map(|bare| Ratio::slower("structural_vs_frr_reload", ours, bare, 1.2)),
    };
    if let Some(ratio) = ratio {
        report.add_ratio(&ratio);
    }
    if let (Change::OneLine, Some(by_hand)) = (change, by_hand) {
        report.add_ratio(&Ratio::slower("policy_one_line_vs_floor", ours, by_hand, 1.3));
    }
}

fn measure_kernel(version: FrrVersion) -> Result<CellReport, BenchError> {
    println!("FRR {version}, from the file to the kernel's routes");
    let found = kernel::measure(version)?;
    let mut report = CellReport {
        version: version.to_string(),
        package: found.package,
        size: "two gateways".to_owned(),
        ..CellReport::default()
    };
    let theirs = report.add("file_to_kernel, without debounce", Way::FrrK8s.name(), &found.reloader);
    let ours = report.add("file_to_kernel", Way::Routelet.name(), &found.routelet);
    if let (Some(theirs), Some(ours)) = (theirs, ours) {
        let debounced = theirs + kernel::DEBOUNCE;
        report.add_ratio(&Ratio::faster("file_to_kernel", debounced, ours, Some(20.0)));
        report.add_ratio(&Ratio::faster("file_to_kernel_no_debounce", theirs, ours, Some(10.0)));
    }
    let left = report.add("file_to_kernel", "left to FRR", &found.left);
    if let (Some(left), Some(ours)) = (left, ours) {
        report.add_ratio(&Ratio::slower("file_to_kernel_vs_delay_timer", ours, left, 0.2));
    }
    Ok(report)
}

/// What the machine had to do of late.
fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned()
}
