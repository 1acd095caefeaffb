//! Where to look while the lab is up.

use super::{screen::Screen, story::Story};
use crate::lab::topologies::TwoGateways;

/// Prints the commands for another terminal.
pub(super) fn show(screen: Screen, story: &Story) {
    let pid = story.node().pid();
    let gateway = story.lab.node(TwoGateways::GATEWAYS[0]).pid();
    let enter = format!("nsenter -t {pid} -a");
    let extras = format!("/proc/{pid}/root{}/extras", TwoGateways::EXTRAS_PATH);
    let rows = [
        ("the agent's view, live", format!("{enter} routelet status --watch")),
        ("its metrics", format!("nsenter -t {pid} -n curl -s http://127.0.0.1:7472/metrics")),
        ("its status page", format!("nsenter -t {pid} -n curl -s http://127.0.0.1:7472/status")),
        ("edit the extras", format!("${{EDITOR:-vi}} {extras}")),
        ("the kernel's routes, live", format!("watch -n1 nsenter -t {pid} -n ip route show proto bgp")),
        ("FRR on the node", format!("{enter} vtysh")),
        ("kill a gateway", format!("nsenter -t {gateway} -a pkill -KILL bgpd")),
        ("and bring it back", format!("nsenter -t {gateway} -a sh -c '/usr/lib/frr/bgpd -d && vtysh -b'")),
    ];
    screen
        .plain(&format!("\n{} Look around in another terminal, as root:", screen.bold("The lab stays up.")));
    for (what, command) in rows {
        screen.plain(&format!("   {what:<27}{}", screen.bold(&command)));
    }
    screen.plain(&format!("\n{} ends the demo and removes everything.", screen.bold("Ctrl-C")));
}
