use super::*;

#[track_caller]
fn check(line: &str, want: Option<(usize, &str)>) {
    let words: Vec<&str> = line.split(' ').collect();
    let found = abbreviation(&words);
    assert_eq!(found.as_ref().map(|found| (found.at, found.candidates[0])), want, "{line}");
}

#[test]
fn beginnings_are_told_from_words() {
    check("neigh 10.0.0.1 remote-as 1", Some((0, "neighbor")));
    check("neighbor 10.0.0.1 remote 1", Some((2, "remote-as")));
    check("neighbor 10.0.0.1 remote-as ext", Some((3, "external")));
    check("redistribute ospf 1 metri 5", Some((3, "metric")));
    check("neighbor 10.0.0.1 remote-as external", None);
    check("frobnicate yes", None);
}

#[test]
fn names_may_be_beginnings_of_words() {
    check("bgp community-list standard d permit 1:1", None);
    check("bgp large-community-list expanded p seq 5 permit 1:1:1", None);
    check("aggregate-address 10.0.0.0/8 route-map a", None);
    check("nexthop eth0 nexthop-vrf b", None);
    check("bgp community-list 5 per 1:1", Some((3, "permit")));
}

#[test]
fn the_table_can_be_looked_up() {
    assert!(FOLLOWERS.len() > 100);
    for (head, followers) in FOLLOWERS.iter() {
        assert!(head.split_ascii_whitespace().count() <= HEAD_WORDS_MAX, "{head}");
        assert!(!followers.is_empty(), "{head}");
    }
}
