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

#[track_caller]
fn check_plugin(line: &str, want: &str) {
    let line: Vec<_> = line.split(' ').map(OsString::from).collect();
    let want: Vec<_> = want.split(' ').map(OsString::from).collect();
    assert_eq!(as_plugin(line), want);
}

#[test]
fn as_a_plugin_of_kubectl_it_is_about_the_cluster() {
    check_plugin("kubectl-routelet", "kubectl-routelet status --kube");
    check_plugin("/opt/kubectl-routelet -o wide", "/opt/kubectl-routelet status --kube -o wide");
    check_plugin("kubectl-routelet status -w", "kubectl-routelet status --kube -w");
    check_plugin("kubectl-routelet --help", "kubectl-routelet status --kube --help");
    check_plugin("kubectl-routelet crd", "kubectl-routelet crd");
    check_plugin("kubectl-routelet --version", "kubectl-routelet --version");
    check_plugin("routelet status", "routelet status");
    check("kubectl-routelet status --kube --kube --node a --node b", Ok(()));
}

#[test]
fn what_is_said_of_a_cluster_needs_the_cluster() {
    for flag in ["--kubeconfig /k", "--context c", "--node n", "--peer 10.0.0.1", "--all"] {
        check(&format!("routelet status {flag}"), Err(ErrorKind::MissingRequiredArgument));
        check(&format!("routelet status --kube {flag}"), Ok(()));
    }
    check("routelet status -o yaml", Ok(()));
}
