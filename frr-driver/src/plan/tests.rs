use super::*;
use crate::config::load;

const VERSION: FrrVersion = FrrVersion(8, 4, 4);

#[track_caller]
fn check(desired: &str, running: &str, want: &[&str]) {
    let plan = plan(&load("desired", desired, VERSION), &load("running", running, VERSION), VERSION);
    let mut lines: Vec<String> = plan.removes.iter().map(|line| format!("- {line}")).collect();
    lines.extend(plan.adds.iter().map(|line| format!("+ {line}")));
    assert_eq!(lines, want);
}

#[test]
fn equal_meaning_is_no_difference() {
    check(
        "route-map A permit 010\nip prefix-list p permit 10.1.2.3/8\n",
        "ip prefix-list p seq 5 permit 10.0.0.0/8\nroute-map A permit 10\n",
        &[],
    );
}

#[test]
fn the_action_of_an_entry_is_a_difference_of_one_object() {
    check(
        "route-map A permit 20\n",
        "route-map A deny 20\n",
        &["- route-map A deny 20", "+ route-map A permit 20"],
    );
}

#[test]
fn lines_are_named_with_their_blocks() {
    check(
        "router bgp 1\n address-family ipv4 unicast\n  network 10.0.0.0/8\n",
        "router bgp 1\n",
        &[
            "+ router bgp 1 | address-family ipv4 unicast",
            "+ router bgp 1 | address-family ipv4 unicast | network 10.0.0.0/8",
        ],
    );
}

#[test]
fn what_the_print_hides_is_no_difference() {
    check(
        "hostname x\nrouter bgp 1\n neighbor 10.0.0.1 remote-as 2\n neighbor 10.0.0.1 port 179\n",
        "hostname vm\nno ip forwarding\nrouter bgp 1\n neighbor 10.0.0.1 remote-as 2\n",
        &[],
    );
}

#[test]
fn passwords_are_hidden() {
    let desired = load(
        "d",
        "router bgp 1\n neighbor 10.0.0.1 remote-as 2\n neighbor 10.0.0.1 password hush\n",
        VERSION,
    );
    let plan = plan(&desired, &Config::default(), VERSION);
    assert!(
        !format!("{plan:?} {}", plan.adds.iter().map(ToString::to_string).collect::<String>())
            .contains("hush")
    );
}
