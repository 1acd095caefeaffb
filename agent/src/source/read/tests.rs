use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use nix::sys::stat::Mode;
use tempfile::TempDir;

use super::super::error::LINES_NAMED_MAX;
use super::super::tests::ConfigMap;
use super::*;

fn contribution(path: &Path) -> SourceSpec {
    SourceSpec { name: "x".into(), path: path.into(), policy: Policy::Full }
}

#[track_caller]
fn texts(reading: &Reading) -> Vec<(&str, &str)> {
    match reading {
        Reading::Present(files) => files.iter().map(|f| (f.label.as_str(), f.text.as_str())).collect(),
        Reading::Missing | Reading::Unreadable(_) => panic!("{reading:?}"),
    }
}

#[track_caller]
fn errors(reading: Reading) -> Vec<ReadError> {
    match reading {
        Reading::Unreadable(errors) => errors,
        Reading::Missing | Reading::Present(_) => panic!("{reading:?}"),
    }
}

/// Reads `bytes` from a file and returns the errors as text, with the path cut off.
#[track_caller]
fn check_errors(bytes: &[u8], want: &[&str]) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, bytes).unwrap();
    let errors = errors(read(&contribution(&path)));
    let prefix = format!("{} ", path.display());
    let got: Vec<String> = errors.iter().map(|error| error.to_string().replace(&prefix, "")).collect();
    assert_eq!(got, want);
}

#[test]
fn a_file_is_read_as_it_is() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("frr.conf");
    fs::write(&path, "router bgp 1\r\n! ü\r\n").unwrap();
    let reading = read(&SourceSpec::base(&path));
    assert_eq!(texts(&reading), [("base", "router bgp 1\r\n! ü\r\n")]);
    assert!(reading.has_text());
}

#[test]
fn debug_output_has_no_text() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("frr.conf");
    fs::write(&path, "neighbor 1.1.1.1 password hunter2").unwrap();
    assert!(!format!("{:?}", read(&SourceSpec::base(&path))).contains("hunter2"));
}

#[test]
fn nothing_there_is_missing() {
    let dir = TempDir::new().unwrap();
    assert!(matches!(read(&SourceSpec::base(dir.path().join("no/frr.conf"))), Reading::Missing));
}

#[test]
fn every_line_that_is_no_text_is_named() {
    check_errors(b"a\n\xff\nb\n\xc3\x28\n", &["is not UTF-8 on lines 2, 4"]);
    check_errors(b"a\nb\0\n", &["has a NUL byte on line 2"]);
    check_errors(b"\xff\n\0", &["is not UTF-8 on line 1", "has a NUL byte on line 2"]);
    let errors = |more: usize| format!("and {more} more");
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("f"), b"\xff\n".repeat(LINES_NAMED_MAX + 7)).unwrap();
    let got = super::tests::errors(read(&contribution(&dir.path().join("f"))));
    assert!(got[0].to_string().ends_with(&errors(7)), "{}", got[0]);
}

#[test]
fn a_file_may_have_4_mib_and_not_a_byte_more() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("f");
    let limit = usize::try_from(FILE_BYTES_MAX).unwrap();
    fs::write(&path, vec![b'!'; limit]).unwrap();
    assert!(read(&contribution(&path)).has_text());
    check_errors(&vec![b'!'; limit + 1], &["is larger than 4 MiB"]);
    // A sparse giant is not read to find out.
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(errors(read(&contribution(&path)))[..], [ReadError::TooLarge { .. }]));
}

#[test]
fn a_directory_is_no_base() {
    let dir = TempDir::new().unwrap();
    assert!(matches!(errors(read(&SourceSpec::base(dir.path())))[..], [ReadError::Directory { .. }]));
}

#[test]
fn neither_a_fifo_nor_a_device_is_opened() {
    let dir = TempDir::new().unwrap();
    let fifo = dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    for path in [fifo.as_path(), Path::new("/dev/zero"), Path::new("/dev/null")] {
        let (spec, path) = (SourceSpec::base(path), path.display());
        assert!(matches!(errors(read(&spec))[..], [ReadError::NotRegular { .. }]), "{path}");
    }
}

#[test]
fn a_file_where_a_directory_is_meant_is_an_error() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("f"), "").unwrap();
    let reading = read(&SourceSpec::extras(&dir.path().join("f")));
    assert!(matches!(errors(reading)[..], [ReadError::Io { .. }]));
}

#[test]
fn a_forbidden_file_is_told_from_a_broken_one() {
    let forbidden = io::Error::from(io::ErrorKind::PermissionDenied);
    assert!(matches!(ReadError::from_io("/f", forbidden), ReadError::NoPermission { .. }));
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything: there the file is simply empty.
    match read(&contribution(&path)) {
        Reading::Unreadable(errors) => assert!(matches!(errors[..], [ReadError::NoPermission { .. }])),
        reading @ (Reading::Missing | Reading::Present(_)) => {
            assert!(nix::unistd::geteuid().is_root(), "{reading:?}");
        }
    }
}

