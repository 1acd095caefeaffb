use super::*;

#[track_caller]
fn check(command: &Command, want: &[&str]) {
    assert_eq!(command.argv, want.iter().map(OsString::from).collect::<Vec<_>>());
}

#[test]
fn options_are_given_only_where_they_differ() {
    let vtysh = Vtysh::default();
    check(&vtysh.command(["-c", "show version"]), &["vtysh", "-c", "show version"]);
    let vtysh = Vtysh { rundir: Some("/r".into()), config_dir: Some("/c".into()), ..vtysh };
    check(
        &vtysh.command(["-d", Daemon::Bgpd.name(), "-c", "x"]),
        &["vtysh", "--vty_socket", "/r", "--config_dir", "/c", "-d", "bgpd", "-c", "x"],
    );
}

#[tokio::test]
async fn output_comes_back() {
    let vtysh = Vtysh { program: "echo".into(), ..Vtysh::default() };
    assert_eq!(vtysh.run("show version").await.unwrap().stdout, "-c show version\n");
    assert_eq!(vtysh.run_on(Daemon::Bgpd, "x").await.unwrap().stdout, "-d bgpd -c x\n");
    assert_eq!(vtysh.check(Path::new("/f")).await.unwrap().stdout, "-C -f /f\n");
    assert_eq!(vtysh.load(Path::new("/f")).await.unwrap().stdout, "-f /f\n");
}
