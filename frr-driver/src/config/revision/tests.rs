use super::*;
use crate::config::render;

const VERSION: FrrVersion = FrrVersion(10, 7, 1);

const HEAD: &str = "frr version 10.7.1\nfrr defaults datacenter\nhostname n\n!\n";
const ENTRIES: [&str; 7] = [
    "ip prefix-list A seq 5 permit 10.0.0.0/8\n",
    "ip prefix-list A seq 10 deny any\n",
    "ip prefix-list B description of two\nip prefix-list B seq 5 permit 11.0.0.0/8 le 32\n!\n",
    "ipv6 prefix-list A seq 5 permit fd00::/8\n!\n",
    "route-map M permit 10\n match ip address prefix-list A\n set metric 5\nexit\n!\n",
    "route-map M deny 20\nexit\n!\n",
    "route-map N permit 10\n on-match next\nexit\n!\n",
];
const TAIL: &str = "router bgp 1\n neighbor 10.0.0.1 remote-as 2\n !\n address-family ipv4 unicast\n  neighbor 10.0.0.1 route-map M in\n exit-address-family\nexit\n!\nend\n";

fn print(entries: &[&str]) -> String {
    format!("{HEAD}{}{TAIL}", entries.concat())
}

fn text(config: &Config) -> String {
    render(config, &[], VERSION).reveal().to_owned()
}

/// Checks what is loaded of `is` after `was`; returns whether that needed no more than the difference.
#[track_caller]
fn check(was: &str, is: &str) -> bool {
    let (before, want) = (load("bgpd", was, VERSION), load("bgpd", is, VERSION));
    let Some(revision) = Revision::between("bgpd", was, is, VERSION) else { return false };
    let Some(got) = revision.of(&before) else { return false };
    assert_eq!(text(&got), text(&want), "from\n{was}\nto\n{is}");
    for (key, node) in revision.new.top.iter() {
        let there = want.top.get(key).map(|node| &node.statement);
        assert_eq!(Some(&node.statement), there, "the line has another number");
    }
    // Of two daemons one changes; what the later one holds is held.
    let zebra = load("zebra", was, VERSION);
    let both = union([&before, &zebra]);
    let revised =
        Revision::of_union(&[revision.clone(), Revision::default()], &both, &[&got, &zebra].into_iter());
    assert_eq!(text(&revised), text(&union([&want, &zebra])));
    true
}

#[test]
fn any_entries_may_come_and_go() {
    let subsets: Vec<String> = (0..1_u32 << ENTRIES.len())
        .map(|chosen| {
            let entries = ENTRIES.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1);
            print(&entries.map(|(_, entry)| *entry).collect::<Vec<_>>())
        })
        .collect();
    let (mut revised, mut all) = (0, 0);
    for was in subsets.iter().step_by(3) {
        for is in &subsets {
            all += 1;
            revised += usize::from(check(was, is));
        }
    }
    // A list's description has no number, and whatever lies beside it is loaded anew.
    assert!(revised * 4 > all, "{revised} of {all}");
}

#[test]
fn one_line_is_enough() {
    let was = print(&ENTRIES);
    for (from, to) in [
        ("seq 10 deny any", "seq 10 permit any"),
        ("seq 10 deny any\n", "seq 10 deny any\nip prefix-list A seq 15 permit 12.0.0.0/8\n"),
        ("ip prefix-list A seq 10 deny any\n", ""),
        (" set metric 5\n", ""),
        (" set metric 5\n", " set metric 6\n"),
        (" set metric 5\n", " set metric 5\n set src 10.0.0.1\n"),
        ("route-map M deny 20\n", "route-map M permit 20\n"),
        ("route-map M deny 20\nexit\n", "route-map M deny 20\n match ip address prefix-list B\nexit\n"),
        ("route-map M deny 20\nexit\n!\n", ""),
        (" on-match next\n", ""),
    ] {
        let is = was.replacen(from, to, 1);
        assert_ne!(is, was);
        assert!(check(&was, &is), "{to}");
        assert!(check(&is, &was), "{from}");
        assert!(check(&was, &was));
    }
}

#[test]
fn everything_else_is_loaded_anew() {
    let was = print(&ENTRIES);
    for (from, to) in [
        ("neighbor 10.0.0.1 remote-as 2", "neighbor 10.0.0.1 remote-as 3"),
        ("description of two", "description of one"),
        ("hostname n", "hostname m"),
        ("datacenter", "traditional"),
        ("10.7.1\n", "10.7.2\n"),
        ("end\n", ""),
        ("end\n", "line vty\n!\nend\n"),
        ("route-map M deny 20\n", "route-map M deny 20\nip forwarding\n"),
        // Without its number an entry means another one where others are.
        (" seq 10 deny any", " deny any"),
    ] {
        let is = was.replacen(from, to, 1);
        assert_ne!(is, was);
        assert_eq!(Revision::between("bgpd", &was, &is, VERSION), None, "{to}");
        assert_eq!(Revision::between("bgpd", &is, &was, VERSION), None, "{from}");
    }
}

#[test]
fn texts_that_are_cut_anywhere_do_no_harm() {
    let was = print(&ENTRIES);
    for end in 0..was.len() {
        let (head, tail) = was.split_at(end);
        for other in [head.to_owned(), tail.to_owned(), format!("{head}\u{e9}{tail}")] {
            check(&was, &other);
            check(&other, &was);
        }
    }
}
