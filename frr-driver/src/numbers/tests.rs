mod law;

use std::fmt::Write as _;

use super::*;
use crate::{
    config::load,
    plan::{Plan, plan},
};

const VERSION: FrrVersion = FrrVersion(8, 4, 4);

/// The plan to `desired` with the numbers that run.
fn planned_on(version: FrrVersion, desired: &str, running: &str) -> Plan {
    let (desired, running) = (load("base", desired, version), load("running", running, version));
    let kept = keep_numbers(&desired, &running, version);
    assert_eq!(keep_numbers(&kept, &running, version), kept, "a second time");
    plan(&kept, &running, version)
}

fn lines(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = plan.removes.iter().map(|line| format!("- {line}")).collect();
    lines.extend(plan.adds.iter().map(|line| format!("+ {line}")));
    lines
}

#[track_caller]
fn check_on(version: FrrVersion, desired: &str, running: &str, want: &[&str]) {
    assert_eq!(lines(&planned_on(version, desired, running)), want);
}

#[track_caller]
fn check(desired: &str, running: &str, want: &[&str]) {
    check_on(VERSION, desired, running, want);
}

/// As `MetalLB` numbers them: sorted, from 1.
fn permits(hosts: impl IntoIterator<Item = u32>) -> String {
    (1..).zip(hosts).fold(String::new(), |mut text, (seq, host)| {
        let (high, low) = (host / 256, host % 256);
        _ = writeln!(text, "ip prefix-list L seq {seq} permit 10.0.{high}.{low}/32");
        text
    })
}

#[test]
fn a_new_prefix_in_front_of_a_thousand_is_one_line() {
    let want = ["+ ip prefix-list L seq 1005 permit 10.0.0.0/32"];
    check(&permits(0..=1000), &permits(1..=1000), &want);
}

#[test]
fn a_prefix_less_of_a_thousand_is_one_line() {
    check(&permits(2..=1000), &permits(1..=1000), &["- ip prefix-list L seq 1 permit 10.0.0.1/32"]);
}

#[test]
fn a_new_prefix_takes_the_written_number_where_it_is_free() {
    let running = permits((1..=1000).filter(|host| *host != 500)).replace("seq 999 ", "seq 1000 ");
    let running = running.replace("seq 500 ", "seq 2000 ");
    let plan = planned_on(VERSION, &permits(1..=1000), &running);
    assert_eq!(lines(&plan), ["+ ip prefix-list L seq 500 permit 10.0.1.244/32"]);
    assert_eq!(plan.adds[0].renumbered, None);
}

#[test]
fn a_list_that_does_not_run_is_as_written() {
    check(
        "ip prefix-list A seq 3 permit 10.0.0.0/8\n",
        "ip prefix-list AB seq 5 permit 10.0.0.0/8\n",
        &["- ip prefix-list AB seq 5 permit 10.0.0.0/8", "+ ip prefix-list A seq 3 permit 10.0.0.0/8"],
    );
}

#[test]
fn where_the_written_numbers_keep_as_much_they_stay() {
    check(
        "ip prefix-list L seq 2 permit 10.1.0.0/16\nip prefix-list L seq 3 deny 10.0.0.0/8\n",
        "ip prefix-list L seq 1 deny 10.0.0.0/8\nip prefix-list L seq 2 permit 10.1.0.0/16\n",
        &["- ip prefix-list L seq 1 deny 10.0.0.0/8", "+ ip prefix-list L seq 3 deny 10.0.0.0/8"],
    );
}

#[test]
fn what_permits_and_denies_keeps_its_order() {
    // The new permit must stand before the denial, the new denial before what follows it.
    check(
        "ip prefix-list L seq 1 permit 10.3.0.0/16\nip prefix-list L seq 2 permit 10.1.0.0/16\n\
         ip prefix-list L seq 3 deny 10.0.0.0/8 le 32\nip prefix-list L seq 4 deny 10.2.0.0/16\n\
         ip prefix-list L seq 5 permit any\n",
        "ip prefix-list L seq 10 permit 10.1.0.0/16\nip prefix-list L seq 20 deny 10.0.0.0/8 le 32\n\
         ip prefix-list L seq 30 permit any\n",
        &["+ ip prefix-list L seq 1 permit 10.3.0.0/16", "+ ip prefix-list L seq 25 deny 10.2.0.0/16"],
    );
}

#[test]
fn an_entry_of_another_action_is_not_the_same() {
    check(
        "ip prefix-list L seq 1 deny 10.1.0.0/16\nip prefix-list L seq 2 permit any\n",
        "ip prefix-list L seq 5 permit 10.1.0.0/16\nip prefix-list L seq 10 permit any\n",
        &["- ip prefix-list L seq 5 permit 10.1.0.0/16", "+ ip prefix-list L seq 1 deny 10.1.0.0/16"],
    );
}

