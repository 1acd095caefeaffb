//! The mount of a `ConfigMap`, as the lab plays it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use routelet_tests::lab::{ConfigMapDir, FrrVersion, Lab, NodeSpec, Topology};

const MOUNT: &str = "/etc/routelet/extras";

fn lab() -> Lab {
    Lab::start(&Topology::new().node(NodeSpec::frr("node", FrrVersion::V10_7).daemons(&[]))).unwrap()
}

#[test]
fn keys_are_links_through_data() {
    let lab = lab();
    let node = lab.node("node");
    let mut mount = ConfigMapDir::mount(node, MOUNT).unwrap();
    mount.set(&[("extras", "one"), ("more", "two")]).unwrap();
    let listing = node.run(["ls", "-A", MOUNT]).unwrap();
    let first = mount.data_target().unwrap();
    assert_eq!(listing.split_whitespace().collect::<Vec<_>>(), [first.as_str(), "..data", "extras", "more"]);
    assert_eq!(node.run(["readlink", &format!("{MOUNT}/extras")]).unwrap().trim(), "..data/extras");
    assert_eq!(node.run(["cat", &format!("{MOUNT}/extras")]).unwrap(), "one");

    mount.set(&[("extras", "three")]).unwrap();
    assert_ne!(mount.data_target().unwrap(), first);
    assert!(!node.exists(&format!("{MOUNT}/{first}")), "the data of before is removed");
    assert!(!node.exists(&format!("{MOUNT}/more")));
    assert_eq!(node.read_file(&format!("{MOUNT}/extras")).unwrap(), "three");

    let second = mount.data_target().unwrap();
    mount.set(&[("extras", "three")]).unwrap();
    assert_eq!(mount.data_target().unwrap(), second, "the same content changes nothing");
    mount.set::<&str>(&[]).unwrap();
    assert!(!node.exists(&format!("{MOUNT}/extras")));
}

#[test]
fn the_swap_is_atomic() {
    const SWAPS: u32 = 2000;
    let lab = lab();
    let node = lab.node("node");
    let mut mount = ConfigMapDir::mount(node, MOUNT).unwrap();
    mount.set(&[("extras", "00")]).unwrap();
    let done = AtomicBool::new(false);
    let reads = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) {
                // The old data may go between the look at the link and the read, but a value is never torn,
                // and the link is never missing.
                assert!(node.exists(&format!("{MOUNT}/..data")));
                if let Ok(text) = node.read_file(&format!("{MOUNT}/extras")) {
                    let (left, right) = text.split_at(text.len() / 2);
                    assert_eq!(left, right, "torn");
                    reads += 1;
                }
            }
            reads
        });
        for swap in 1..=SWAPS {
            let half = format!("{swap}").repeat(500);
            mount.set(&[("extras", format!("{half}{half}"))]).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert!(reads > 0);
}
