use std::path::Path;

use clap::Parser;

use super::*;

const BASE_TEXT: &str = "\
hostname node
route-map 10.0.0.1-in deny 20
router bgp 64512
  no bgp ebgp-requires-policy
  neighbor 10.0.0.1 remote-as 64513
  neighbor 10.0.0.1 password hush
  address-family ipv4 unicast
    neighbor 10.0.0.1 route-map 10.0.0.1-in in
  exit-address-family
";
const EXTRAS: &str = "\
ip prefix-list filtered permit 172.16.0.0/16 le 32
route-map 10.0.0.1-in permit 20
  match ip address prefix-list filtered
";

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: ValidateArgs,
}

fn write(dir: &Path, name: &str, content: &[u8]) -> String {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

fn verdict_of(dir: &Path, arguments: &[&str]) -> Verdict {
    // No FRR answers in an empty folder.
    let rundir = dir.display().to_string();
    let fixed = ["test", "--rundir", &rundir];
    let line = Line::try_parse_from(fixed.iter().chain(arguments)).unwrap();
    block_on(line.args.judge()).unwrap().unwrap()
}

/// Validates `base` with `extras`; returns what is printed.
fn validated(base: &str, extras: Option<&str>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let base = write(dir.path(), "frr.conf", base.as_bytes());
    let extras = extras.map(|text| write(dir.path(), "extras.conf", text.as_bytes()));
    let mut arguments = vec!["--base", &base, "--frr-version", "8.4.4"];
    arguments.extend(extras.iter().flat_map(|extras| ["--extras", extras.as_str()]));
    let verdict = verdict_of(dir.path(), &arguments);
    verdict.render(Paint::Plain).replace(&dir.path().display().to_string(), "/dir")
}

#[test]
fn what_is_good_is_ok() {
    insta::assert_snapshot!(validated(BASE_TEXT, Some(EXTRAS)), @r"
    checked for FRR 8.4.4, without its own parser: no FRR answers here
    ok: base, extras: 1 session, 3 objects, generation 45df29c56735
    ");
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let extras =
        EXTRAS.replace("match ip ", "match ipv4 ") + "\nrouter bgp 1\n neighbor 10.0.0.1 password hush\n";
    let base = BASE_TEXT.to_owned()
        + "router bgp 64512\n neighbor 10.0.0.9 description x\nroute-map lost permit 5\n";
    insta::assert_snapshot!(validated(&base, Some(&extras)), @r"
    error: neighbor 10.0.0.9 has no remote-as and no peer-group: FRR refuses this line
       --> base:11
        |
     11 |  neighbor 10.0.0.9 description x
        |           ^^^^^^^^
        = add: neighbor 10.0.0.9 remote-as AS

    warning: route-map lost is used by nobody
       --> base:12
        |
     12 | route-map lost permit 5
        |           ^^^^
        = leave it out, or refer to it

    error: FRR has no `match ipv4`
      --> extras:3
       |
     3 |   match ipv4 address prefix-list filtered
       |         ^^^^
       = write: match ip address prefix-list filtered

    error: `router` is not part of the extras contract
      --> extras:5
       |
     5 | router bgp 1
       | ^^^^^^
       = only prefix-lists and route-map <peer>-in permit 20 are; for more use a contribution with policy=full

    error: `neighbor` is not part of the extras contract
      --> extras:6
       |
     6 |  neighbor 10.0.0.1 password <hidden>
       |  ^^^^^^^^
       = only prefix-lists and route-map <peer>-in permit 20 are; for more use a contribution with policy=full

    checked for FRR 8.4.4, without its own parser: no FRR answers here
    4 errors, 1 warning
    ");
}

#[test]
fn warnings_refuse_nothing() {
    let base = BASE_TEXT.replace("  no bgp ebgp-requires-policy\n", "");
    insta::assert_snapshot!(validated(&base, Some("route-map 10.9.9.9-in permit 20\n")), @r"
    warning: eBGP without a policy: nothing is announced to it (ipv4-unicast)
      --> base:4
       |
     4 |   neighbor 10.0.0.1 remote-as 64513
       |            ^^^^^^^^
       = add: neighbor 10.0.0.1 route-map NAME in, and out; or: no bgp ebgp-requires-policy

    warning: the base has no peer 10.9.9.9: the entry waits for it
      --> extras:1
       |
     1 | route-map 10.9.9.9-in permit 20
       | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    checked for FRR 8.4.4, without its own parser: no FRR answers here
    ok: base, extras: 1 session, 2 objects, generation 7eb14ec448e4; 2 warnings
    ");
}

#[test]
fn what_cannot_be_read_is_told_as_the_agent_tells_it() {
    let dir = tempfile::tempdir().unwrap();
    let base = write(dir.path(), "frr.conf", b"router bgp 1\n! \xff\n! \0\n");
    let site = write(dir.path(), "site/a.conf", b"! \xff\n");
    let site = format!("site={},policy=full", Path::new(&site).parent().unwrap().display());
    let missing = format!("late={}", dir.path().join("late").display());
    let verdict =
        verdict_of(dir.path(), &["--base", &base, "--contribution", &site, "--contribution", &missing]);
    let text = verdict.render(Paint::Plain).replace(&dir.path().display().to_string(), "/dir");
    insta::assert_snapshot!(text, @r"
    error: /dir/frr.conf is not UTF-8
      --> base:2

    error: /dir/frr.conf has a NUL byte
      --> base:3

    error: /dir/site/a.conf is not UTF-8
      --> site/a.conf:1

    warning: /dir/late does not exist: nothing is contributed
     --> late

    checked for FRR 10.7.1, without its own parser: no FRR answers here
    3 errors, 1 warning
    ");
    assert!(!verdict.accepted);
}

#[test]
fn a_missing_or_empty_base_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("nothing").display().to_string();
    let told = |verdict: Verdict| verdict.diagnostics[0].message.clone();
    assert!(told(verdict_of(dir.path(), &["--base", &missing])).ends_with("/nothing does not exist"));
    let empty = write(dir.path(), "frr.conf", b"! only a comment\n");
    assert!(told(verdict_of(dir.path(), &["--base", &empty])).contains("--allow-empty-base"));
    assert!(verdict_of(dir.path(), &["--base", &empty, "--allow-empty-base"]).accepted);
}

#[test]
fn the_form_for_machines() {
    let dir = tempfile::tempdir().unwrap();
    let base = write(dir.path(), "frr.conf", b"router bgp 1\n neighbor 999.1.1.1 remote-as 2\n");
    let verdict = verdict_of(dir.path(), &["--base", &base, "--frr", "never"]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&verdict).unwrap(), @r#"
    {
      "accepted": false,
      "frrVersion": "10.7.1",
      "frrNotAsked": "--frr never",
      "generation": "f2114a5303e5",
      "sources": [
        "base"
      ],
      "sessions": 0,
      "objects": 1,
      "diagnostics": [
        {
          "severity": "error",
          "source": "base",
          "line": 2,
          "text": " neighbor 999.1.1.1 remote-as 2",
          "at": {
            "start": 10,
            "end": 19
          },
          "message": "999.1.1.1 is not an address",
          "fix": "write the peer's address"
        }
      ]
    }
    "#);
}

#[test]
fn frr_is_needed_where_it_must_be_asked() {
    let dir = tempfile::tempdir().unwrap();
    let base = write(dir.path(), "frr.conf", BASE_TEXT.as_bytes());
    let line = ["test", "--base", &base, "--frr", "always"];
    let args = Line::try_parse_from(line).unwrap().args;
    let why = |running, version| args.why_not(&running, version);
    assert_eq!(why(Err("down".to_owned()), FrrVersion(8, 4, 4)), None);
    let args = ValidateArgs { ask: Ask::Auto, ..args };
    let why = |running, version| args.why_not(&running, version);
    assert_eq!(why(Ok(FrrVersion(8, 4, 4)), FrrVersion(8, 4, 0)), None);
    assert_eq!(
        why(Ok(FrrVersion(8, 4, 4)), FrrVersion(10, 3, 0)).as_deref(),
        Some("FRR 8.4.4 runs here, and 10.3 is meant")
    );
}

#[test]
fn a_block_of_another_as_is_an_error() {
    let base = BASE_TEXT.to_owned() + "router bgp 64999\n neighbor 10.0.0.7 password hush\n";
    insta::assert_snapshot!(validated(&base, Some(EXTRAS)), @r"
    error: the instance runs as AS 64512 (base:3): FRR throws this block away
       --> base:10
        |
     10 | router bgp 64999
        |            ^^^^^

    checked for FRR 8.4.4, without its own parser: no FRR answers here
    1 error
    ");
}
