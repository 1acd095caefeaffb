use super::*;

const V7: FrrVersion = FrrVersion(7, 5, 1);
const V8: FrrVersion = FrrVersion(8, 4, 4);
const V10: FrrVersion = FrrVersion(10, 3, 0);

/// A neighbor that uses a map with a prefix-list and a community list.
const BASE: &str = "\
ip prefix-list p seq 5 permit 10.0.0.0/8
ip prefix-list p seq 10 permit 11.0.0.0/8
bgp community-list standard c seq 5 permit 1:1
route-map m permit 10
 match ip address prefix-list p
route-map m permit 20
 match community c
router bgp 1
 neighbor 10.9.9.1 remote-as 2
 address-family ipv4 unicast
  neighbor 10.9.9.1 route-map m in
";

/// Replaces lines of the base, and adds some.
fn base(replaced: &[(&str, &str)], added: &str) -> String {
    let mut text = BASE.to_owned();
    for (before, after) in replaced {
        assert!(text.contains(before), "{before}");
        text = text.replacen(before, after, 1);
    }
    text + "end\n" + added
}

fn run(before: &str, after: &str, version: FrrVersion) -> Result<Transaction, NotATransaction> {
    transaction(&load("desired", after, version), &load("running", before, version), version)
}

#[track_caller]
fn check(versions: &[FrrVersion], before: &str, after: &str, want: &[&str]) {
    for version in versions {
        let transaction = run(before, after, *version).unwrap_or_else(|why| panic!("{version}: {why}"));
        assert_eq!(transaction.reveal().lines().collect::<Vec<_>>(), want, "{version}");
    }
}

#[track_caller]
fn refused(versions: &[FrrVersion], before: &str, after: &str, want: &str) {
    for version in versions {
        match run(before, after, *version) {
            Ok(transaction) => panic!("{version}: {}", transaction.reveal()),
            Err(why) => assert_eq!(why.to_string(), want, "{version}"),
        }
    }
}

#[test]
fn nothing_to_do_is_no_line() {
    check(&[V7, V8, V10], BASE, BASE, &[]);
}

#[test]
fn what_goes_comes_before_what_comes_and_no_exit_parts_the_group() {
    let after = base(
        &[
            ("ip prefix-list p seq 10 permit 11.0.0.0/8\n", ""),
            (" match ip address prefix-list p\n", " match ip address prefix-list q\n set metric 5\n"),
            ("route-map m permit 20\n match community c\n", "route-map m deny 20\n"),
        ],
        "ip prefix-list q seq 5 permit 12.0.0.0/8\n",
    );
    let want = [
        "no ip prefix-list p seq 5 permit 10.0.0.0/8",
        "no ip prefix-list p seq 10 permit 11.0.0.0/8",
        "ip prefix-list q seq 5 permit 12.0.0.0/8",
        "route-map m permit 10",
        " match ip address prefix-list q",
        " set metric 5",
        "route-map m deny 20",
        " no match community c",
    ];
    let after = after.replacen("ip prefix-list p seq 5 permit 10.0.0.0/8\n", "", 1);
    check(&[V8, V10], BASE, &after, &want);
    refused(&[V7], BASE, &after, "route-map m is in use, and FRR would take its change line by line");
}

#[test]
fn a_changed_entry_goes_and_comes_anew() {
    let after = base(&[("seq 5 permit 10.0.0.0/8", "seq 5 permit 12.0.0.0/8")], "");
    let want = ["no ip prefix-list p seq 5 permit 10.0.0.0/8", "ip prefix-list p seq 5 permit 12.0.0.0/8"];
    check(&[V8, V10], BASE, &after, &want);
    check(&[V7], BASE, &after, &["ip prefix-list p seq 5 permit 12.0.0.0/8"]);
}

