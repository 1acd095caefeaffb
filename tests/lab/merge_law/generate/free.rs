//! Random statements over a small set of names, in random order.

use routelet_tests::lab::FrrVersion;

use super::{
    Draft, Neighbor, instance, scope,
    text::{Block, Item, Noise, render},
};

/// Words of constructs that only neighbors of other ASes take.
const EBGP_ONLY: [&str; 9] = [
    "ebgp-multihop",
    "ttl-security",
    "local-as",
    "local-role",
    " oad",
    "as-override",
    "remove-private-AS",
    "disable-connected-check",
    "enforce-",
];

/// Words of constructs that a member of a peer-group, or an interface, does not take.
const PLAIN_ONLY: [&str; 5] = [" interface", "peer-group", "remote-as", "update-source", " port "];

/// Words of constructs that an unnumbered neighbor does not take.
const ADDRESS_ONLY: [&str; 5] =
    ["multihop", "disable-connected-check", "ttl-security", "extended-nexthop", "interface"];

/// Words of constructs that are not taken back: they make what others use, or FRR wants other words for that.
const NOT_NEGATED: [&str; 15] = [
    " remote-as",
    " interface",
    " peer-group",
    " bfd 4",
    " bfd 3",
    "set table",
    "graceful-restart",
    "allowas-in",
    "extended-nexthop",
    "maximum-prefix-out",
    "match rpki",
    "no timers bgp",
    "no bgp router-id",
    "no set ",
    "set as-path",
];

/// What FRR takes for the IPv4 family outside of one.
const OUTSIDE_FAMILY: [&str; 6] =
    ["network ", "aggregate-address ", "redistribute ", "maximum-paths ", "activate", "route-map R in"];

/// Tables whose constructs stand on their own, and how often each is chosen.
const TABLES: [&str; 9] = [
    "access-list",
    "aspath-community-list",
    "bfd",
    "bfd",
    "static-vrf-if",
    "static-vrf-if",
    "misc",
    "prefix-list",
    "route-map",
];

