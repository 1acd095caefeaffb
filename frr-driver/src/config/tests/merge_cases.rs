//! 118 cases of a base and extras, on four versions: both loaded one after the other give what FRR prints.

use super::{
    super::{Loader, load},
    lines,
    records::{Misses, VERSIONS, read, version},
};

/// Cases in which the agent holds something else than FRR would, and why.
const NAMED: [(&[&str], &str, &str); 6] = [
    (&["10.3"], "case pl-noseq-after-seq", "10.3 appends an entry without a number again: it is wanted once"),
    (&["10.3"], "case pl6-noseq", "10.3 appends an entry without a number again: it is wanted once"),
    (&["10.3"], "case pl-noseq-hostbits-same", "host bits hide from 10.3 that the entry is there"),
    (&["10.7.1"], "case pl-noseq-hostbits-same", "host bits hide from 10.7.1 that the entry is there"),
    (
        &["7.5.1"],
        "case pl-sameseq-nolen",
        "7.5.1 keeps `le` when an entry is written over: the new one is wanted",
    ),
    (&["7.5.1"], "case pl-sameseq-le-to-ge", "7.5.1 keeps `le` when an entry is written over"),
];

#[test]
fn base_and_extras_load_as_frr_prints_them() {
    let mut misses = Misses::new();
    let (mut compared, mut equal) = (0, 0);
    for record in read("merge-cases.txt") {
        for name in VERSIONS.into_iter().filter(|name| record.is_accepted(name)) {
            compared += 1;
            let version = version(name);
            let mut loader = Loader::new(version);
            loader.load("base", &record.text("base"));
            loader.load("extras", &record.text("extras"));
            let printed = load("printed", &record.on("printed", name).unwrap().join("\n"), version);
            let (a, b) = (lines(&loader.finish().top, ""), lines(&printed.top, ""));
            if a == b {
                equal += 1;
            } else {
                let only = |a: &[String], b: &[String]| {
                    a.iter().filter(|l| !b.contains(l)).cloned().collect::<Vec<_>>()
                };
                misses.entry(name).or_default().push(format!(
                    "{}: merged {:?} printed {:?}",
                    record.sections[0].0,
                    only(&a, &b),
                    only(&b, &a)
                ));
            }
        }
    }
    let found: Vec<(&str, &str)> = misses
        .iter()
        .flat_map(|(version, misses)| {
            misses.iter().map(move |miss| (*version, miss.split(':').next().unwrap()))
        })
        .collect();
    let named: Vec<(&str, &str)> = NAMED
        .iter()
        .flat_map(|(versions, case, _)| versions.iter().map(move |version| (*version, *case)))
        .collect();
    for pair in &found {
        assert!(named.contains(pair), "{misses:#?}");
    }
    assert_eq!(found.len(), named.len(), "a named miss is none any more: {found:?}");
    assert_eq!((compared, equal), (421, 415));
}