#[test]
fn a_prefix_that_gets_another_number_takes_two_commits_where_frr_would_forget_it() {
    let after = base(
        &[
            ("seq 5 permit 10.0.0.0/8", "seq 5 permit 11.0.0.0/8"),
            ("seq 10 permit 11.0.0.0/8", "seq 10 permit 10.0.0.0/8"),
        ],
        "",
    );
    let gone =
        ["no ip prefix-list p seq 5 permit 10.0.0.0/8", "no ip prefix-list p seq 10 permit 11.0.0.0/8"];
    let come = ["ip prefix-list p seq 5 permit 11.0.0.0/8", "ip prefix-list p seq 10 permit 10.0.0.0/8"];
    let between = [
        "ip prefix-list p seq 6 permit 11.0.0.0/8",
        "ip prefix-list p seq 11 permit 10.0.0.0/8",
        "line vty",
        "exit",
        "no ip prefix-list p seq 6 permit 11.0.0.0/8",
        "no ip prefix-list p seq 11 permit 10.0.0.0/8",
    ];
    check(&[V8], BASE, &after, &[gone.as_slice(), &between, &come].concat());
    check(&[V10], BASE, &after, &[gone, come].concat());
    let reason = "ip prefix-list p is in use, and FRR would take its change line by line";
    refused(&[V7], BASE, &after, reason);
    // No number is free between the two.
    let [before, after] = [BASE.to_owned(), after].map(|text| text.replace("seq 10 ", "seq 6 "));
    refused(&[V7, V8], &before, &after, reason);
}

#[test]
fn what_stays_comes_again_with_the_prefix_that_goes() {
    let wide = "ip prefix-list p seq 20 permit 10.0.0.0/8 ge 16\n";
    let before = base(&[], wide);
    let after = base(&[("ip prefix-list p seq 5 permit 10.0.0.0/8\n", "")], wide);
    let want = [
        "no ip prefix-list p seq 5 permit 10.0.0.0/8",
        "no ip prefix-list p seq 20 permit 10.0.0.0/8 ge 16",
        "ip prefix-list p seq 21 permit 10.0.0.0/8 ge 16",
        "line vty",
        "exit",
        "no ip prefix-list p seq 21 permit 10.0.0.0/8 ge 16",
        "ip prefix-list p seq 20 permit 10.0.0.0/8 ge 16",
    ];
    check(&[V8], &before, &after, &want);
    check(&[V10], &before, &after, &["no ip prefix-list p seq 5 permit 10.0.0.0/8"]);
    refused(&[V7], &before, &after, "ip prefix-list p is in use, and FRR would take its change line by line");
}

#[test]
fn any_comes_last_where_frr_would_forget_it() {
    let any = "ip prefix-list p seq 20 permit any\n";
    let before = base(&[(" match ip address prefix-list p\n", "")], any);
    let after = base(
        &[(" match ip address prefix-list p\n", "")],
        &format!("{any}ip prefix-list p seq 25 deny 12.0.0.0/8\n"),
    );
    let want = [
        "no ip prefix-list p seq 20 permit any",
        "ip prefix-list p seq 25 deny 12.0.0.0/8",
        "ip prefix-list p seq 20 permit any",
    ];
    check(&[V7], &before, &after, &want);
    check(&[V8, V10], &before, &after, &["ip prefix-list p seq 25 deny 12.0.0.0/8"]);
    let in_use = |text: &str| base(&[], text);
    let reason = "ip prefix-list p is in use, and FRR would take its change line by line";
    refused(&[V7], &in_use(any), &in_use(&format!("{any}ip prefix-list p seq 25 deny 12.0.0.0/8\n")), reason);
    let both = format!("ip prefix-list p seq 15 permit 12.0.0.0/8\n{any}");
    let want = ["ip prefix-list p seq 15 permit 12.0.0.0/8", "ip prefix-list p seq 20 permit any"];
    check(&[V7, V8, V10], BASE, &in_use(&both), &want);
}