#[test]
fn a_directory_is_its_visible_files_in_name_order() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    for (name, text) in [("20-b", "b"), ("10-a", "a"), (".hidden", "h")] {
        fs::write(at(name), text).unwrap();
    }
    fs::create_dir(at("05-dir")).unwrap();
    nix::unistd::mkfifo(&at("06-fifo"), Mode::S_IRWXU).unwrap();
    symlink("nowhere", at("07-dangling")).unwrap();
    symlink("10-a", at("30-link")).unwrap();
    let reading = read(&contribution(dir.path()));
    assert_eq!(texts(&reading), [("x/10-a", "a"), ("x/20-b", "b"), ("x/30-link", "a")]);
}

#[test]
fn an_empty_directory_is_there() {
    let dir = TempDir::new().unwrap();
    assert_eq!(texts(&read(&contribution(dir.path()))), []);
}

#[test]
fn the_files_of_a_directory_share_the_limits() {
    let dir = TempDir::new().unwrap();
    let half = vec![b'!'; usize::try_from(FILE_BYTES_MAX).unwrap() / 2 + 1];
    fs::write(dir.path().join("a"), &half).unwrap();
    fs::write(dir.path().join("b"), &half).unwrap();
    assert!(matches!(errors(read(&contribution(dir.path())))[..], [ReadError::TooLarge { .. }]));
    let dir = TempDir::new().unwrap();
    for number in 0..=DIRECTORY_FILES_MAX {
        fs::write(dir.path().join(number.to_string()), "").unwrap();
    }
    assert!(matches!(errors(read(&contribution(dir.path())))[..], [ReadError::TooManyFiles { .. }]));
}

#[test]
fn every_bad_file_of_a_directory_is_named() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("a"), b"\xff").unwrap();
    fs::write(dir.path().join("b"), "fine").unwrap();
    fs::write(dir.path().join("c"), b"\0").unwrap();
    let errors = errors(read(&contribution(dir.path())));
    assert!(
        matches!(&errors[..], [ReadError::NotUtf8 { label, .. }, ReadError::NulByte { label: other, .. }]
            if label == "x/a" && other == "x/c"),
        "{errors:?}"
    );
}

#[test]
fn a_mount_is_read_through_its_version() {
    let map = ConfigMap::new(&[("frr.conf", "base"), ("extras", "more")]);
    let sources = read_all(&[SourceSpec::base(map.key("frr.conf")), SourceSpec::extras(map.path())]);
    assert_eq!(texts(sources.reading("base").unwrap()), [("base", "base")]);
    assert_eq!(texts(sources.reading("extras").unwrap()), [("extras", "more")]);
    let directory = read(&contribution(map.path()));
    assert_eq!(texts(&directory), [("x/extras", "more"), ("x/frr.conf", "base")]);
    let Reading::Present(files) = directory else { panic!() };
    assert!(files[0].path.to_str().unwrap().contains("/..version"), "{:?}", files[0].path);
}

#[test]
fn a_plain_file_beside_the_version_is_read_as_it_is() {
    let map = ConfigMap::new(&[("extras", "map")]);
    fs::write(map.key("own"), "own").unwrap();
    assert_eq!(texts(&read(&contribution(&map.key("own")))), [("x", "own")]);
}

#[test]
fn two_keys_are_never_of_two_versions() {
    let map = ConfigMap::new(&[("a", "0"), ("b", "0")]);
    let specs: Vec<_> = ["a=", "b="]
        .iter()
        .zip(["a", "b"])
        .map(|(name, key)| format!("{name}{}", map.key(key).display()).parse::<SourceSpec>().unwrap())
        .collect();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for version in 1..400 {
                let text = version.to_string();
                map.swap(&[("a", &text), ("b", &text)]);
            }
        });
        let mut whole = 0_u32;
        while !writer.is_finished() {
            let sources = read_all(&specs);
            match (sources.reading("a").unwrap(), sources.reading("b").unwrap()) {
                (Reading::Present(a), Reading::Present(b)) => {
                    assert_eq!(a[0].text, b[0].text);
                    whole += 1;
                }
                // A version every few microseconds can win against every attempt; that is told, not mixed.
                (a, b) => assert!(a.is_unsettled() && b.is_unsettled(), "{a:?} {b:?}"),
            }
        }
        assert!(whole > 0);
    });
    assert_eq!(texts(read_all(&specs).reading("b").unwrap()), [("b", "399")]);
}

#[test]
fn the_digest_tells_outcomes_apart_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let spec = [contribution(&dir.path().join("f"))];
    let mut seen = BTreeSet::from([read_all(&spec).digest]);
    for bytes in [&b""[..], b"a", b"b", b"\xff", b"\n\xff"] {
        fs::write(&spec[0].path, bytes).unwrap();
        assert!(seen.insert(read_all(&spec).digest), "{bytes:?}");
        assert!(!seen.insert(read_all(&spec).digest), "{bytes:?}");
    }
}
