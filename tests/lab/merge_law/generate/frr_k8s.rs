//! What frr-k8s gives a node: lists per neighbor and property, one entry of the outbound map each.

use std::fmt::Write as _;

use super::{ASN, Draft, Neighbor, scope};

const REMOTE_AS: [&str; 4] = ["64513", "external", "64512", "internal"];

impl Draft<'_> {
    /// Returns a base, and its neighbors.
    pub(super) fn frr_k8s(&mut self) -> (String, Vec<Neighbor>) {
        let mut text = String::from(
            "log file /etc/frr/frr.log informational\nlog timestamp precision 3\nip nht resolve-via-default\nipv6 nht resolve-via-default\n",
        );
        let mut neighbors = Vec::new();
        for number in 0..self.rng.number(1..=3) {
            let name = if self.rng.chance(70) {
                format!("172.30.0.{}", number + 3)
            } else {
                format!("fd00:30::{}", number + 3)
            };
            let remote_as = *self.rng.pick(&REMOTE_AS);
            let mut neighbor = Neighbor::new("", name.clone(), remote_as);
            neighbor.inbound = Some(format!("{name}-in"));
            self.policy_of(&mut text, &name);
            neighbors.push(neighbor);
        }
        _ = write!(
            text,
            "\nrouter bgp {ASN}\n  no bgp ebgp-requires-policy\n  no bgp network import-check\n  no bgp default ipv4-unicast\n"
        );
        if self.rng.chance(50) {
            text.push_str("  bgp graceful-restart preserve-fw-state\n");
        }
        if self.rng.chance(50) {
            text.push_str("\n  bgp router-id 172.30.0.2\n");
        }
        for neighbor in &neighbors {
            self.neighbor_of(&mut text, neighbor);
        }
        if self.rng.chance(30) {
            text.push_str("  neighbor PGL peer-group\n  neighbor PGL remote-as external\n  bgp listen range 10.9.1.1/24 peer-group PGL\n  bgp listen range FD00:9::/64 peer-group PGL\n");
        }
        for family in ["ipv4", "ipv6"] {
            for neighbor in &neighbors {
                let name = &neighbor.name;
                if (family == "ipv6") == neighbor.is_ipv6() || self.rng.chance(30) {
                    _ = write!(
                        text,
                        "\n  address-family {family} unicast\n    neighbor {name} activate\n    neighbor {name} route-map {name}-in in\n    \
                         neighbor {name} route-map {name}-out out\n  exit-address-family\n"
                    );
                }
            }
        }
        text.push_str("\n  address-family ipv4 unicast\n    network 192.0.2.0/24\n  exit-address-family\n");
        if self.rng.chance(40) {
            text.push_str(
                "bfd\n  profile simple\n    detect-multiplier 4\n    echo-interval 50\n    passive-mode\n",
            );
        }
        (text, neighbors)
    }

    fn policy_of(&mut self, text: &mut String, name: &str) {
        let mut number = 0;
        let family = if name.contains(':') { "ipv6" } else { "ip" };
        let prefix = if family == "ip" { "192.0.2.0/24" } else { "2001:db8:aa::/64" };
        let sets = [
            ("150-localpref", "set local-preference 150"),
            ("no-export-community", "set community no-export additive"),
            ("64512:300-community", "set community 64512:300 additive"),
            ("64512:1:1-large-community", "set large-community 64512:1:1 additive"),
            ("both-community", "set community 64512:200 64512:100 additive"),
        ];
        for (list, set) in sets {
            if self.rng.chance(40) {
                number += 1;
                _ = write!(
                    text,
                    "{family} prefix-list {name}-{list}-prefixes seq 1 permit {prefix}\nroute-map {name}-out permit {number}\n  \
                     match {family} address prefix-list {name}-{list}-prefixes\n  {set}\n  on-match next\n\n"
                );
            }
        }
        for (keyword, list) in [("ip", "ipv4"), ("ipv6", "ipv6")] {
            number += 1;
            let rest = if keyword == family { format!("permit {prefix}") } else { "deny any".to_owned() };
            _ = write!(
                text,
                "{keyword} prefix-list {name}-allowed-{list} seq 1 {rest}\nroute-map {name}-out permit {number}\n  \
                 match {keyword} address prefix-list {name}-allowed-{list}\n\n"
            );
        }
        if self.rng.chance(50) {
            _ = writeln!(text, "route-map {name}-in deny 20");
        } else {
            _ = write!(
                text,
                "ip prefix-list {name}-inpl-ipv4 seq 1 permit 0.0.0.0/0 le 32\nipv6 prefix-list {name}-inpl-ipv4 seq 2 permit ::/0 le 128\n\
                 route-map {name}-in permit 3\n  match ip address prefix-list {name}-inpl-ipv4\nroute-map {name}-in permit 4\n  \
                 match ipv6 address prefix-list {name}-inpl-ipv4\n"
            );
        }
    }

    fn neighbor_of(&mut self, text: &mut String, neighbor: &Neighbor) {
        let Neighbor { name, remote_as, .. } = neighbor;
        _ = writeln!(text, "  neighbor {name} remote-as {remote_as}");
        for option in [
            "bfd profile simple",
            "password s3cret",
            "timers 0 0",
            "timers connect 10",
            "ebgp-multihop",
            "graceful-restart",
            "disable-connected-check",
            "port 179",
            "local-as 65100 no-prepend replace-as",
        ] {
            let is_of_ebgp = option == "ebgp-multihop" || option.starts_with("local-as");
            let is_ebgp = !["internal", "64512"].contains(remote_as);
            if self.rng.chance(30) && (is_ebgp || !is_of_ebgp) && self.used.may_say(&scope("", name), option)
            {
                _ = writeln!(text, "  neighbor {name} {option}");
            }
        }
    }
}
