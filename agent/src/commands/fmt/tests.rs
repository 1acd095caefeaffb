use clap::Parser;

use super::*;

const VERSION: FrrVersion = FrrVersion(8, 4, 4);
const WRITTEN: &str = "\
! how people write
hostname node
router bgp 64512
  neighbor 10.0.0.1 remote-as 64513
  neighbor 10.0.0.1 port 179
  neighbor 10.0.0.1 password hush
route-map A deny 20
ip prefix-list p permit 10.1.2.3/8
route-map A permit 020
 match ip address prefix-list p
";

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: FmtArgs,
}

fn args(arguments: &[&str]) -> FmtArgs {
    Line::try_parse_from(std::iter::once(&"test").chain(arguments)).unwrap().args
}

#[test]
fn each_object_comes_once_in_canonical_words() {
    insta::assert_snapshot!(args(&["-"]).shown(&canonical(WRITTEN, VERSION)), @r"
    ip prefix-list p seq 5 permit 10.0.0.0/8
    route-map A permit 20
     match ip address prefix-list p
    exit
    router bgp 64512
     neighbor 10.0.0.1 remote-as 64513
     neighbor 10.0.0.1 password <hidden>
    exit
    ");
}

#[test]
fn secrets_are_hidden_unless_they_are_asked_for() {
    let text = canonical(WRITTEN, VERSION);
    assert!(!args(&["-"]).shown(&text).contains("hush"));
    assert_eq!(args(&["-", "--show-secrets"]).shown(&text), text);
    assert!(text.contains("password hush"));
    assert!(Line::try_parse_from(["test", "-", "--show-secrets", "--check"]).is_err());
}

#[test]
fn what_is_printed_is_canonical_with_comments_or_without() {
    let text = canonical(WRITTEN, VERSION);
    assert_eq!(difference(&text, VERSION), None);
    assert_eq!(difference(&format!("! comment\n\n{}\n", text.replace('\n', "\n!\n")), VERSION), None);
}

#[test]
fn the_first_difference_is_named() {
    let told_of = |written: &str| {
        let text = Text { name: "a.conf".to_owned(), written: written.to_owned() };
        told(&text, VERSION, Paint::Plain).unwrap()
    };
    assert_eq!(
        told_of("! x\nrouter bgp 1\n neighbor 10.0.0.1 remote-as 2\n neighbor 10.0.0.1 port 179\nexit\n"),
        "a.conf:4: not canonical\n-  neighbor 10.0.0.1 port 179\n+ exit\n"
    );
    assert_eq!(told_of("router bgp 1\n"), "a.conf:2: not canonical\n+ exit\n");
    assert_eq!(told_of("router bgp 1\nexit\nexit\n"), "a.conf:3: not canonical\n- exit\n");
    let secret = told_of("router bgp 1\n neighbor 10.0.0.1 remote-as 2\n  neighbor 10.0.0.1 password hush\n");
    assert!(!secret.contains("hush") && secret.contains("<hidden>"), "{secret}");
}

#[test]
fn a_file_is_read_as_a_source_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.conf");
    let error = |path: &Path| read(path).map(|_| ()).unwrap_err().to_string();
    assert!(error(&path).ends_with("a.conf does not exist"));
    std::fs::write(&path, b"! \xff\n").unwrap();
    assert!(error(&path).ends_with("a.conf is not UTF-8 on line 1"));
    assert!(error(dir.path()).ends_with("is a directory, not a file"));
    std::fs::write(&path, b"router bgp 1\n").unwrap();
    assert_eq!(read(&path).unwrap().written, "router bgp 1\n");
}

#[test]
fn something_must_be_meant() {
    let error = args(&[]).merged(VERSION).unwrap_err().to_string();
    assert_eq!(error, "which configuration? a FILE, - for the standard input, or --base");
}

#[test]
fn a_block_that_frr_would_throw_away_is_not_left_out_in_silence() {
    let text = "router bgp 1\nrouter bgp 2\n neighbor 10.0.0.1 password hush\n";
    let told = lost(&load("a.conf", text, VERSION));
    let want = "a.conf:2: the instance runs as AS 1 (a.conf:1): FRR throws this block away: `router bgp 2`\n";
    assert_eq!(told, want);
}
