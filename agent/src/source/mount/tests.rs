use super::*;

#[test]
fn mount_points_are_read_with_their_escapes() {
    let mountinfo = b"22 1 254:1 / / rw - ext4 /dev/root rw\n\
        36 22 0:30 /frr.conf /etc/frr\\040base/frr.conf ro master:1 - tmpfs tmpfs rw\n\
        37 22 0:30 / /back\\134slash\\9 ro - tmpfs tmpfs rw\n\n";
    let want = ["/", "/etc/frr base/frr.conf", "/back\\slash\\9"];
    assert_eq!(mount_points(mountinfo), want.iter().map(PathBuf::from).collect());
}

#[test]
fn an_ordinary_file_is_not_frozen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("frr.conf");
    std::fs::write(&path, "").unwrap();
    assert_eq!(frozen(&[SourceSpec::base(path)]).unwrap(), Vec::<&SourceSpec>::new());
}
