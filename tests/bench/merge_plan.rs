//! Merge, numbers and plan of a large node: 500 neighbors with route-maps of their own, 10,000 prefix-list lines.
//!
//! Beside the times it prints the ratio to `frr-reload.py --test` of real FRR on the same two configurations, in
//! the same run, and how much memory the process took at most.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::{fmt::Write as _, hint::black_box, process::Command, time::Duration};

use criterion::Criterion;
use frr_driver::{
    config::{Revision, load, render},
    merge::{Contribution, Desired, merge},
    numbers::keep_numbers,
    plan::plan,
    policy::Policy,
    quirks::FrrVersion,
    transaction::transaction,
    verify::{stale, verify},
};
use routelet_tests::lab::{FrrVersion as RootVersion, Root};

const NEIGHBORS: usize = 500;
const LIST_LINES: usize = 10_000;

/// How often frr-reload is run; the fastest counts, as for a peer that is judged kindly.
const RELOADS: usize = 5;

fn main() {
    let version = FrrVersion::default();
    let (base, extras) = (base(), extras());
    let running = render(&load("running", &base, version), &[], version).reveal().to_owned();
    println!(
        "{NEIGHBORS} neighbors, {} lines of base and extras, {} lines running",
        base.lines().count() + extras.lines().count(),
        running.lines().count()
    );

    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5))
        .sample_size(30);
    criterion.bench_function("load running", |b| {
        b.iter_with_large_drop(|| load("running", black_box(&running), version));
    });
    criterion.bench_function("merge", |b| {
        b.iter_with_large_drop(|| merged(black_box(&base), &extras, version));
    });
    let (desired, now) = (merged(&base, &extras, version), load("running", &running, version));
    criterion.bench_function("plan", |b| {
        b.iter_with_large_drop(|| plan(black_box(&desired.config), &now, version));
    });
    criterion.bench_function("merge and plan", |b| {
        b.iter_with_large_drop(|| {
            let desired = merged(black_box(&base), &extras, version);
            let plan = plan(&desired.config, &now, version);
            (desired, plan)
        });
    });

    one_line(&mut criterion, &base, version);

    let lists = [permits(0..=LIST_LINES), permits(1..=LIST_LINES)].map(|text| load("list", &text, version));
    criterion.bench_function("keep numbers of one list", |b| {
        b.iter_with_large_drop(|| keep_numbers(black_box(&lists[0]), &lists[1], version));
    });
    let kept = keep_numbers(&lists[0], &lists[1], version);
    for (how, desired) in [("written", &lists[0]), ("running", &kept)] {
        let plan = plan(desired, &lists[1], version);
        println!(
            "one prefix more in {LIST_LINES}, with {how} numbers: {} lines",
            plan.adds.len() + plan.removes.len()
        );
    }

    let ours = fastest(20, || {
        black_box(plan(
            &merged(&base, &extras, version).config,
            &load("running", &running, version),
            version,
        ));
    });
    println!("\nmerge, load of the running configuration and plan: {ours:.1?} (fastest of 20)");
    let wanted = render(&desired.config, &[], version).reveal().to_owned();
    for root in [RootVersion::V8_4_4, RootVersion::V10_7] {
        let theirs = frr_reload(root, &running, &wanted);
        println!(
            "frr-reload.py --test of FRR {root} on the same configurations: {theirs:.1?}; ours takes {:.3} of it",
            ours.as_secs_f64() / theirs.as_secs_f64()
        );
    }
    println!("memory at most: {} MB", peak_kib() / 1024);
}

/// What the agent thinks through for one prefix more, on the way to FRR and back.
fn one_line(criterion: &mut Criterion, base: &str, version: FrrVersion) {
    let line = format!("ip prefix-list {}-allowed seq 999 permit 10.99.0.0/24\n", peer(0));
    let desired = load("base", &format!("{base}{line}"), version);
    let printed = |config| render(config, &[], version).reveal().to_owned();
    let (was, is) = (printed(&load("running", base, version)), printed(&desired));
    let held = load("running", &was, version);

    criterion.bench_function("one line: keep numbers", |b| {
        b.iter_with_large_drop(|| keep_numbers(black_box(&desired), &held, version));
    });
    criterion.bench_function("one line: verify", |b| {
        b.iter_with_large_drop(|| verify(black_box(&desired), &held, &held, version));
    });
    criterion.bench_function("one line: stale", |b| {
        b.iter_with_large_drop(|| stale(black_box(&desired), &held, version));
    });
    criterion.bench_function("one line: transaction", |b| {
        b.iter_with_large_drop(|| transaction(black_box(&desired), &held, version));
    });
    criterion.bench_function("one line: plan for frr-reload", |b| {
        b.iter_with_large_drop(|| plan(black_box(&desired), &held, version));
    });
    criterion.bench_function("one line: revision", |b| {
        b.iter_with_large_drop(|| Revision::between("running", &was, black_box(&is), version));
    });
    let revision =
        Revision::between("running", &was, &is, version).expect("entries differ, and nothing else");
    criterion.bench_function("one line: revised", |b| {
        b.iter_with_large_drop(|| revision.of(black_box(&held)));
    });
    criterion.bench_function("one line: render", |b| {
        b.iter_with_large_drop(|| render(black_box(&desired), &[], version));
    });
}

