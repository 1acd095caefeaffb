//! Cables and switches between the nodes.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    LabError,
    exec::Exec,
    topology::{End, Segment},
};

/// Makes all segments: a veth pair for two ends, a bridge in the namespace of `switch` for more.
///
/// `pids` are the inits of the nodes.
pub(crate) fn connect(
    segments: &[Segment],
    pids: &BTreeMap<String, u32>,
    switch: Option<u32>,
) -> Result<(), LabError> {
    let pid_of = |end: &End| {
        let unknown = || LabError::Topology(format!("no node {}", end.node));
        pids.get(&end.node).copied().ok_or_else(unknown)
    };
    let mut cables = String::new();
    let mut bridges = String::new();
    let mut inside: BTreeMap<u32, String> =
        pids.values().map(|&pid| (pid, "link set lo up\n".to_owned())).collect();

    for (number, segment) in segments.iter().enumerate() {
        match (segment.ends.as_slice(), switch) {
            ([a, b], _) => {
                let (pid_a, pid_b) = (pid_of(a)?, pid_of(b)?);
                let (name_a, name_b) = (&a.interface, &b.interface);
                _ = writeln!(
                    cables,
                    "link add {name_a} netns {pid_a} type veth peer name {name_b} netns {pid_b}"
                );
            }
            (ends, Some(switch)) => {
                _ = writeln!(bridges, "link add br{number} type bridge\nlink set br{number} up");
                for (port, end) in ends.iter().enumerate() {
                    let (pid, name, port) = (pid_of(end)?, &end.interface, format!("p{number}-{port}"));
                    _ = writeln!(
                        cables,
                        "link add {name} netns {pid} type veth peer name {port} netns {switch}"
                    );
                    _ = writeln!(bridges, "link set {port} master br{number}\nlink set {port} up");
                }
            }
            (_, None) => return Err(LabError::Topology("a shared segment without a switch".to_owned())),
        }
        for end in &segment.ends {
            let commands = inside.entry(pid_of(end)?).or_default();
            for address in &end.addresses {
                let nodad = if address.contains(':') { " nodad" } else { "" };
                _ = writeln!(commands, "address add {address} dev {}{nodad}", end.interface);
            }
            _ = writeln!(commands, "link set {} up", end.interface);
        }
    }

    batch(None, cables)?;
    if let Some(switch) = switch {
        batch(Some(switch), bridges)?;
    }
    inside.into_iter().try_for_each(|(pid, commands)| batch(Some(pid), commands))
}

/// Runs `commands` through one `ip -batch`, in the network namespace of `pid`.
fn batch(pid: Option<u32>, commands: String) -> Result<(), LabError> {
    let batch = ["ip", "-batch", "-"].map(str::to_owned);
    let enter = pid.map(|pid| ["nsenter".to_owned(), format!("--target={pid}"), "--net".to_owned()]);
    Exec::new(enter.into_iter().flatten().chain(batch)).stdin(commands).run().map(drop)
}