#[test]
fn any_is_not_written_over() {
    let before = base(&[("seq 10 permit 11.0.0.0/8", "seq 10 permit any")], "");
    let want = [
        "no ip prefix-list p seq 10 permit any",
        "ip prefix-list p seq 11 permit 11.0.0.0/8",
        "line vty",
        "exit",
        "no ip prefix-list p seq 11 permit 11.0.0.0/8",
        "ip prefix-list p seq 10 permit 11.0.0.0/8",
    ];
    check(&[V8, V10], &before, BASE, &want);
    check(&[V7], &before, BASE, &["ip prefix-list p seq 10 permit 11.0.0.0/8"]);
    // mgmtd would make one commit of both.
    let zebra = "route-map z permit 10\n match ip address prefix-list p\nip protocol static route-map z\n";
    let [before, after] = [before.as_str(), BASE].map(|text| text.to_owned() + "end\n" + zebra);
    refused(
        &[V10],
        &before,
        &after,
        "ip prefix-list p is in use, and FRR would take its change line by line",
    );
}

#[test]
fn lines_lead_back_to_their_sources() {
    let after = base(&[("seq 10 permit 11.0.0.0/8", "seq 10 deny 11.0.0.0/8")], "");
    let transaction = run(BASE, &after, V8).unwrap();
    let origin = |number| transaction.origin(number).map(ToString::to_string);
    assert_eq!(origin(1).as_deref(), Some("running:2"));
    assert_eq!(origin(2).as_deref(), Some("desired:2"));
    assert_eq!(origin(3), None);
}

#[test]
fn secrets_do_not_show() {
    let after = base(&[], "router bgp 1\n neighbor 10.9.9.2 remote-as 3\n neighbor 10.9.9.2 password hush\n");
    let transaction = run(BASE, &after, V8).unwrap();
    assert!(transaction.reveal().contains("password hush"));
    assert!(!format!("{transaction:?}").contains("hush"));
}

// === lists that are not committed ===

#[test]
fn a_new_list_comes_first_and_an_old_one_goes_last() {
    let after = base(
        &[
            (
                "bgp community-list standard c seq 5 permit 1:1",
                "bgp community-list standard d seq 5 permit 2:2",
            ),
            (" match community c\n", " match community d\n"),
        ],
        "",
    );
    let want = [
        "bgp community-list standard d seq 5 permit 2:2",
        "route-map m permit 20",
        " match community d",
        "no bgp community-list standard c seq 5 permit 1:1",
    ];
    check(&[V7, V8, V10], BASE, &after, &want);
}

#[test]
fn a_list_that_nothing_refers_to_is_written_anew() {
    let before = base(&[], "bgp community-list standard d seq 5 permit 2:2\n");
    let after = base(&[], "bgp community-list expanded d seq 5 permit 3:.*\n");
    let want = [
        "no bgp community-list standard d seq 5 permit 2:2",
        "bgp community-list expanded d seq 5 permit 3:.*",
    ];
    check(&[V7, V8, V10], &before, &after, &want);
}

#[test]
fn a_list_in_use_changes_alone() {
    let after = base(&[("seq 5 permit 1:1", "seq 5 permit 2:2")], "");
    check(&[V7, V8, V10], BASE, &after, &["bgp community-list standard c seq 5 permit 2:2"]);
    let after = base(&[("seq 5 permit 1:1", "seq 5 permit 2:2"), ("seq 10 permit 11", "seq 10 deny 11")], "");
    let reason = "FRR would take ip prefix-list p before bgp community-list c, and judge routes by the one without the \
                  other";
    refused(&[V7, V8, V10], BASE, &after, reason);
}