fn merged(base: &str, extras: &str, version: FrrVersion) -> Desired {
    merge(base, &[Contribution { name: "extras", text: extras, policy: Policy::Extras }], version)
}

fn peer(number: usize) -> String {
    format!("10.{}.{}.1", number / 250, number % 250)
}

/// A node as `MetalLB` renders it.
fn base() -> String {
    let mut text = String::new();
    for number in 0..NEIGHBORS {
        let peer = peer(number);
        _ = writeln!(text, "route-map {peer}-in deny 20");
        for line in 0..LIST_LINES / NEIGHBORS {
            let (seq, net) = (line + 1, number % 256);
            _ = writeln!(text, "ip prefix-list {peer}-allowed seq {seq} permit 10.{net}.{line}.0/24");
        }
        _ = writeln!(text, "route-map {peer}-out permit 1\n  match ip address prefix-list {peer}-allowed");
    }
    text.push_str("router bgp 64512\n  no bgp default ipv4-unicast\n  bgp router-id 172.30.0.2\n");
    for peer in (0..NEIGHBORS).map(peer) {
        _ = writeln!(
            text,
            "  neighbor {peer} remote-as 64513\n  neighbor {peer} port 179\n  neighbor {peer} timers 3 9"
        );
    }
    for peer in (0..NEIGHBORS).map(peer) {
        _ = writeln!(
            text,
            "\n  address-family ipv4 unicast\n    neighbor {peer} activate\n    neighbor {peer} route-map {peer}-in in\n    \
             neighbor {peer} route-map {peer}-out out\n  exit-address-family"
        );
    }
    text
}

/// One prefix-list as `MetalLB` numbers it.
fn permits(hosts: std::ops::RangeInclusive<usize>) -> String {
    (1..).zip(hosts).fold(String::new(), |mut text, (seq, host)| {
        let (high, low) = (host / 256, host % 256);
        _ = writeln!(text, "ip prefix-list allowed seq {seq} permit 10.0.{high}.{low}/32");
        text
    })
}

/// The extras that let every peer in through one list.
fn extras() -> String {
    let mut text = "ip prefix-list filtered permit 10.0.0.0/8 le 24\n".to_owned();
    for peer in (0..NEIGHBORS).map(peer) {
        _ = writeln!(text, "route-map {peer}-in permit 20\n  match ip address prefix-list filtered");
    }
    text
}

/// The time of one `frr-reload.py --test`, in the root file system of that FRR; no daemon is needed.
#[expect(clippy::disallowed_methods, reason = "the peer is a program, and its time is what is measured")]
fn frr_reload(version: RootVersion, running: &str, wanted: &str) -> Duration {
    let root = Root::ensure(version).expect("the root file system of that FRR");
    let folder = tempfile::tempdir_in(root.path.join("tmp")).expect("a folder in the root file system");
    let inside = |name: &str| {
        format!("/{}", folder.path().join(name).strip_prefix(&root.path).expect("inside").display())
    };
    std::fs::write(folder.path().join("running.conf"), running).expect("a file of ours");
    std::fs::write(folder.path().join("wanted.conf"), wanted).expect("a file of ours");
    fastest(RELOADS, || {
        let output = Command::new("chroot")
            .arg(&root.path)
            .args(["python3", "/usr/lib/frr/frr-reload.py", "--test", "--stdout", "--input"])
            .args([inside("running.conf"), inside("wanted.conf")])
            .output()
            .expect("chroot runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains("permit 20"),
            "frr-reload found no difference: {text}"
        );
    })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn fastest(times: usize, mut work: impl FnMut()) -> Duration {
    let measure = |work: &mut dyn FnMut()| {
        let started = std::time::Instant::now();
        work();
        started.elapsed()
    };
    (0..times).map(|_| measure(&mut work)).min().unwrap_or_default()
}

/// The most memory that this process held, in KiB (`VmHWM`, proc(5)).
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
