//! One story after another in the same lab, each with edits and faults, each with a good end.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use routelet_tests::lab::{
    FrrVersion,
    topologies::{TwoGateways, two_gateways},
    wait,
};
use serde_json::Value;

use super::{
    SETTLED_WITHIN,
    edit::{Edit, Wanted},
    fault::{Fault, STATE_DIR, Wounds, pause},
    looping::{self, Looped},
};
use crate::{
    rng::Rng,
    story::{Story, connections},
};

/// Where the agent keeps the base that was accepted last.
const ACCEPTED_BASE: &str = "/var/lib/routelet/accepted/base.conf";

/// Where the valid sources are, for the plan that must be empty in the end.
const VALID_BASE: &str = "/tmp/valid/base.conf";
const VALID_EXTRAS: &str = "/tmp/valid/extras";

/// What tells where a history went wrong: in bgpd, in zebra, or on the way to the kernel.
const SHOWN: [&str; 6] = [
    "show running-config",
    "show bgp ipv4 unicast",
    "show bgp ipv6 unicast",
    "show ip route bgp",
    "show ipv6 route bgp",
    "show bgp neighbors",
];

/// A lab in which histories happen.
pub(super) struct History {
    version: FrrVersion,
    /// A zebra was killed in this lab.
    has_lost_zebra: bool,
    story: Story,
    wanted: Wanted,
    told: String,
}

// === impl History ===