impl Draft<'_> {
    /// Returns a base, and its neighbors.
    pub(super) fn free_base(&mut self) -> (String, Vec<Neighbor>) {
        self.is_numbered = self.is_numbered();
        let mut neighbors = Vec::new();
        let pool = [
            Neighbor::new("", "192.0.2.1", "65001"),
            Neighbor::new("", "192.0.2.3", "65002"),
            Neighbor::new("", "2001:db8::1", "65001"),
            Neighbor::new("", "eth9", "external"),
            Neighbor::new("", "PG7", "external"),
            Neighbor::new("", "10.0.0.7", "internal"),
            Neighbor::new("red", "192.0.2.1", "65001"),
            Neighbor::new("red", "2001:db8::7", "65002"),
        ];
        for neighbor in pool {
            if self.rng.chance(if neighbor.vrf.is_empty() { 40 } else { 15 }) {
                neighbors.push(neighbor);
            }
        }
        let mut items = Vec::new();
        if self.rng.chance(5) {
            items.push(Item::Line("frr defaults datacenter".to_owned()));
        }
        let mut blocks = self.top(1);
        for vrf in ["", "red"] {
            if vrf.is_empty() || neighbors.iter().any(|neighbor| neighbor.vrf == vrf) {
                let of_vrf: Vec<&Neighbor> =
                    neighbors.iter().filter(|neighbor| neighbor.vrf == vrf).collect();
                let at = self.rng.below(blocks.len() + 1);
                let instances = self.instance_blocks(vrf, &of_vrf, true);
                blocks.splice(at..at, instances);
            }
        }
        items.append(&mut blocks);
        (self.written(&items), neighbors)
    }

    /// Returns a contribution about `neighbors` and more.
    pub(super) fn free_contribution(&mut self, neighbors: &[Neighbor]) -> String {
        self.text += 1;
        self.is_numbered = self.is_numbered();
        let mut blocks = self.top(0);
        for vrf in ["", "red"] {
            let of_vrf: Vec<&Neighbor> = neighbors.iter().filter(|neighbor| neighbor.vrf == vrf).collect();
            if of_vrf.is_empty() || self.rng.chance(20) {
                continue;
            }
            let at = self.rng.below(blocks.len() + 1);
            let instances = self.instance_blocks(vrf, &of_vrf, false);
            blocks.splice(at..at, instances);
        }
        if let Some(neighbor) = neighbors.iter().find(|neighbor| neighbor.inbound.is_some())
            && self.rng.chance(30)
        {
            blocks.push(self.route_map(&format!("{}-out", neighbor.name)));
        }
        if blocks.is_empty() {
            blocks.push(self.route_map("R"));
        }
        self.written(&blocks)
    }

    /// Returns a contribution that shares no name with any other.
    pub(super) fn apart(&mut self) -> String {
        let neighbor = Neighbor::new("", "198.51.100.9", "65009");
        let mut blocks =
            vec![self.route_map("ZR"), Item::Line("ip route 203.0.113.0/24 blackhole".to_owned())];
        let mut block = Block::new(instance(""));
        block.lines(neighbor.creation());
        for lines in self.statements("neighbor", &[&neighbor]) {
            if lines.iter().all(|line| line.contains(&neighbor.name)) {
                block.lines(lines);
            }
        }
        blocks.push(Item::Block(block));
        self.written(&blocks)
    }

    fn written(&mut self, items: &[Item]) -> String {
        // Behind an instance that is not closed, `vrf` is `vrf-policy` to FRR.
        let is_vrf = |item: &&Item| matches!(item, Item::Lines(lines) if lines.iter().any(|line| line.starts_with("vrf ")));
        let (mut first, others): (Vec<&Item>, Vec<&Item>) = items.iter().partition(is_vrf);
        first.extend(others);
        let items: Vec<Item> = first.into_iter().cloned().collect();
        let noise = Noise::any(&mut self.rng);
        render(&items, noise, &mut self.rng)
    }

    /// Some statements outside of instances, at least `least`.
    fn top(&mut self, least: u32) -> Vec<Item> {
        let mut items = Vec::new();
        for _ in 0..self.rng.number(least..=4) {
            match self.rng.below(10) {
                0..=2 => {
                    let name = *self.rng.pick(&["R", "S", "T"]);
                    items.push(self.route_map(name));
                }
                3..=5 => items.append(&mut self.prefix_list()),
                _ => items.extend(self.of_table()),
            }
        }
        items
    }

    /// A construct that stands on its own.
    fn of_table(&mut self) -> Option<Item> {
        let table = *self.rng.pick(&TABLES);
        let constructs = self.constructs;
        let lines = self.rng.pick(constructs.table(table));
        // BFD has a peer either with an interface or without.
        if lines.iter().any(|line| line.starts_with("peer ")) && !self.used.first("peers of BFD") {
            return None;
        }
        if !self.used.first(&lines.join("\n"))
            || !self.used.first(table)
                && ["access-list", "aspath-community-list", "prefix-list", "route-map"].contains(&table)
        {
            return None;
        }
        // The lists of the tables have names of their own.
        let lines = lines.iter().map(|line| match table {
            "prefix-list" => line.replace("-list A", "-list TA"),
            "route-map" => line.replace("route-map R", "route-map TR"),
            _ => line.clone(),
        });
        Some(Item::Lines(lines.collect()))
    }

    /// Entries of one prefix-list.
    fn prefix_list(&mut self) -> Vec<Item> {
        const PREFIXES: [&str; 5] =
            ["10.0.0.0/8", "10.1.2.3/16", "192.168.0.0/16", "0.0.0.0/0", "172.16.5.0/24"];
        const PREFIXES_IPV6: [&str; 3] = ["2001:DB8::/32", "fd00:0::1/48", "::/0"];
        let is_ipv6 = self.rng.chance(30);
        let (keyword, prefixes) =
            if is_ipv6 { ("ipv6", PREFIXES_IPV6.as_slice()) } else { ("ip", PREFIXES.as_slice()) };
        let name = *self.rng.pick(&["PA", "PB"]);
        let numbered = self.is_numbered;
        let mut lines = Vec::new();
        for _ in 0..self.rng.number(1..=4) {
            let prefix = *self.rng.pick(prefixes);
            let longest = if is_ipv6 { 128 } else { 32 };
            let bounds = match self.rng.below(6) {
                0 => " le 24".to_owned(),
                1 => format!(" le {longest}"),
                2 => " ge 25".to_owned(),
                3 => format!(" le {longest} ge 26"),
                _ => String::new(),
            };
            let bounds = if is_ipv6 { bounds.replace("24", "64").replace(" 2", " 7") } else { bounds };
            let bounds = if prefix.ends_with("/24") { bounds.replace(" le 24", "") } else { bounds };
            let action = *self.rng.pick(&["permit", "permit", "deny"]);
            let list = format!("{keyword} {name}");
            let number = *self.rng.pick(&[5, 7, 10, 15]);
            let seq = if numbered { format!(" seq {number}") } else { String::new() };
            // A contribution says each number and each prefix once.
            let text = self.text;
            let is_first = self.used.first(&format!("{text} {list} {prefix}"));
            let is_first = is_first && (!numbered || self.used.first(&format!("{text} {list} {number}")));
            if text > 0 && !is_first {
                continue;
            }
            let rest = format!("{seq} {action}{bounds}");
            let is_strict = matches!(self.version, FrrVersion::V7_5_1 | FrrVersion::V8_4_4);
            let is_new = self.used.may_list(&list, prefix, &rest);
            if is_strict && !(is_new && (numbered || self.used.first(&format!("{list} {prefix}")))) {
                continue;
            }
            lines.push(Item::Line(format!("{keyword} prefix-list {name}{seq} {action} {prefix}{bounds}")));
        }
        lines
    }

    /// An entry of the map `name`.
    fn route_map(&mut self, name: &str) -> Item {
        let seq = *self.rng.pick(&[1, 10, 20]);
        let scope = format!("{name} {seq}");
        // Only what permits goes on elsewhere.
        let is_exit = |line: &String| line.starts_with("continue") || line.starts_with("on-match");
        let action = *self.rng.pick(&["permit", "permit", "deny"]);
        let action = if self.used.says(&scope, "exit") { "permit" } else { action };
        let mut block = Block::new(format!("route-map {name} {action} {seq}"));
        let mut clauses = Vec::new();
        for _ in 0..self.rng.number(0..=3) {
            let lines = self.rng.pick(self.constructs.table("route-map-clause")).clone();
            // FRR goes forward only.
            let goes_back =
                seq == 20 && lines.iter().any(|line| line.starts_with("continue") || line.contains("goto"));
            let goes_on = action == "permit" || !lines.iter().any(is_exit);
            if goes_on && !goes_back && lines.iter().all(|line| self.used.may_say(&scope, line)) {
                clauses.push(lines);
            }
        }
        block.lines(self.interleaved(clauses));
        self.negate(&mut block);
        Item::Block(block)
    }

    /// The instance of `vrf` with statements about `neighbors`, which are made here if `is_base`.
    fn instance_blocks(&mut self, vrf: &str, neighbors: &[&Neighbor], is_base: bool) -> Vec<Item> {
        let mut first = Block::new(instance(vrf));
        let mut opening = Vec::new();
        for neighbor in neighbors {
            if is_base {
                opening.push(neighbor.creation());
            } else if self.rng.chance(25) && !neighbor.is_group() {
                // Said again, in another way.
                let again = match (neighbor.remote_as, neighbor.is_interface()) {
                    ("65001", false) if self.rng.chance(30) => {
                        Neighbor { remote_as: "65003", ..(*neighbor).clone() }
                    }
                    _ => (*neighbor).clone(),
                };
                opening.push(again.creation());
            }
        }
        let globals = self.globals();
        let late = self.rng.below(globals.len() + 1);
        opening.extend(globals[..late].iter().cloned());
        first.lines(self.interleaved(opening));
        let mut statements = self.statements("neighbor", neighbors);
        statements.extend(globals[late..].iter().cloned());
        first.lines(self.interleaved(statements));
        self.negate(&mut first);
        let mut families = Vec::new();
        for (table, family) in [("af-ipv4", "ipv4"), ("af-ipv6", "ipv6"), ("af-ipv4", "ipv4")] {
            if self.rng.chance(55) {
                families.extend(self.family(table, family, neighbors));
            }
        }
        // Families within the instance, or in the same instance once more.
        if self.rng.chance(75) {
            first.items.append(&mut families);
            return vec![Item::Block(first)];
        }
        let again = Block { header: instance(vrf), items: families };
        vec![Item::Block(first), self.route_map("S"), Item::Block(again)]
    }

    fn family(&mut self, table: &str, family: &str, neighbors: &[&Neighbor]) -> Vec<Item> {
        let mut statements = self.statements(table, neighbors);
        // These lead out of the family.
        statements.retain(|lines| {
            !lines
                .iter()
                .any(|line| ["remote-as", "peer-group", " interface"].iter().any(|word| line.contains(word)))
        });
        let mut lines = self.interleaved(statements);
        if family == "ipv4" && self.rng.chance(10) {
            lines.retain(|line| OUTSIDE_FAMILY.iter().any(|word| line.contains(word)));
            return lines.into_iter().map(Item::Line).collect();
        }
        let mut block =
            Block::new(format!("address-family {family}{}", self.rng.pick(&["", " unicast", " unicast"])));
        block.lines(lines);
        self.negate(&mut block);
        vec![Item::Block(block)]
    }

    fn globals(&mut self) -> Vec<Vec<String>> {
        let mut globals = Vec::new();
        for _ in 0..self.rng.number(0..=3) {
            let lines = self.rng.pick(self.constructs.table("bgp-global")).clone();
            let has_group = lines.iter().any(|line| line.contains("PG"));
            if !has_group || self.used.first("neighbors of the tables") {
                globals.push(lines);
            }
        }
        globals
    }

    /// Constructs of `table`, each about one of `neighbors`.
    fn statements(&mut self, table: &str, neighbors: &[&Neighbor]) -> Vec<Vec<String>> {
        let mut statements = Vec::new();
        for _ in 0..self.rng.number(0..=5) {
            let lines = self.rng.pick(self.constructs.table(table)).clone();
            let has_own = lines.iter().any(|line| {
                [
                    "192.0.2.2",
                    "192.0.2.5",
                    "192.0.2.9",
                    "2001:db8::2",
                    "PG",
                    "eth1",
                    "FE80",
                    "ffff",
                    "2001:DB8::2",
                    "0db8",
                ]
                .iter()
                .any(|own| line.contains(own))
            });
            if has_own && !self.used.first("neighbors of the tables") {
                continue;
            }
            let subject = if table == "af-ipv6" { "2001:db8::1" } else { "192.0.2.1" };
            let about = lines.iter().any(|line| line.to_lowercase().contains(subject));
            if !about {
                statements.push(lines);
                continue;
            }
            if neighbors.is_empty() {
                continue;
            }
            let neighbor = *self.rng.pick(neighbors);
            let says = |words: &[&str]| lines.iter().any(|line| words.iter().any(|word| line.contains(word)));
            let is_ibgp = ["internal", "64512"].contains(&neighbor.remote_as);
            let is_odd = neighbor.is_group() || neighbor.is_interface() || neighbor.is_ipv6();
            if is_ibgp && says(&EBGP_ONLY)
                || is_odd && says(&PLAIN_ONLY)
                || neighbor.is_interface() && says(&ADDRESS_ONLY)
                || !neighbor.vrf.is_empty() && says(&["graceful-restart"])
                || neighbor.is_group() && says(&["graceful-shutdown"])
            {
                continue;
            }
            let scope = scope(neighbor.vrf, &neighbor.name);
            if !lines.iter().all(|line| self.used.may_say(&scope, line)) {
                continue;
            }
            let name = if neighbor.is_ipv6() && self.rng.chance(30) {
                neighbor.name.to_uppercase()
            } else {
                neighbor.name.clone()
            };
            statements.push(
                lines.iter().map(|line| line.replace("2001:DB8::1", &name).replace(subject, &name)).collect(),
            );
        }
        statements
    }

    /// The lines of `all`, mixed; each keeps the order of its own.
    fn interleaved(&mut self, mut all: Vec<Vec<String>>) -> Vec<String> {
        let mut lines = Vec::new();
        for part in &mut all {
            part.reverse();
        }
        while !all.is_empty() {
            let at = self.rng.below(all.len());
            match all[at].pop() {
                Some(line) => lines.push(line),
                None => drop(all.swap_remove(at)),
            }
        }
        lines
    }

    /// Takes back what was said in `block`, at times.
    fn negate(&mut self, block: &mut Block) {
        if !self.rng.chance(15) || block.items.is_empty() {
            return;
        }
        let Item::Line(line) = self.rng.pick(&block.items).clone() else { return };
        if line.starts_with("description ") || NOT_NEGATED.iter().any(|word| line.contains(word)) {
            return;
        }
        block.line(line.strip_prefix("no ").map_or_else(|| format!("no {line}"), ToOwned::to_owned));
    }
}
