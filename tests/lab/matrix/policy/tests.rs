use super::*;

#[track_caller]
fn check(policy: &Policy, want: &[(u8, Option<u32>)]) {
    assert_eq!(policy.learned().collect::<Vec<_>>(), want);
}

fn listed(name: &'static str, prefixes: &[u8]) -> Policy {
    let prefixes: Vec<_> = prefixes.iter().map(|&index| Prefix::Learned(index)).collect();
    Policy::default().list(name, &prefixes)
}

#[test]
fn nothing_is_everything() {
    check(&Policy::default(), &(0..PREFIXES).map(|index| (index, None)).collect::<Vec<_>>());
}

#[test]
fn a_map_that_is_not_there_denies() {
    check(&Policy::default().uses_map_in("in"), &[]);
}

#[test]
fn a_list_that_is_not_there_matches_nothing() {
    check(&Policy::default().map("in", &[Entry::permit(10).matching("some")]).uses_map_in("in"), &[]);
    check(&Policy::default().uses_list_in("some"), &[]);
}

#[test]
fn the_first_entry_that_matches_decides() {
    let preferred = Entry::permit(10).matching("some").with_local_preference(200);
    let policy = listed("some", &[1, 4]).map("in", &[preferred, Entry::deny(20), Entry::permit(30)]);
    check(&policy.uses_map_in("in"), &[(1, Some(200)), (4, Some(200))]);
}

#[test]
fn a_list_and_a_map_both_must_permit() {
    let policy = listed("some", &[1, 4]).list("other", &[Prefix::Learned(4), Prefix::Learned(5)]);
    let policy = policy.map("in", &[Entry::permit(10).matching("other")]).uses_map_in("in");
    check(&policy.uses_list_in("some"), &[(4, None)]);
}
