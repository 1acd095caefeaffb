//! The merge law, on generated configurations and real FRR: loading the merged file gives what loading the base and
//! then the contributions gives; and after that nothing is left to do.
//!
//! `ROUTELET_LAW_CASES` sets how many cases are tried, `ROUTELET_LAW_FIRST` the number of the first one.

mod case;
mod exception;
pub(crate) mod generate;
mod print;
mod router;
mod shrink;
mod wipe;

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use frr_driver::quirks;
use routelet_tests::lab::{FrrVersion, wait};

use case::{Case, Outcome};
use exception::{EXCEPTIONS, excuse};
use generate::Generator;
use router::{Router, Way};

/// Every run tries the same cases.
const SEED: u64 = 0x0051_6e65;

/// How many cases each version tries unless the environment says otherwise: 500 on four.
const CASES: u64 = 125;

/// How many of 100 cases FRR may refuse: the generator must know what FRR takes.
const REFUSED_PERCENT_MAX: u64 = 2;

/// How many breaches are told in full.
const TOLD_MAX: u64 = 12;

#[derive(Default)]
struct Tally {
    passed: u64,
    refused: u64,
    excused: BTreeMap<usize, u64>,
    broken: u64,
    /// Passed on fresh daemons only: what earlier cases had left behind was in the way.
    repeated: u64,
    report: String,
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[track_caller]
#[expect(clippy::print_stderr, reason = "progress, to be seen with --nocapture")]
fn holds(version: FrrVersion) {
    let first = number("ROUTELET_LAW_FIRST").unwrap_or(0);
    let cases = number("ROUTELET_LAW_CASES").unwrap_or(CASES);
    let mut router = Router::start(version);
    let generator = Generator::new(version);
    let mut tally = Tally::default();
    let mut took = Duration::ZERO;
    for number in first..first + cases {
        let ((), took_one) = wait::timed(|| one(&mut router, &generator, version, number, &mut tally));
        took += took_one;
        if (number + 1).is_multiple_of(100) || number + 1 == first + cases {
            eprintln!(
                "FRR {version}: {} cases in {:.0} s: {} passed ({} when repeated), {} excused, {} refused, {} broken; {} starts",
                number + 1 - first,
                took.as_secs_f64(),
                tally.passed,
                tally.repeated,
                number + 1 - first - tally.passed - tally.refused - tally.broken,
                tally.refused,
                tally.broken,
                router.starts
            );
        }
    }
    drop(router);
    for (row, times) in &tally.excused {
        eprintln!("FRR {version}: excused {times} times: {}", EXCEPTIONS[*row].reason);
    }
    assert!(
        tally.broken == 0,
        "{} of {cases} cases break the law on FRR {version}\n{}",
        tally.broken,
        tally.report
    );
    assert!(
        tally.refused * 100 <= cases * REFUSED_PERCENT_MAX,
        "FRR {version} refused {}\n{}",
        tally.refused,
        tally.report
    );
}

/// Tries one case; what is not as it should be is tried again on fresh daemons before it counts.
fn one(router: &mut Router, generator: &Generator, version: FrrVersion, number: u64, tally: &mut Tally) {
    let case = generator.case(SEED, number);
    let driver = driver_version(version);
    let way = if number.is_multiple_of(8) { Way::File } else { Way::Copy };
    let mut outcome = case.check(router, driver, way);
    if !matches!(outcome, Outcome::Passed) {
        outcome = case.check(router, driver, Way::Fresh);
        tally.repeated += u64::from(matches!(outcome, Outcome::Passed));
    }
    match outcome {
        Outcome::Passed => tally.passed += 1,
        Outcome::Refused(complaints) => {
            tally.refused += 1;
            _ = writeln!(
                tally.report,
                "=== case {number} (seed {SEED:#x}) refused on FRR {version}: {complaints:#?}\n{case}"
            );
        }
        Outcome::Broken(breach) => {
            if let Some(rows) = excuse(&case, version, &breach) {
                for row in rows {
                    *tally.excused.entry(row).or_default() += 1;
                }
                return;
            }
            tally.broken += 1;
            if tally.broken <= TOLD_MAX {
                let told = breach.to_string();
                let smaller = shrink::shrink(&case, |case| match case.check(router, driver, Way::Copy) {
                    Outcome::Broken(smaller) => {
                        smaller.kind() == breach.kind()
                            && smaller.to_string().lines().any(|line| told.lines().any(|other| other == line))
                            && excuse(case, version, &smaller).is_none()
                    }
                    Outcome::Passed | Outcome::Refused(_) => false,
                });
                let last = smaller.check(router, driver, Way::Fresh);
                let (case, breach) =
                    if let Outcome::Broken(breach) = last { (smaller, breach) } else { (case, breach) };
                tell(&mut tally.report, version, number, &case, &breach.to_string());
            }
        }
    }
}

fn tell(report: &mut String, version: FrrVersion, number: u64, case: &Case, breach: &str) {
    _ = writeln!(report, "=== case {number} (seed {SEED:#x}) on FRR {version}\n{breach}{case}");
}

pub(crate) fn driver_version(version: FrrVersion) -> quirks::FrrVersion {
    match version {
        FrrVersion::V7_5_1 => quirks::FrrVersion(7, 5, 1),
        FrrVersion::V8_4_4 => quirks::FrrVersion(8, 4, 4),
        FrrVersion::V10_3 => quirks::FrrVersion(10, 3, 0),
        FrrVersion::V10_7 => quirks::FrrVersion(10, 7, 1),
    }
}

#[test]
fn the_merge_law_holds_on_7_5_1() {
    holds(FrrVersion::V7_5_1);
}

#[test]
fn the_merge_law_holds_on_8_4_4() {
    holds(FrrVersion::V8_4_4);
}

#[test]
fn the_merge_law_holds_on_10_3() {
    holds(FrrVersion::V10_3);
}

#[test]
fn the_merge_law_holds_on_10_7() {
    holds(FrrVersion::V10_7);
}