#[test]
fn without_room_before_the_denial_the_denial_moves() {
    let with_end = |hosts: std::ops::RangeInclusive<u32>, seq: u32| {
        permits(hosts) + &format!("ip prefix-list L seq {seq} deny any\n")
    };
    check(
        &with_end(0..=1000, 1002),
        &with_end(1..=1000, 1001),
        &[
            "- ip prefix-list L seq 1001 deny any",
            "+ ip prefix-list L seq 1005 permit 10.0.0.0/32",
            "+ ip prefix-list L seq 1010 deny any",
        ],
    );
}

#[test]
fn both_numbers_are_known() {
    let desired = load("base", &permits(0..=3), VERSION);
    let running = load("running", &permits(1..=3), VERSION);
    let kept = keep_numbers(&desired, &running, VERSION);
    let entry = kept.top.get("ip prefix-list L 0000000008").unwrap();
    assert_eq!(entry.statement.to_string(), "ip prefix-list L seq 8 permit 10.0.0.0/32");
    assert_eq!(entry.statement.origin.to_string(), "base:1");
    assert_eq!(entry.renumbered.unwrap().to_string(), "seq 8 here, written as seq 1");
    let moved = kept.top.iter().filter(|(_, node)| node.renumbered.is_some()).count();
    assert_eq!((moved, kept.top.len()), (4, 4));
    assert_eq!(keep_numbers(&kept, &desired, VERSION), desired, "back to what is written");
}

#[test]
fn the_end_of_the_numbers_is_not_passed() {
    check(
        "ip prefix-list L seq 1 permit 10.1.0.0/16\nip prefix-list L seq 2 permit 10.2.0.0/16\n\
         ip prefix-list L seq 3 permit 10.3.0.0/16\n",
        "ip prefix-list L seq 1 permit 10.2.0.0/16\nip prefix-list L seq 4294967295 permit 10.3.0.0/16\n",
        &["+ ip prefix-list L seq 2 permit 10.1.0.0/16"],
    );
    // 65534 and 65535 run, and two entries come behind them: no room, so as written.
    check(
        "route-map A permit 1\n set metric 1\nroute-map A permit 2\n set metric 2\nroute-map A permit 3\n set metric 3\n",
        "route-map A permit 65535\n set metric 1\n",
        &[
            "- route-map A permit 65535",
            "+ route-map A permit 1",
            "+ route-map A permit 1 | set metric 1",
            "+ route-map A permit 2",
            "+ route-map A permit 2 | set metric 2",
            "+ route-map A permit 3",
            "+ route-map A permit 3 | set metric 3",
        ],
    );
}

#[test]
fn ten_holds_the_same_entry_twice() {
    let entry = |seq: u32| format!("ip prefix-list L seq {seq} permit 10.0.0.0/8\n");
    let ten = FrrVersion(10, 3, 0);
    check_on(
        ten,
        &(entry(1) + &entry(2)),
        &(entry(5) + &entry(10) + &entry(15)),
        &["- ip prefix-list L seq 15 permit 10.0.0.0/8"],
    );
    check_on(ten, &(entry(1) + &entry(2)), &entry(5), &["+ ip prefix-list L seq 2 permit 10.0.0.0/8"]);
}

#[test]
fn every_kind_of_list_keeps_its_numbers() {
    for (list, one, other) in [
        ("ipv6 prefix-list L", "2001:db8:1::/48", "2001:db8:2::/48"),
        ("access-list L", "10.0.0.0/8", "10.1.0.0/16"),
        ("ipv6 access-list L", "2001:db8:1::/48", "2001:db8:2::/48"),
        ("mac access-list L", "00:00:00:00:00:01", "00:00:00:00:00:02"),
        ("bgp as-path access-list L", "^1$", "^2$"),
        ("bgp community-list standard L", "65000:1", "65000:2"),
        ("bgp community-list expanded L", "65000:1.*", "65000:2.*"),
        ("bgp large-community-list standard L", "65000:1:1", "65000:1:2"),
        ("bgp extcommunity-list standard L", "rt 65000:1", "rt 65000:2"),
    ] {
        check(
            &format!("{list} seq 5 permit {one}\n{list} seq 10 permit {other}\n"),
            &format!("{list} seq 5 permit {other}\n"),
            &[&format!("+ {list} seq 10 permit {one}")],
        );
    }
}

#[test]
fn a_list_named_seq_is_a_list() {
    check(
        "ip prefix-list seq seq 5 permit 10.1.0.0/16\nip prefix-list seq seq 10 permit 10.2.0.0/16\n",
        "ip prefix-list seq seq 5 permit 10.2.0.0/16\nip prefix-list seq description seq 5 permit\n",
        &["- ip prefix-list seq description seq 5 permit", "+ ip prefix-list seq seq 10 permit 10.1.0.0/16"],
    );
}

