use std::{fs, path::PathBuf};

use super::{message::RTPROT_BGP, *};

/// `RTM_NEWROUTE`, `RTM_NEWNEXTHOP`.
const ROUTE: u16 = 24;
const NEXT_HOP: u16 = 104;

/// Returns what a kernel answered (`tests/fixtures/netlink/record.py`).
fn recorded(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/netlink");
    fs::read(folder.join(format!("{name}.bin"))).unwrap()
}

fn each(name: &str, answer: u16, mut each: impl FnMut(&[u8])) {
    assert!(socket::read_piece(&recorded(name), 1, answer, &mut each).unwrap(), "{name} has no end");
}

fn tally(names: &[&str]) -> Tally {
    let mut tally = Tally::default();
    for name in names {
        each(name, ROUTE, |payload| tally.add(Route::parse(payload).unwrap()));
    }
    tally
}

/// The interfaces of the recording: lo is 1.
fn interface(index: u32) -> Option<String> {
    ["d0", "d1"].get(usize::try_from(index).ok()?.checked_sub(2)?).map(|name| (*name).to_owned())
}

#[track_caller]
fn check(tally: Tally, ipv4: u64, ipv6: u64, want: &[(&str, u64)]) {
    let routes = tally.into_routes(interface);
    assert_eq!((routes.ipv4, routes.ipv6), (ipv4, ipv6));
    let shown = routes.gateways.iter().map(|(gateway, prefixes)| {
        let next_hop = gateway.next_hop.map_or_else(|| "-".to_owned(), |address| address.to_string());
        let interface = gateway.interface.as_deref().unwrap_or("-");
        (format!("{} {next_hop} {interface}", gateway.family), *prefixes)
    });
    let want: Vec<_> = want.iter().map(|(gateway, prefixes)| ((*gateway).to_owned(), *prefixes)).collect();
    assert_eq!(shown.collect::<Vec<_>>(), want);
}

const IPV4: [(&str, u64); 4] = [
    ("ipv4-unicast - d1", 1),
    ("ipv4-unicast 10.0.0.1 d0", 5),
    ("ipv4-unicast 10.0.1.1 d1", 2),
    ("ipv4-unicast fe80::1 d1", 1),
];

const IPV6: [(&str, u64); 3] =
    [("ipv6-unicast fd00::1 d0", 3), ("ipv6-unicast fd01::1 d1", 1), ("ipv6-unicast fe80::1 d1", 1)];

#[test]
fn prefixes_are_counted_by_family_and_next_hop() {
    let tally = tally(&["routes4", "routes6"]);
    assert!(tally.objects.is_empty());
    check(tally, 8, 4, &[IPV4.as_slice(), &IPV6].concat());
}

#[test]
fn routes_of_others_are_left_out_where_the_kernel_does_not_filter() {
    let mut others = 0;
    each("routes4-unfiltered", ROUTE, |payload| {
        others += usize::from(!Route::parse(payload).unwrap().is_learned());
    });
    assert!(others > 0);
    check(tally(&["routes4-unfiltered"]), 8, 0, &IPV4);
}

#[test]
fn nexthop_objects_are_resolved_where_the_kernel_does_not_expand_them() {
    let mut tally = tally(&["routes4-ids", "routes6-ids"]);
    let family = AddressFamily::Ipv4Unicast;
    let ids = [((family, 5), 1), ((family, 7), 1), ((AddressFamily::Ipv6Unicast, 8), 1)];
    assert_eq!(tally.objects, ids.into());
    let mut objects = BTreeMap::new();
    each("nexthops", NEXT_HOP, |payload| {
        let object = NextHop::parse(payload).unwrap();
        objects.insert(object.id, object);
    });
    assert_eq!(objects[&7].members, [5, 6]);
    tally.resolve(&objects);
    check(tally, 8, 4, &[IPV4.as_slice(), &IPV6].concat());
}

#[test]
fn a_refusal_is_an_error() {
    let error = socket::read_piece(&recorded("refused"), 1, ROUTE, &mut |_| {}).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(nix::libc::EINVAL));
}

#[test]
fn answers_to_another_question_are_left_out() {
    let mut seen = 0;
    let ended = socket::read_piece(&recorded("routes4"), 2, ROUTE, &mut |_| seen += 1).unwrap();
    assert_eq!((ended, seen), (false, 0));
}

#[test]
fn odd_bytes_do_no_harm() {
    for name in ["routes4", "routes6", "nexthops"] {
        let bytes = recorded(name);
        for end in 0..bytes.len() {
            let part = bytes.get(end..).unwrap();
            drop(Route::parse(part));
            drop(NextHop::parse(part));
            let _ = socket::read_piece(&bytes[..end], 1, ROUTE, &mut |payload| drop(Route::parse(payload)));
        }
    }
}

#[test]
fn gateways_are_bounded_and_prefixes_are_not() {
    let mut tally = Tally::default();
    for number in 0..10_000_u32 {
        let mut route = vec![0; message::RTMSG_BYTES];
        (route[0], route[5]) = (message::AF_INET, RTPROT_BGP);
        route.extend([8, 0, 5, 0]);
        route.extend((number + 1).to_be_bytes());
        tally.add(Route::parse(&route).unwrap());
    }
    assert_eq!((tally.ipv4, tally.hops.len()), (10_000, GATEWAYS_MAX));
}

/// This machine's kernel is asked too, whatever it has: no right is needed for that.
#[test]
fn the_kernel_answers() {
    learned_routes().unwrap();
}