#[test]
fn entries_come_upwards_and_go_downwards() {
    let before = base(
        &[(
            "permit 1:1\n",
            "permit 1:1\nbgp community-list standard c seq 15 deny 3:3\nbgp community-list standard c seq 16 permit 9:9\n",
        )],
        "",
    );
    let after = base(
        &[(
            "permit 1:1\n",
            "permit 1:1\nbgp community-list standard c seq 3 deny 4:4\nbgp community-list standard c seq 20 permit 5:5\n",
        )],
        "",
    );
    let want = [
        "bgp community-list standard c seq 3 deny 4:4",
        "bgp community-list standard c seq 20 permit 5:5",
        "no bgp community-list standard c seq 16 permit 9:9",
        "no bgp community-list standard c seq 15 deny 3:3",
    ];
    check(&[V7, V8, V10], &before, &after, &want);
    let reason = "bgp community-list c is in use, and FRR would take its change line by line";
    // A changed entry beside others.
    let changed = after.replacen("seq 5 permit 1:1", "seq 5 deny 1:1", 1);
    refused(&[V7, V8, V10], &before, &changed, reason);
    // FRR ignores content that the list has under another number.
    let moved = before.replacen("seq 15 deny 3:3", "seq 12 deny 3:3", 1);
    refused(&[V7, V8, V10], &before, &moved, reason);
    // Two questions, and each answer changes at its own line.
    let [before, after] =
        [before, after].map(|text| text + "route-map m permit 30\n match community c exact-match\n");
    refused(&[V7, V8, V10], &before, &after, reason);
}

#[test]
fn as_path_lists_without_numbers_grow_at_their_end() {
    let lists = |regexes: &[&str]| {
        let lines = regexes.iter().map(|regex| format!("bgp as-path access-list a permit {regex}\n"));
        base(&[(" match community c\n", " match as-path a\n")], &lines.collect::<String>())
    };
    let before = lists(&["^1$", "^2$", "^3$"]);
    let want = ["bgp as-path access-list a permit ^4$", "no bgp as-path access-list a permit ^2$"];
    check(&[V7], &before, &lists(&["^1$", "^3$", "^4$"]), &want);
    let reason = "bgp as-path access-list a is in use, and FRR would take its change line by line";
    refused(&[V7], &before, &lists(&["^4$", "^1$", "^2$", "^3$"]), reason);
    let unused = |text: String| text.replacen(" match as-path a\n", " match community c\n", 1);
    let want = [
        "no bgp as-path access-list a permit ^1$",
        "no bgp as-path access-list a permit ^2$",
        "bgp as-path access-list a permit ^2$",
        "bgp as-path access-list a permit ^1$",
    ];
    check(&[V7], &unused(lists(&["^1$", "^2$"])), &unused(lists(&["^2$", "^1$"])), &want);
}

// === where each line is committed by itself ===

#[test]
fn one_line_is_one_step() {
    let grown = base(
        &[(
            "seq 10 permit 11.0.0.0/8\n",
            "seq 10 permit 11.0.0.0/8\nip prefix-list p seq 15 permit 12.0.0.0/8\nip prefix-list p seq 7 deny 13.0.0.0/8\n",
        )],
        "",
    );
    let want = ["ip prefix-list p seq 7 deny 13.0.0.0/8", "ip prefix-list p seq 15 permit 12.0.0.0/8"];
    check(&[V7, V8, V10], BASE, &grown, &want);
    let cleared = base(&[("route-map m permit 20\n match community c\n", "")], "");
    check(&[V7, V8, V10], BASE, &cleared, &["no route-map m permit 20"]);
    let set = base(&[(" match community c\n", " match community c\n set metric 5\n")], "");
    check(&[V7, V8, V10], BASE, &set, &["route-map m permit 20", " set metric 5"]);
    let both = base(&[(" match community c\n", " match community c\n set metric 5\n set weight 7\n")], "");
    check(&[V8, V10], BASE, &both, &["route-map m permit 20", " set metric 5", " set weight 7"]);
    refused(&[V7], BASE, &both, "route-map m is in use, and FRR would take its change line by line");
    let replaced = base(&[("seq 5 permit 10.0.0.0/8", "seq 5 permit 10.0.0.0/8 ge 16")], "");
    check(&[V7], BASE, &replaced, &["ip prefix-list p seq 5 permit 10.0.0.0/8 ge 16"]);
    let reason = "ip prefix-list p is in use, and FRR would take its change line by line";
    refused(&[V7], &replaced, BASE, reason);
}