#[test]
fn the_path_lists_of_7_5_1_have_no_numbers() {
    let (desired, running) = (
        "bgp as-path access-list L permit ^1$\nbgp as-path access-list L permit ^2$\n",
        "bgp as-path access-list L permit ^2$\n",
    );
    let want = [
        "- bgp as-path access-list L permit ^2$",
        "+ bgp as-path access-list L permit ^1$",
        "+ bgp as-path access-list L permit ^2$",
    ];
    check_on(FrrVersion(7, 5, 1), desired, running, &want);
}

fn metrics(numbers: &[(u32, u32)]) -> String {
    numbers.iter().fold(String::new(), |mut text, (number, metric)| {
        _ = writeln!(text, "route-map A permit {number}\n set metric {metric}");
        text
    })
}

#[test]
fn a_map_without_its_first_entry_is_one_line() {
    check(
        &metrics(&[(1, 102), (2, 103), (3, 104)]),
        &metrics(&[(1, 101), (2, 102), (3, 103), (4, 104)]),
        &["- route-map A permit 1"],
    );
}

#[test]
fn a_new_entry_of_a_map_stands_where_its_order_wants_it() {
    check(
        &metrics(&[(1, 101), (2, 199), (3, 102)]),
        &metrics(&[(10, 101), (14, 102)]),
        &["+ route-map A permit 12", "+ route-map A permit 12 | set metric 199"],
    );
}

#[test]
fn an_entry_of_a_map_that_says_something_else_stays_where_it_is() {
    check(
        &metrics(&[(1, 101), (2, 199), (3, 103), (4, 198)]),
        &metrics(&[(5, 101), (6, 102), (11, 103), (12, 104)]),
        &[
            "- route-map A permit 6 | set metric 102",
            "- route-map A permit 12 | set metric 104",
            "+ route-map A permit 6 | set metric 199",
            "+ route-map A permit 12 | set metric 198",
        ],
    );
}

#[test]
fn no_entry_of_a_map_is_put_at_20() {
    let new = ["+ route-map A permit 21", "+ route-map A permit 21 | set metric 199"];
    check(&metrics(&[(1, 101), (2, 102), (3, 199)]), &metrics(&[(10, 101), (15, 102)]), &new);
}

#[test]
fn a_line_of_a_moved_entry_knows_both_numbers() {
    let plan = planned_on(
        VERSION,
        &metrics(&[(1, 102), (2, 999), (3, 104)]),
        &metrics(&[(3, 102), (4, 103), (5, 104)]),
    );
    assert_eq!(
        lines(&plan),
        ["- route-map A permit 4 | set metric 103", "+ route-map A permit 4 | set metric 999"]
    );
    assert_eq!(plan.adds[0].renumbered.unwrap().to_string(), "seq 4 here, written as seq 2");
    assert_eq!(plan.removes[0].renumbered, None);
}

/// Maps whose numbers say more than an order: as written.
#[track_caller]
fn check_stays(desired: &str, running: &str) {
    let (desired, running) = (load("base", desired, VERSION), load("running", running, VERSION));
    assert_eq!(keep_numbers(&desired, &running, VERSION), desired);
}

#[test]
fn a_number_that_says_more_than_an_order_stays() {
    let (desired, running) = (metrics(&[(2, 102), (3, 103)]), metrics(&[(3, 102), (4, 103)]));
    check(&desired, &running, &[]);
    let goto = "route-map A permit 1\n on-match goto 3\n";
    check_stays(&format!("{goto}{desired}"), &running);
    check_stays(&desired, &format!("{goto}{running}"));
    check_stays(&format!("{desired}route-map A permit 20\n"), &running);
    check_stays(&desired, &format!("{running}route-map A deny 20\n"));
    let of_peer = |text: &str| text.replace("map A", "map 10.0.0.1-in");
    check_stays(&of_peer(&desired), &of_peer(&running));
    check_stays(&of_peer(&desired), &running);
}

#[test]
fn relative_words_and_calls_do_not_hold_a_map() {
    let clause = " on-match next\n call B\n";
    let with = |text: String| text.replace("102\n", &format!("102\n{clause}"));
    check(&with(metrics(&[(2, 102), (3, 103)])), &with(metrics(&[(3, 102), (4, 103)])), &[]);
}

#[test]
fn what_frr_does_not_print_of_an_entry_does_not_make_it_another() {
    let with = |text: String| text.replace("102\n", "102\n set forwarding-address 2001:db8::1\n");
    check(&with(metrics(&[(2, 102), (3, 103)])), &metrics(&[(3, 102), (4, 103)]), &[]);
}
