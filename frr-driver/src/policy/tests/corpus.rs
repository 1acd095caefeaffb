//! The corpus: snippets that are refused, with every line and reason, and snippets that are accepted.
//!
//! `fixtures/policy/{refused,accepted}/<theme>.txt`; a file begins with `policy: extras` or `policy: full`, then:
//! ```text
//! === name of a case
//! +++ a line that the base has besides
//! the snippet, with escapes: \r \t \0 \\ \xNN \u{N}, \{N x} = N times x, \z = no line feed here
//! --- 2 [the characters at fault] a part of the reason or of what to write instead
//! ```
//! Cases of `refused` end with one `---` for each refusal, in order; `[]` = the whole line is at fault.

use std::{fs, path::Path};

use crate::{
    config::{Config, load},
    policy::{Policy, Rejection, check},
    quirks::FrrVersion,
};

pub(super) struct Case {
    pub(super) name: String,
    pub(super) policy: Policy,
    pub(super) base: Config,
    pub(super) text: String,
    wanted: Vec<String>,
}

/// The cases of a folder, all files together.
pub(super) fn cases(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/policy").join(folder);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

fn read(file: &Path) -> Vec<Case> {
    let content = fs::read_to_string(file).unwrap();
    assert!(content.is_ascii(), "{}: not plain ASCII", file.display());
    let (head, cases) = content.split_once("\n=== ").unwrap();
    let policy = match head.lines().last() {
        Some("policy: extras") => Policy::Extras,
        Some("policy: full") => Policy::Full,
        other => panic!("{}: {other:?} is no policy", file.display()),
    };
    let theme = file.file_stem().unwrap().to_string_lossy();
    cases.split("\n=== ").map(|case| one(&theme, policy, case)).collect()
}

fn one(theme: &str, policy: Policy, case: &str) -> Case {
    let (name, body) = case.split_once('\n').unwrap_or((case, ""));
    let mut base = include_str!("../../../fixtures/policy/base.conf").to_owned();
    let (mut text, mut wanted) = (String::new(), Vec::new());
    for line in body.trim_end_matches('\n').split('\n') {
        if let Some(line) = line.strip_prefix("+++ ") {
            base.push_str(line);
            base.push('\n');
        } else if let Some(refusal) = line.strip_prefix("--- ") {
            wanted.push(decode(refusal));
        } else {
            let line = decode(line);
            if let Some(line) = line.strip_suffix('\u{1a}') {
                text.push_str(line);
            } else {
                text.push_str(&line);
                text.push('\n');
            }
        }
    }
    let base = load("base", &base, FrrVersion::default());
    Case { name: format!("{theme}: {name}"), policy, base, text, wanted }
}

/// Resolves the escapes; `\z` becomes U+001A.
fn decode(line: &str) -> String {
    let mut decoded = String::new();
    let mut rest = line;
    while let Some((plain, escape)) = rest.split_once('\\') {
        decoded.push_str(plain);
        let (kind, after) = escape.split_at(1);
        rest = after;
        match kind {
            "r" => decoded.push('\r'),
            "t" => decoded.push('\t'),
            "0" => decoded.push('\0'),
            "\\" => decoded.push('\\'),
            "z" => decoded.push('\u{1a}'),
            "x" => {
                let (code, after) = rest.split_at(2);
                decoded.push(char::from(u8::from_str_radix(code, 16).unwrap()));
                rest = after;
            }
            "u" => {
                let (code, after) = rest.strip_prefix('{').unwrap().split_once('}').unwrap();
                decoded.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
                rest = after;
            }
            "{" => {
                let (repeat, after) = rest.split_once('}').unwrap();
                let (count, what) = repeat.split_once(' ').unwrap();
                decoded.push_str(&decode(what).repeat(count.parse().unwrap()));
                rest = after;
            }
            other => panic!("no such escape: \\{other}"),
        }
    }
    decoded + rest
}

/// What is at fault, as characters of the text.
fn blamed(rejection: &Rejection) -> String {
    let count = rejection.text.chars().count();
    assert!(rejection.at.start <= rejection.at.end && rejection.at.end <= count, "{rejection:?}");
    rejection.text.chars().skip(rejection.at.start).take(rejection.at.len()).collect()
}

/// `--- 2 [blamed] words` against a rejection.
fn is_as_wanted(rejection: &Rejection, wanted: &str) -> bool {
    let (line, rest) = wanted.split_once(" [").unwrap();
    let (at, words) = rest.split_once("] ").unwrap();
    rejection.origin.line.to_string() == line
        && blamed(rejection) == at
        && format!("{}; {}", rejection.reason, rejection.fix).contains(words)
}

#[test]
fn everything_hostile_is_refused_with_every_line_and_reason() {
    let cases = cases("refused");
    let mut failures = Vec::new();
    for case in &cases {
        assert!(!case.wanted.is_empty(), "{} expects nothing", case.name);
        let found = check("x", &case.text, case.policy, &case.base);
        let agrees = found.len() == case.wanted.len()
            && found.iter().zip(&case.wanted).all(|(rejection, wanted)| is_as_wanted(rejection, wanted));
        if !agrees {
            let found: Vec<_> = found
                .iter()
                .map(|r| format!("{} [{}] {}; {}", r.origin.line, blamed(r), r.reason, r.fix))
                .collect();
            failures.push(format!("{}\n  want {:#?}\n  have {found:#?}", case.name, case.wanted));
        }
    }
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
    assert!(cases.len() >= 60, "{} cases", cases.len());
}

#[test]
fn everything_within_the_contract_is_accepted() {
    for case in cases("accepted") {
        assert!(case.wanted.is_empty(), "{} expects refusals", case.name);
        assert_eq!(check("x", &case.text, case.policy, &case.base), [], "{}\n{}", case.name, case.text);
    }
}
