use super::*;

#[track_caller]
fn check(line: &str, want: Result<(), ErrorKind>) {
    let parsed = Args::try_parse_from(line.split(' ')).map(drop).map_err(|error| error.kind());
    assert_eq!(parsed, want, "{line}");
}

#[test]
fn the_command_line_holds_together() {
    use clap::CommandFactory as _;
    Args::command().debug_assert();
}

#[test]
fn a_base_is_needed_where_there_is_no_other_input() {
    for command in ["run", "validate", "plan"] {
        check(&format!("routelet {command}"), Err(ErrorKind::MissingRequiredArgument));
        check(&format!("routelet {command} --base /b --extras /e --contribution a=/a,policy=full"), Ok(()));
    }
}

#[test]
fn what_is_no_version_is_wrong_usage() {
    check("routelet validate --base /b --frr-version 8.4", Ok(()));
    check("routelet validate --base /b --frr-version ten", Err(ErrorKind::ValueValidation));
    check("routelet validate --base /b --frr sometimes", Err(ErrorKind::InvalidValue));
    check("routelet validate --base /b -o json", Ok(()));
}
