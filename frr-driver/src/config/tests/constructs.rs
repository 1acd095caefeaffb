//! 740 constructs on four versions: what is written loads as what FRR prints.

use crate::diff::differences;

use super::{
    super::load,
    lines,
    records::{Misses, Record, VERSIONS, fixtures, read, version},
};

/// Where the constructs of a table were written: before them, and whether their print stands inside.
fn context(table: &str) -> &'static [&'static str] {
    match table {
        "bgp-global" | "neighbor" => &["router bgp 64512", "neighbor 192.0.2.1 remote-as 65001"],
        "af-ipv4" => {
            &["router bgp 64512", "neighbor 192.0.2.1 remote-as 65001", "address-family ipv4 unicast"]
        }
        "af-ipv6" => &[
            "router bgp 64512",
            "neighbor 2001:db8::1 remote-as 65001",
            "address-family ipv6 unicast",
            "neighbor 2001:db8::1 activate",
        ],
        "route-map-clause" => &["route-map R permit 10"],
        _ => &[],
    }
}

/// Puts the lines that a construct added to the print where FRR prints them: those of the instance before its
/// neighbors, those of its families last.
fn printed(table: &str, added: &[String], gone: &[String]) -> String {
    let added: Vec<&str> = added.iter().map(String::as_str).collect();
    let context: Vec<&str> =
        context(table).iter().copied().filter(|line| !gone.iter().any(|gone| gone == line)).collect();
    let Some(("router bgp 64512", neighbors)) = context.split_first().map(|(first, rest)| (*first, rest))
    else {
        return [context, added].concat().join("\n");
    };
    if table == "af-ipv6" {
        return [context, added].concat().join("\n");
    }
    let families = added
        .iter()
        .position(|line| line.starts_with("address-family") || line.starts_with("router "))
        .unwrap_or(added.len());
    let (of_instance, of_families) = added.split_at(families);
    let is_of_top = |line: &&&str| line.starts_with("bgp update-delay");
    let is_neighbor = |line: &&&str| line.starts_with("neighbor ") || line.starts_with("no neighbor ");
    let neighbor: Vec<&str> =
        neighbors.iter().copied().filter(|line| !line.starts_with("address-family")).collect();
    let mut lines: Vec<&str> = of_instance.iter().copied().filter(|line| is_of_top(&line)).collect();
    lines.push("router bgp 64512");
    lines.extend(of_instance.iter().filter(|line| !is_neighbor(line) && !is_of_top(line)));
    lines.extend(neighbor);
    lines.extend(of_instance.iter().filter(is_neighbor));
    lines.extend(of_families);
    lines.join("\n")
}

fn is_equal(table: &str, record: &Record, name: &str) -> Result<(), String> {
    let version = version(name);
    let written = [context(table).join("\n"), record.text("written")].join("\n");
    let added = record.on("printed", name).unwrap();
    let gone = record.on("gone", name).unwrap_or_default();
    let printed = printed(table, added, gone);
    let (a, b) = (load("written", &written, version), load("printed", &printed, version));
    if differences(&a.top, &b.top, version).is_empty() {
        return Ok(());
    }
    let (a, b) = (lines(&a.top, ""), lines(&b.top, ""));
    let only = |a: &[String], b: &[String]| a.iter().filter(|l| !b.contains(l)).cloned().collect::<Vec<_>>();
    Err(format!(
        "{table}: {:?}: written {:?} printed {:?}",
        record.text("written"),
        only(&a, &b),
        only(&b, &a)
    ))
}

#[test]
fn constructs_load_as_frr_prints_them() {
    let mut misses = Misses::new();
    let (mut compared, mut equal) = (0, 0);
    let mut tables: Vec<_> =
        std::fs::read_dir(fixtures("constructs")).unwrap().map(|e| e.unwrap().file_name()).collect();
    tables.sort();
    for file in &tables {
        let file = file.to_str().unwrap();
        let table = file.strip_suffix(".txt").unwrap();
        for record in read(&format!("constructs/{file}")) {
            for name in VERSIONS.into_iter().filter(|name| record.is_accepted(name)) {
                compared += 1;
                match is_equal(table, &record, name) {
                    Ok(()) => equal += 1,
                    Err(miss) => misses.entry(name).or_default().push(miss),
                }
            }
        }
    }
    let mut unnamed = Vec::new();
    for miss in
        misses.iter().flat_map(|(version, misses)| misses.iter().map(move |miss| format!("{version} {miss}")))
    {
        if !NAMED.iter().any(|(start, _)| miss.contains(&format!("\"{start}"))) {
            unnamed.push(miss);
        }
    }
    assert!(unnamed.is_empty(), "{unnamed:#?}");
    assert_eq!(compared, 2652);
    assert!(equal * 1000 >= compared * 995, "{equal} of {compared}");
}

/// Constructs that FRR takes and the agent does not hold as FRR prints them, and why.
const NAMED: [(&str, &str); 3] = [
    (
        "bgp default shutdown",
        "FRR's print does not tell a neighbor that came before the line from one that came after",
    ),
    (
        "ip prefix-li A",
        "abbreviations need FRR's whole command table: refused in contributions, opaque in a base",
    ),
    ("line vty\\nexec-timeout 0 0", "7.5.1 prints the block even when it is empty"),
];
