use super::*;

/// Recorded from iproute2 6.1 and FRR 10.7.1, shortened to one route of each kind.
const IPV4: &str = r#"[
{"dst":"default","nhid":23,"gateway":"172.30.1.3","dev":"eth-a","metric":20,"flags":[]},
{"dst":"10.9.9.9","nhid":23,"gateway":"172.30.1.3","dev":"eth-a","metric":20,"flags":[]},
{"dst":"10.100.0.0/24","nhid":24,"metric":20,"flags":[],"nexthops":[
{"gateway":"172.30.2.3","dev":"eth-b","weight":1,"flags":[]},
{"gateway":"172.30.1.3","dev":"eth-a","weight":1,"flags":[]}]}]"#;

fn ipv4(text: &str) -> KernelRoutes {
    let mut routes = KernelRoutes::new();
    collect(&mut routes, parse(text).unwrap(), "0.0.0.0/0", "/32");
    routes
}

fn hop(gateway: &str, interface: &str) -> NextHop {
    NextHop { gateway: Some(gateway.parse().unwrap()), interface: interface.to_owned() }
}

#[test]
fn prefixes_are_whole_and_next_hops_sorted() {
    let (a, b) = (hop("172.30.1.3", "eth-a"), hop("172.30.2.3", "eth-b"));
    let want =
        [("0.0.0.0/0", vec![a.clone()]), ("10.9.9.9/32", vec![a.clone()]), ("10.100.0.0/24", vec![a, b])];
    assert_eq!(ipv4(IPV4), want.into_iter().map(|(prefix, hops)| (prefix.to_owned(), hops)).collect());
}

#[test]
fn no_route_is_an_empty_answer() {
    assert_eq!(ipv4(""), KernelRoutes::new());
    assert_eq!(ipv4("[ ]\n"), KernelRoutes::new());
}

#[test]
fn text_is_unreadable() {
    assert!(matches!(parse("Error: no"), Err(LabError::Unreadable { .. })));
}