#[test]
fn an_entry_at_the_end_denies_until_it_is_whole() {
    let last = |action: &str, clauses: &str| base(&[], &format!("route-map m {action} 30\n{clauses}"));
    let clauses = " match ip address prefix-list p\n set metric 5\n";
    let made =
        ["route-map m deny 30", " match ip address prefix-list p", " set metric 5", "route-map m permit 30"];
    check(&[V7], BASE, &last("permit", clauses), &made);
    check(&[V7], &last("deny", ""), &last("permit", clauses), &made);
    let undone = ["route-map m deny 30", " no match ip address prefix-list p", " no set metric 5"];
    check(&[V7], &last("permit", clauses), &last("deny", ""), &undone);
    let whole = ["route-map m permit 30", " match ip address prefix-list p", " set metric 5"];
    check(&[V8, V10], BASE, &last("permit", clauses), &whole);
    let reason = "route-map m is in use, and FRR would take its change line by line";
    refused(&[V7], &last("permit", ""), &last("permit", clauses), reason);
    // Behind an entry that leads on, the end of the map is another.
    let leads =
        |text: String| text.replacen("route-map m permit 20\n", "route-map m permit 20\n on-match next\n", 1);
    refused(&[V7], &leads(base(&[], "")), &leads(last("permit", clauses)), reason);
}

#[test]
fn a_map_that_nothing_refers_to_is_no_step() {
    let maps = "ip prefix-list q seq 5 permit 12.0.0.0/8\nroute-map n permit 10\n match ip address prefix-list q\n set metric 5\n";
    let want = [
        "ip prefix-list q seq 5 permit 12.0.0.0/8",
        "route-map n permit 10",
        " match ip address prefix-list q",
        " set metric 5",
    ];
    check(&[V7, V8, V10], BASE, &base(&[], maps), &want);
    let want = ["no route-map n", "no ip prefix-list q seq 5 permit 12.0.0.0/8"];
    check(&[V7, V8, V10], &base(&[], maps), BASE, &want);
}

#[test]
fn a_clause_that_would_leave_something_behind_goes_with_its_entry() {
    let with = |clause: &str| base(&[(" match community c\n", &format!(" match community c\n{clause}"))], "");
    for (before, after) in [
        (" match rpki-extcommunity valid\n", ""),
        (" on-match goto 50\n", " on-match next\n"),
        (" set metric +rtt\n", " set metric rtt\n"),
    ] {
        let block = ["route-map m permit 20", " match community c", after.trim_end()];
        let block: Vec<&str> = block.into_iter().filter(|line| !line.is_empty()).collect();
        let between = [&["route-map m permit 21"], block.get(1..).unwrap()].concat();
        let want = [
            ["no route-map m permit 20"].as_slice(),
            &between,
            &["line vty", "exit", "no route-map m permit 21"],
            &block,
        ];
        check(&[V8, V10], &with(before), &with(after), &want.concat());
    }
    let reason = "route-map m is in use, and FRR would take its change line by line";
    refused(&[V7], &with(" on-match goto 50\n"), &with(" on-match next\n"), reason);
    refused(&[V7], &with(" set metric +rtt\n"), &with(" set metric rtt\n"), reason);
    let unused = |text: String| text.replacen("  neighbor 10.9.9.1 route-map m in\n", "", 1);
    let want = ["route-map m permit 20", " no set metric +rtt", " set metric rtt"];
    check(&[V7], &unused(with(" set metric +rtt\n")), &unused(with(" set metric rtt\n")), &want);
}

#[test]
fn a_description_is_no_step() {
    let after = base(
        &[
            ("route-map m permit 10\n", "route-map m permit 10\n description first\n"),
            ("seq 5 permit 1:1", "seq 5 permit 2:2"),
        ],
        "ip prefix-list p description all\n",
    );
    for version in [V7, V8, V10] {
        run(BASE, &after, version).unwrap();
    }
}

