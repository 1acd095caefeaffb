//! The key `extras` of the `ConfigMap` `bgpextras`, as users write it.

use std::fmt::Write as _;

use super::{Draft, Neighbor};

const PREFIXES: [&str; 6] = [
    "10.0.0.0/8 le 32",
    "10.10.1.1/16",
    "192.168.0.0/16 ge 24",
    "172.16.0.0/12 le 24 ge 16",
    "0.0.0.0/0 le 32",
    "10.20.0.0/16",
];
const PREFIXES_IPV6: [&str; 3] = ["2001:DB8::/32 le 64", "fd00::1/8 le 128", "::/0"];

impl Draft<'_> {
    /// Returns extras for some of `neighbors`.
    ///
    /// What is said twice has numbers: without, 7.5.1 and 8.4.4 refuse the second entry and what stands beside it.
    pub(super) fn extras(&mut self, neighbors: &[Neighbor], is_said_twice: bool) -> String {
        let mut text = String::new();
        let lists: &[&str] = if self.rng.chance(50) { &["filtered"] } else { &["filtered", "second"] };
        let numbered = self.is_numbered() || is_said_twice;
        for list in lists {
            for (keyword, prefixes) in [("ip", PREFIXES.as_slice()), ("ipv6", &PREFIXES_IPV6)] {
                let mut left: Vec<&str> = prefixes.to_vec();
                for number in 1..=self.rng.number(1..=3) {
                    let prefix = left.remove(self.rng.below(left.len()));
                    let action = if self.rng.chance(85) { "permit" } else { "deny" };
                    let seq = if numbered { format!(" seq {}", number * 5) } else { String::new() };
                    _ = writeln!(text, "{keyword} prefix-list {list}{seq} {action} {prefix}");
                }
            }
        }
        let plain = self.rng.chance(20);
        for neighbor in neighbors {
            let Some(map) = &neighbor.inbound else { continue };
            if self.rng.chance(25) || !self.used.first(&format!("extras {map}")) {
                continue;
            }
            _ = writeln!(text, "route-map {map} permit 20");
            if plain {
                continue;
            }
            let families = match (neighbor.is_interface(), neighbor.is_ipv6()) {
                (true, _) => ["ip", "ipv6"].as_slice(),
                (_, true) => &["ipv6"],
                _ => &["ip"],
            };
            for family in families {
                let list = *self.rng.pick(lists);
                _ = writeln!(
                    text,
                    "{}match {family} address prefix-list {list}",
                    self.rng.pick(&["  ", " ", ""])
                );
            }
            if self.rng.chance(20) {
                text.push_str("exit\n!\n");
            }
        }
        text
    }

    /// Whether entries of lists shall have numbers: 10.3 appends the others once more at every load.
    pub(super) fn is_numbered(&mut self) -> bool {
        let percent = if self.version == routelet_tests::lab::FrrVersion::V10_3 { 95 } else { 40 };
        self.rng.chance(percent)
    }
}
