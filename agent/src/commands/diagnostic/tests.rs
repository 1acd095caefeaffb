use super::*;

/// Shows an error on line 2 of the source `s`, which reads `written`; the problem was seen in `text`.
fn shown(written: &str, text: &str, at: Range<usize>) -> String {
    let whole = format!("! first\n{written}\n");
    let origin = Origin { source: "s".into(), line: 2 };
    let (message, fix) = ("wrong".to_owned(), String::new());
    let problem = Problem { severity: Severity::Error, origin, text: text.to_owned(), at, message, fix };
    locate(problem, &Texts::from([("s", whole.as_str())])).render(Paint::Plain)
}

/// What stands above the carets.
#[track_caller]
fn check_marked(written: &str, text: &str, at: Range<usize>, want: &str) {
    let shown = shown(written, text, at);
    let lines: Vec<&str> = shown.lines().collect();
    let (line, carets) = (lines[3], lines[4]);
    let start = carets.chars().position(|c| c == '^').unwrap();
    let marked: String = line.chars().skip(start).take(carets.matches('^').count()).collect();
    assert_eq!(marked, want, "{shown}");
}

#[test]
fn a_line_is_shown_with_its_place() {
    let refusal = Refusal {
        origin: Origin { source: "extras".into(), line: 12 },
        text: "match ipv4 address prefix-list f".to_owned(),
        at: 0..10,
        reason: "FRR has no `match ipv4`".to_owned(),
        fix: "write: match ip address prefix-list f".to_owned(),
    };
    let text = format!("{}  match ipv4 address prefix-list f\r\n", "!\n".repeat(11));
    let diagnostic = of_refusal(&refusal, &Texts::from([("extras", text.as_str())]));
    insta::assert_snapshot!(diagnostic.render(Paint::Plain), @r"
    error: FRR has no `match ipv4`
       --> extras:12
        |
     12 |   match ipv4 address prefix-list f
        |   ^^^^^^^^^^
        = write: match ip address prefix-list f
    ");
    assert!(diagnostic.render(Paint::Colored).contains("\x1b[1m\x1b[31merror\x1b[0m: "));
    let json = serde_json::to_string(&diagnostic).unwrap();
    assert!(json.contains(r#""severity":"error","source":"extras","line":12"#), "{json}");
    assert!(json.contains(r#""at":{"start":2,"end":12}"#), "{json}");
}

#[test]
fn a_source_as_a_whole_has_no_line() {
    let origin = Origin { source: "base".into(), line: 0 };
    let refusal =
        Refusal { origin, text: String::new(), at: 0..0, reason: "no file".to_owned(), fix: String::new() };
    let diagnostic = of_refusal(&refusal, &Texts::new());
    assert_eq!(diagnostic.render(Paint::Plain), "error: no file\n --> base\n");
}

#[test]
fn the_carets_are_below_what_is_at_fault() {
    check_marked("  one two", "one two", 4..7, "two");
    check_marked("\tone two", "one two", 4..7, "two");
    check_marked("  one two", "one two", 0..0, "one two");
    // The text is canonical, the line is as somebody wrote it.
    check_marked(" neighbor   10.0.0.1 remote-as 5", "neighbor 10.0.0.1 remote-as 5", 9..17, "10.0.0.1");
    check_marked(
        " neighbor FC00::1 remote-as 5",
        "neighbor fc00::1 remote-as 5",
        9..16,
        " neighbor FC00::1 remote-as 5".trim(),
    );
    check_marked("", "", 0..0, "");
}

#[test]
fn control_characters_are_visible_and_secrets_are_not() {
    let shown = shown("a\u{7}b\u{b}c\u{a0}d\u{202e}e\u{85}f password hush", "", 0..0);
    assert!(shown.contains("a␇b␋c␣d\u{fffd}e\u{fffd}f password <hidden>\n"), "{shown}");
    assert!(!shown.contains("hush"));
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let line = format!("{}HERE{}", "a ".repeat(500), " b".repeat(500));
    check_marked(&line, &line, 1000..1004, "HERE");
    let shown = shown(&line, &line, 1000..1004);
    assert!(shown.lines().all(|line| line.chars().count() < 130), "{shown}");
    assert!(shown.contains("| …a ") && shown.contains(" b…\n"), "{shown}");
    check_marked(&line, &line, 0..1, "a");
    let end = line.chars().count();
    check_marked(&line, &line, end - 1..end, "b");
}

#[test]
fn errors_and_warnings_are_counted() {
    let origin = Origin { source: "s".into(), line: 1 };
    let of = |severity| Diagnostic {
        severity,
        source: origin.source.to_string(),
        line: None,
        text: None,
        at: None,
        message: String::new(),
        fix: String::new(),
    };
    assert_eq!(count(&[]), "");
    assert_eq!(count(&[of(Severity::Warning)]), "1 warning");
    assert_eq!(
        count(&[of(Severity::Error), of(Severity::Warning), of(Severity::Error)]),
        "2 errors, 1 warning"
    );
}