#[test]
fn bgp_and_zebra_commit_apart() {
    let [before, after] = ["metric 5", "metric 6"].map(|metric| {
        base(&[], &format!("route-map m permit 30\n set {metric}\nip protocol bgp route-map m\n"))
    });
    refused(
        &[V7, V8, V10],
        &before,
        &after,
        "FRR would take route-map m before route-map m, and judge routes by the one without the other",
    );
}

#[test]
fn frr_takes_so_many_lines_at_a_time() {
    let line = |number: u32| {
        format!("ip prefix-list q seq {number} permit 10.{}.{}.0/24", number / 256, number % 256)
    };
    let lines = (1..=5000).map(line).collect::<Vec<_>>().join("\n");
    let after = base(&[], &lines);
    refused(&[V10], BASE, &after, "5000 lines of lists and route-maps, and FRR takes 5000 at a time");
}

// === what is added ===

#[test]
fn a_new_neighbor_starts_when_all_is_said_of_it() {
    let after = base(
        &[(
            "  neighbor 10.9.9.1 route-map m in\n",
            "  neighbor 10.9.9.1 route-map m in\n  neighbor 10.9.9.2 route-map n in\n  network 10.5.0.0/16\n",
        )],
        "route-map n permit 10\nip route 10.5.0.0/16 blackhole\nbfd\n profile fast\n  detect-multiplier 5\n\
         router bgp 1\n neighbor 10.9.9.2 remote-as 3\n neighbor 10.9.9.2 bfd profile fast\n neighbor 10.9.9.2 timers 3 9\n",
    );
    let want = [
        "route-map n permit 10",
        "ip route 10.5.0.0/16 blackhole",
        "bfd",
        " profile fast",
        "  detect-multiplier 5",
        " exit",
        "exit",
        "router bgp 1",
        " neighbor 10.9.9.2 remote-as 3",
        " neighbor 10.9.9.2 shutdown",
        " neighbor 10.9.9.2 bfd",
        " neighbor 10.9.9.2 bfd profile fast",
        " neighbor 10.9.9.2 timers 3 9",
        " address-family ipv4 unicast",
        "  neighbor 10.9.9.2 route-map n in",
        "  network 10.5.0.0/16",
        " exit-address-family",
        "exit",
        "router bgp 1",
        " no neighbor 10.9.9.2 shutdown",
        "exit",
    ];
    check(&[V8, V10], BASE, &after, &want);
}

#[test]
fn a_listen_range_comes_when_all_is_said_of_its_group() {
    let after = base(
        &[],
        "router bgp 1\n neighbor G peer-group\n neighbor G remote-as 5\n bgp listen range 10.8.0.0/16 peer-group G\n \
         address-family ipv4 unicast\n  neighbor G route-map m in\n",
    );
    let transaction = run(BASE, &after, V8).unwrap();
    let lines: Vec<&str> = transaction.reveal().lines().map(str::trim).collect();
    let at = |line: &str| lines.iter().position(|other| *other == line).unwrap();
    assert!(at("neighbor G route-map m in") < at("bgp listen range 10.8.0.0/16 peer-group G"), "{lines:?}");
}

#[test]
fn a_neighbor_that_shall_be_shut_down_stays_so() {
    let after = base(&[], "router bgp 1\n neighbor 10.9.9.2 remote-as 3\n neighbor 10.9.9.2 shutdown\n");
    let want = ["router bgp 1", " neighbor 10.9.9.2 remote-as 3", " neighbor 10.9.9.2 shutdown", "exit"];
    check(&[V7, V8, V10], BASE, &after, &want);
}

