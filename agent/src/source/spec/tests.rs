use super::*;

#[track_caller]
fn check(text: &str, want: Result<(&str, &str, Policy), SpecError>) {
    let want = want.map(|(name, path, policy)| SourceSpec { name: name.into(), path: path.into(), policy });
    assert_eq!(text.parse(), want, "{text}");
}

#[test]
fn the_default_policy_is_extras() {
    check("metallb=/etc/extras", Ok(("metallb", "/etc/extras", Policy::Extras)));
}

#[test]
fn both_policies_can_be_said() {
    check("a=/b,policy=extras", Ok(("a", "/b", Policy::Extras)));
    check("a=/b,policy=full", Ok(("a", "/b", Policy::Full)));
}

#[test]
fn a_path_may_hold_an_equals_sign() {
    check("a=/b=c", Ok(("a", "/b=c", Policy::Extras)));
}

#[test]
fn what_cannot_be_understood_is_named() {
    check("/etc/extras", Err(SpecError::NotAssigned("/etc/extras".into())));
    check("=/b", Err(SpecError::Name(String::new())));
    check("../up=/b", Err(SpecError::Name("../up".into())));
    check(".hidden=/b", Err(SpecError::Name(".hidden".into())));
    check("base=/b", Err(SpecError::NameOfBase));
    check("a=", Err(SpecError::NoPath("a".into())));
    check("a=,policy=full", Err(SpecError::NoPath("a".into())));
    check("a=/b,polcy=full", Err(SpecError::UnknownOption { name: "a".into(), option: "polcy=full".into() }));
    check("a=/b,", Err(SpecError::UnknownOption { name: "a".into(), option: String::new() }));
    check("a=/b,policy=base", Err(SpecError::Policy { name: "a".into(), policy: "base".into() }));
    check("a=/b,policy=full,policy=full", Err(SpecError::PolicyTwice("a".into())));
    let long = "x".repeat(NAME_BYTES_MAX + 1);
    check(&format!("{long}=/b"), Err(SpecError::Name(long)));
}

#[test]
fn extras_are_a_key_of_a_mount() {
    let want = SourceSpec { name: "extras".into(), path: "/etc/frr/extras".into(), policy: Policy::Extras };
    assert_eq!(SourceSpec::extras(Path::new("/etc/frr")), want);
}

#[test]
fn two_sources_of_one_name_are_refused() {
    let specs = [SourceSpec::base("/a"), SourceSpec::extras(Path::new("/b")), "extras=/c".parse().unwrap()];
    assert_eq!(check_names(&specs), Err(SpecError::NameTwice("extras".into())));
    assert_eq!(check_names(&specs[..2]), Ok(()));
}
