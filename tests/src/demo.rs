//! The demo: what routelet does on a node with two gateways, step by step, with the evidence.
//!
//! `DEMO_FRR` is FRR's version on all routers; `DEMO_EXIT=1` ends the demo after its last step, as does a standard
//! output that is no terminal. Else the lab stays up until Ctrl-C.

mod gateways;
mod interrupt;
mod look_around;
mod metallb_way;
mod routelet_way;
mod screen;
mod seen;
mod story;

use std::{env, process::ExitCode, str::FromStr as _};

use interrupt::Interrupt;
use screen::Screen;
use story::{Outcome, Story};

use crate::lab::{FrrVersion, LabError};

/// One step of the story.
struct Step {
    name: &'static str,
    /// What happens and what to expect; the lines are printed as they are.
    text: &'static str,
    play: fn(&mut Story) -> Outcome,
}

const STEPS: [Step; 8] = [
    Step {
        name: "base",
        text: "FRR runs what MetalLB renders: sessions come up, and nothing that a gateway announces gets in.",
        play: metallb_way::base,
    },
    Step {
        name: "the old way",
        text: "MetalLB appends the extras (route-map … permit 20) to the base (route-map … deny 20) and reloads.\n\
               FRR's reload script takes the two for two entries: it flips between them, one per run.",
        play: metallb_way::appended,
    },
    Step {
        name: "agent",
        text: "The base again, and routelet beside FRR; the ConfigMap bgpextras is empty: nothing changes.",
        play: routelet_way::agent,
    },
    Step {
        name: "extras",
        text: "The ConfigMap gets its extras now, long after the sessions came up: the routes must get in,\n\
               and no session may be reset.",
        play: routelet_way::extras,
    },
    Step {
        name: "filter",
        text: "The extras are edited: a prefix-list lets in some of the prefixes only.",
        play: routelet_way::filter,
    },
    Step {
        name: "mistake",
        text: "Somebody makes mistakes in the ConfigMap: they are refused, and what worked goes on working.",
        play: routelet_way::mistake,
    },
    Step {
        name: "gateway dies",
        text: "All daemons of gw-a are killed (SIGKILL): the shared prefixes move to gw-b, gw-a's own go away.",
        play: gateways::dies,
    },
    Step {
        name: "gateway returns",
        text: "gw-a starts again: two next hops as before.",
        play: gateways::returns,
    },
];

/// Plays the demo; success is that of every step.
pub fn run() -> ExitCode {
    let screen = Screen::new();
    let version = env::var("DEMO_FRR").ok().filter(|version| !version.is_empty());
    let version = version.map_or(Ok(FrrVersion::V7_5_1), |version| FrrVersion::from_str(&version));
    match version.and_then(|version| play(screen, version)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            screen.plain(&format!("demo: {}", error.chain()));
            ExitCode::FAILURE
        }
    }
}

/// Plays all steps and tells whether all went well.
fn play(screen: Screen, version: FrrVersion) -> Result<bool, LabError> {
    let interrupt = Interrupt::watch(screen)?;
    let mut story = Story::start(screen, version, &interrupt)?;
    let mut well = 0;
    for (number, step) in (1..).zip(&STEPS) {
        screen.step(number, step.name, step.text);
        let (outcome, took) = crate::lab::wait::timed(|| (step.play)(&mut story));
        match outcome {
            Ok(result) => {
                well += 1;
                screen.ok(took, &result);
            }
            Err(failure) => {
                screen.fail(took, &failure.to_string());
                story.show_what_is_there();
            }
        }
    }
    let is_well = well == STEPS.len();
    let result = format!("demo: {well} of {} steps ok", STEPS.len());
    if screen.is_terminal() && !env::var("DEMO_EXIT").is_ok_and(|exit| !exit.is_empty() && exit != "0") {
        screen.result(is_well, &result);
        look_around::show(screen, &story);
        interrupt.wait();
        screen.plain("\nremoving the lab …");
        story.end();
        screen.plain("nothing is left: no process, no namespace, no mount");
    } else {
        story.end();
        screen.result(is_well, &result);
    }
    Ok(is_well)
}