#[test]
fn what_takes_away_or_changes_is_left_to_frr_reload() {
    let all = [V7, V8, V10];
    let more = base(&[], "router bgp 1\n neighbor 10.9.9.1 description a\n neighbor 10.9.9.1 timers 3 9\n");
    refused(
        &all,
        &more,
        BASE,
        "`router bgp 1 | neighbor 10.9.9.1 description a` goes, and a transaction takes nothing away but lists and \
         route-maps",
    );
    let other = more.replacen("description a", "description b", 1);
    refused(
        &all,
        &more,
        &other,
        "`router bgp 1 | neighbor 10.9.9.1 description b` replaces what runs, and a transaction changes nothing but \
         lists and route-maps",
    );
}

#[test]
fn what_touches_a_session_is_left_to_frr_reload() {
    let all = [V7, V8, V10];
    let with = |line: &str| base(&[], &format!("router bgp 1\n {line}\n"));
    for (line, why) in [
        ("neighbor 10.9.9.1 password x", "the session goes down and comes back"),
        ("neighbor 10.9.9.1 timers 3 9", "counts from the next session on"),
        ("bgp frobnicate", "the session goes down and comes back"),
    ] {
        let shown = line.replace("password x", "password <hidden>");
        refused(&all, BASE, &with(line), &format!("10.9.9.1: `router bgp 1 | {shown}`: {why}"));
    }
}

#[test]
fn a_setting_that_counts_later_is_found_among_many_causes() {
    let network = |number| format!("  network 10.5.{number}.0/24");
    let networks = (0..20).map(network).collect::<Vec<_>>().join("\n");
    let after = base(
        &[],
        &format!("router bgp 1\n neighbor 10.9.9.1 timers 3 9\n address-family ipv4 unicast\n{networks}"),
    );
    refused(
        &[V8],
        BASE,
        &after,
        "10.9.9.1: `router bgp 1 | neighbor 10.9.9.1 timers 3 9`: counts from the next session on",
    );
}

#[test]
fn a_filter_that_is_new_to_a_session_is_a_step() {
    let filter = "router bgp 1\n address-family ipv4 unicast\n  neighbor 10.9.9.1 prefix-list q in\n";
    let list = "ip prefix-list q seq 5 permit 12.0.0.0/8\n";
    let after = base(&[], &format!("{list}{filter}"));
    let want = [
        "ip prefix-list q seq 5 permit 12.0.0.0/8",
        "router bgp 1",
        " address-family ipv4 unicast",
        "  neighbor 10.9.9.1 prefix-list q in",
        " exit-address-family",
        "exit",
    ];
    check(&[V7, V8, V10], BASE, &after, &want);
    let after = after.replacen("seq 10 permit 11.0.0.0/8", "seq 10 deny 11.0.0.0/8", 1);
    refused(
        &[V7, V8, V10],
        BASE,
        &after,
        "FRR would take ip prefix-list p before router bgp 1 | address-family ipv4 unicast | neighbor 10.9.9.1 \
         prefix-list q in, and judge routes by the one without the other",
    );
}

#[test]
fn a_block_with_unknown_words_is_left_to_frr_reload() {
    let after = base(&[], "router ospf\n network 10.0.0.0/8 area 0\n");
    refused(&[V8], BASE, &after, "it is not known what `router ospf` does beside what runs");
}

#[test]
fn a_line_that_frr_does_not_print_is_left_to_frr_reload() {
    let after = base(&[(" match community c\n", " match community c\n set metric 5\n")], "nexthop-group n\n");
    refused(&[V8], BASE, &after, "FRR does not print `nexthop-group n`, so it is not known whether it runs");
}

#[test]
fn of_a_long_list_only_what_differs_is_sent() {
    let line = |number: u32| {
        format!("ip prefix-list q seq {number} permit 10.{}.{}.0/24", number / 256, number % 256)
    };
    let list = |numbers: std::ops::Range<u32>| base(&[], &numbers.map(line).collect::<Vec<_>>().join("\n"));
    let transaction = run(&list(1..4000), &list(2000..6000), V8).unwrap();
    assert_eq!(transaction.reveal().lines().count(), 1999 + 2000);
}