impl History {
    pub(super) fn start(version: FrrVersion) -> Self {
        let mut story = Story::without_agent(two_gateways(version));
        let node = story.node();
        node.run(["mkdir", "-p", STATE_DIR, VALID_EXTRAS]).unwrap();
        node.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "state", STATE_DIR]).unwrap();
        story.start_agent();
        Self { version, has_lost_zebra: false, story, wanted: Wanted::default(), told: String::new() }
    }

    /// What happened in the last history.
    pub(super) fn told(&self) -> &str {
        self.told.trim_end_matches(", ")
    }

    /// Goes through the history of `seed`; fails if zebra came into a loop of its own, which ends the lab.
    pub(super) fn run(&mut self, mut rng: Rng, seed: u64) -> Result<(), Looped> {
        self.told.clear();
        let mut wounds = Wounds::default();
        let before = self.connections();
        for _ in 0..rng.number(5..=9) {
            if rng.chance(60) {
                let edit = Edit::random(&mut rng, &self.wanted);
                self.edit(edit, &mut wounds, seed)?;
            } else {
                let fault = Fault::random(&mut rng);
                _ = write!(self.told, "{fault:?}, ");
                self.has_lost_zebra |= matches!(fault, Fault::ZebraDies);
                wounds.inflict(fault, &mut self.story);
            }
            pause(Duration::from_millis(u64::from(rng.number(0..=900))));
        }
        self.settle(&mut wounds, seed)?;
        let after = self.connections();
        assert!(
            wounds.cost_sessions || before == after,
            "history {seed}: sessions were reset: {before:?}, then {after:?}\n{}",
            self.account()
        );
        Ok(())
    }

    /// How often each session came up and went down; the one that never comes up apart.
    fn connections(&self) -> BTreeMap<String, (u64, u64)> {
        let mut connections = connections(self.story.node());
        let peers: Vec<String> = self.story.demo.peers().iter().map(ToString::to_string).collect();
        connections.retain(|peer, _| peers.contains(peer));
        connections
    }

    fn edit(&mut self, edit: Edit, wounds: &mut Wounds, seed: u64) -> Result<(), Looped> {
        // What is accepted is what FRR took: a mistake comes after that, or the version before it is the valid one.
        if !matches!(edit, Edit::Valid(_)) {
            self.settle(wounds, seed)?;
        }
        match edit {
            Edit::Valid(wanted) => {
                _ = write!(self.told, "{:?}, ", wanted.extras);
                self.wanted = wanted;
                self.write(&self.wanted.base(&self.story), self.wanted.extras(&self.story));
            }
            Edit::UnknownLine => self.mistake("frobnicate yes\n", "UnknownLine"),
            Edit::OwnAddress => {
                let (asn, own) = (TwoGateways::NODE_ASN, TwoGateways::NODE_ADDRESSES[0].0);
                self.mistake(&format!("router bgp {asn}\n  neighbor {own} remote-as 65001\n"), "OwnAddress");
            }
            Edit::ForeignLine => {
                _ = write!(self.told, "ForeignLine, ");
                let extras = self.wanted.extras(&self.story).unwrap_or_default();
                self.write(&self.wanted.base(&self.story), Some(format!("{extras}router bgp 1\n")));
            }
        }
        Ok(())
    }

    fn mistake(&mut self, lines: &str, name: &str) {
        _ = write!(self.told, "{name}, ");
        let base = format!("{}{lines}", self.wanted.base(&self.story));
        self.write(&base, self.wanted.extras(&self.story));
    }

    fn write(&mut self, base: &str, extras: Option<String>) {
        self.story.node().replace_file(TwoGateways::BASE_PATH, base).unwrap();
        match extras {
            Some(text) => self.story.extras.set(&[("extras", text)]).unwrap(),
            None => self.story.extras.set::<&str>(&[]).unwrap(),
        }
    }

    /// Mends everything, and waits until FRR is as the last valid sources say.
    fn settle(&mut self, wounds: &mut Wounds, seed: u64) -> Result<(), Looped> {
        wounds.mend(&mut self.story);
        let valid = (self.wanted.base(&self.story), self.wanted.extras(&self.story));
        self.story.node().write_file(VALID_BASE, &valid.0).unwrap();
        let extras = format!("{VALID_EXTRAS}/extras");
        self.story.node().write_file(&extras, valid.1.unwrap_or_default()).unwrap();
        let settled = wait::until("FRR to be as the sources say", SETTLED_WITHIN, || {
            let settled = self.is_settled();
            let has_looped = settled.is_err() && self.has_looped();
            if has_looped { Ok(Err(Looped)) } else { settled.map(Ok) }
        });
        settled.unwrap_or_else(|error| panic!("history {seed}: {error}\n{}", self.account()))
    }

    /// Whether zebra loops by itself; the agent says of it that it hangs.
    fn has_looped(&mut self) -> bool {
        let has_looped = self.version == FrrVersion::V7_5_1 && looping::loops(self.story.node());
        if has_looped {
            looping::is_said(&mut self.story);
        }
        has_looped
    }

    fn is_settled(&mut self) -> Result<(), String> {
        let config = self.story.status()["config"].clone();
        if config["generation"].is_null() || config["generation"] != config["appliedGeneration"] {
            return Err(format!("not applied: {config}"));
        }
        let sessions = self.story.status()["sessions"]["established"].as_u64();
        let peers = self.story.demo.peers().len() as u64;
        if sessions != Some(peers) {
            return Err(format!("{sessions:?} sessions of {peers}"));
        }
        let want: Vec<String> = {
            let mut want: Vec<_> = self.wanted.prefixes().into_iter().map(str::to_owned).collect();
            want.sort();
            want
        };
        let accepted = self.accepted()?;
        if accepted != want {
            return Err(format!("bgpd has {accepted:?}, not {want:?}"));
        }
        let have: Vec<String> = self.story.kernel_routes().into_keys().collect();
        let is_left = |prefix: &String| self.leaves_routes() && !accepted.contains(prefix);
        if have.iter().filter(|prefix| !is_left(prefix)).ne(&want) {
            return Err(format!("the kernel has routes {have:?}, not {want:?}"));
        }
        // What the next agent falls back to.
        let kept = self.story.node().run(["cat", ACCEPTED_BASE]).map_err(|error| error.to_string())?;
        if kept != self.wanted.base(&self.story) {
            return Err("the base that was accepted is not on the disk".to_owned());
        }
        let argv = ["routelet", "plan", "-o", "json", "--base", VALID_BASE, "--extras", VALID_EXTRAS];
        let output = self.story.node().exec(argv).map_err(|error| error.to_string())?;
        let plan: Value =
            serde_json::from_str(&output.stdout).map_err(|error| format!("{error}: {}", output.text()))?;
        match plan["changes"].as_array().map(Vec::len) {
            Some(0) => Ok(()),
            _ => Err(format!("FRR runs something else: {}", plan["changes"])),
        }
    }

    /// The prefixes that bgpd has from its peers, in order.
    fn accepted(&self) -> Result<Vec<String>, String> {
        let mut prefixes = Vec::new();
        for family in ["ipv4", "ipv6"] {
            let command = format!("show bgp {family} unicast json");
            let shown = self.story.node().vtysh_json(&command).map_err(|error| error.to_string())?;
            let is_own = |path: &Value| path["peerId"] == "(unspec)";
            let is_a_peers = |paths: &Value| !paths.as_array().is_some_and(|paths| paths.iter().all(is_own));
            let routes = shown["routes"].as_object().into_iter().flatten();
            prefixes.extend(routes.filter(|(_, paths)| is_a_peers(paths)).map(|(prefix, _)| prefix.clone()));
        }
        prefixes.sort();
        Ok(prefixes)
    }

    /// Whether routes may stay that bgpd does not have any more: up to 8.4.4 the zebra after a killed one may keep what
    /// bgpd withdraws, or forget it and leave it in the kernel. The agent looks at configuration, and has nothing to change.
    fn leaves_routes(&self) -> bool {
        self.has_lost_zebra && self.version < FrrVersion::V10_3
    }

    /// What was done, what the agent says, and what FRR has.
    fn account(&mut self) -> String {
        let mut account = format!("{}\n{}", self.told, self.story.agent().log().unwrap_or_default());
        for command in SHOWN {
            let shown = self.story.node().vtysh(command).unwrap_or_else(|error| error.to_string());
            _ = writeln!(account, "--- {command}\n{shown}");
        }
        account
    }
}
