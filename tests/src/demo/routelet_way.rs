//! What the agent does.

use std::time::Duration;

use serde_json::Value;

use super::{
    metallb_way,
    seen::{self, Prefixes, text_at},
    story::{DELAY_TIMER_OVER, Failure, Outcome, Story},
};
use crate::lab::{
    Agent, LabError,
    metallb::{self, Filter},
    topologies::TwoGateways,
    wait,
};

/// What the filter lets in.
pub(super) const FILTER: [&str; 4] =
    ["10.100.0.0/16 le 24", "10.1.0.0/24", "2001:db8:100::/64", "2001:db8:1::/64"];

/// What is there of that, with so many gateways.
pub(super) fn filtered(gateways: usize) -> Prefixes {
    let own: &[&str] = if gateways == 2 { &["10.1.0.0/24", "2001:db8:1::/64"] } else { &[] };
    Prefixes::default().with(&["10.100.0.0/24", "10.100.1.0/24", "2001:db8:100::/64"], gateways).with(own, 1)
}

/// Routes that should stay are looked at for so long after a refusal.
const STAY: Duration = Duration::from_secs(3);

/// The agent starts with the base and an empty `ConfigMap`.
pub(super) fn agent(story: &mut Story) -> Outcome {
    metallb_way::restore(story)?;
    let agent = Agent::builder(story.node())
        .base(TwoGateways::BASE_PATH)
        .extras(TwoGateways::EXTRAS_PATH)
        .args(["--http", "127.0.0.1:7472", "--period", "1"]);
    story.screen.command(&format!(
        "routelet run --base {} --extras {} --period 1",
        TwoGateways::BASE_PATH,
        TwoGateways::EXTRAS_PATH
    ));
    let (status, took) = wait::timed(|| {
        story.agent = Some(agent.start()?);
        story.status("the base to be applied", is_applied)
    });
    show_config(story, &status?);
    story.screen.waiting("6 s, so that no timer of FRR's can do the agent's work in the next step");
    story.routes_stay(&Prefixes::default(), DELAY_TIMER_OVER)?;
    Ok(format!("the agent took over within {:.1} s; sessions up, nothing accepted", took.as_secs_f64()))
}

/// The extras appear.
pub(super) fn extras(story: &mut Story) -> Outcome {
    let before = story.established()?;
    let text = metallb::extras(&story.net.base.peers, Filter::Everything);
    story.screen.command("kubectl apply -f bgpextras.yaml   # here: the kubelet's swap of ..data");
    story.screen.evidence(&text);
    let (routes, took) = wait::timed(|| -> Result<_, LabError> {
        story.extras.set(&[("extras", &text)])?;
        story.routes(&metallb_way::everything())
    });
    let routes = routes?;
    story.show_routes(&routes);
    story.show_summary()?;
    let status = story.status("the extras to be applied", is_applied)?;
    show_config(story, &status);

    let after = story.sessions()?;
    let (counted, was) = (seen::connections(&after), seen::connections(&before));
    if counted != was {
        return Err(Failure::Unexpected(format!("sessions were reset: {was:?}, then {counted:?}")));
    }
    let counts: Vec<_> = counted.values().map(ToString::to_string).collect();
    let youngest = after.values().map(|session| session.up).min().unwrap_or_default();
    story.screen.evidence(&format!(
        "connections established/dropped: {}, as before; the youngest session is up for {} s",
        counts.join(" "),
        youngest.as_secs()
    ));
    Ok(format!(
        "{} from the swap to the last of {} routes in the kernel; no session was reset",
        story.screen.bold(&format!("{:.1} s", took.as_secs_f64())),
        routes.len()
    ))
}

/// The filter is edited.
pub(super) fn filter(story: &mut Story) -> Outcome {
    let text = filter_text(story);
    story.screen.evidence(&excerpt(&text));
    let (routes, took) = wait::timed(|| -> Result<_, LabError> {
        story.extras.set(&[("extras", &text)])?;
        story.routes(&filtered(2))
    });
    let routes = routes?;
    story.show_routes(&routes);
    Ok(format!("{:.1} s to the {} routes that the filter allows", took.as_secs_f64(), routes.len()))
}

/// A snippet with mistakes is refused.
pub(super) fn mistake(story: &mut Story) -> Outcome {
    let good = filter_text(story);
    // As an article has it, and as somebody tries who wants more.
    let text = good.replacen("match ip address", "match ipv4 address", 1) + "router bgp 64512\n";
    let (status, took) = wait::timed(|| -> Result<_, Failure> {
        story.extras.set(&[("extras", &text)])?;
        story.status("the refusal", |status| {
            source(status, "extras").is_some_and(|source| !is_accepted(source))
        })
    });
    let status = status?;
    story.screen.command("jq '.node.status.sources[] | {name, accepted, errors}' status.json");
    let extras = source(&status, "extras").cloned().unwrap_or_default();
    let errors = extras.get("errors").and_then(Value::as_array).cloned().unwrap_or_default();
    story.screen.evidence(&format!("extras: accepted {}", text_at(&extras, "/accepted")));
    for error in &errors {
        story.screen.evidence(&format!("extras:{}: {}", text_at(error, "/line"), text_at(error, "/message")));
    }
    let last_line = text.lines().count();
    let names_last =
        errors.iter().any(|error| error.get("line").and_then(Value::as_u64) == Some(last_line as u64));
    if errors.len() < 2 || !names_last {
        return Err(Failure::Unexpected(format!("line {last_line} is not among the errors: {extras}")));
    }
    story.routes_stay(&filtered(2), STAY)?;
    story.extras.set(&[("extras", &good)])?;
    story.status("the corrected extras", |status| source(status, "extras").is_some_and(is_accepted))?;
    Ok(format!(
        "refused after {:.1} s with every line named, all routes stayed; then corrected",
        took.as_secs_f64()
    ))
}

fn filter_text(story: &Story) -> String {
    metallb::extras(&story.net.base.peers, Filter::Prefixes(&FILTER))
}

/// Returns the prefix-lists and the first entry: the others are alike.
fn excerpt(text: &str) -> String {
    let lines: Vec<_> = text.lines().take(FILTER.len() + 2).collect();
    format!("{}\n…", lines.join("\n"))
}

fn is_applied(status: &Value) -> bool {
    let config = status.pointer("/node/status/config");
    let field = |name: &str| config.and_then(|config| config.get(name)?.as_str());
    field("generation").is_some() && field("generation") == field("appliedGeneration")
}

fn source<'a>(status: &'a Value, name: &str) -> Option<&'a Value> {
    let sources = status.pointer("/node/status/sources")?.as_array()?;
    sources.iter().find(|source| source.get("name").and_then(Value::as_str) == Some(name))
}

fn is_accepted(source: &Value) -> bool {
    source.get("accepted") == Some(&Value::Bool(true))
}

/// Shows what the agent says of the configuration in force.
fn show_config(story: &Story, status: &Value) {
    story.screen.command("jq .node.status.config status.json");
    story.screen.evidence(&text_at(status, "/node/status/config"));
}
