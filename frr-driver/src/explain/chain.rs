//! The lines of one direction, in the order in which bgpd asks, and what they come to.

use super::{
    Chain, Outcome, Step, StepKind,
    attribute::{ATTRIBUTES, Attribute, Stage},
    ends::Ends,
    expand::{Expansion, Policies},
};
use crate::{
    check::{
        instance::{Instance, Said, Side},
        policies::is_policy,
        reference::of_family_line,
    },
    quirks::FrrVersion,
    session::AddressFamily,
};

/// The lists in the order in which bgpd asks them (`bgp_input_filter`, `bgp_output_filter` in `bgp_route.c`).
const LISTS: [&str; 3] = ["distribute-list", "prefix-list", "filter-list"];

/// Where routes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// A filter, and what it comes to.
struct Filter {
    /// As people name it: `prefix-list P`.
    name: String,
    ends: Ends,
    is_defined: bool,
}

/// Whose routes, and which.
pub(super) struct Place<'a, 'i> {
    pub(super) instance: &'i Instance<'a>,
    /// The neighbor, or the peer-group of a dynamic one.
    pub(super) name: &'i str,
    pub(super) family: AddressFamily,
    pub(super) way: Way,
    pub(super) version: FrrVersion,
}

struct Walk<'a, 'i> {
    place: Place<'a, 'i>,
    expansion: Expansion<'i>,
    steps: Vec<Step>,
    filters: Vec<Filter>,
}

/// Returns what decides on the routes of `place`.
pub(super) fn chain<'i>(place: Place<'_, 'i>, policies: &'i Policies<'i>) -> Chain {
    let expansion = Expansion::new(policies, place.family);
    Walk { place, expansion, steps: Vec::new(), filters: Vec::new() }.chain()
}

// === impl Way ===

impl Way {
    fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::In => "accepted",
            Self::Out => "announced",
        }
    }
}

// === impl Walk ===

impl<'a> Walk<'a, '_> {
    fn chain(mut self) -> Chain {
        self.attributes(Stage::First);
        let lacks_policy = self.lacks_policy();
        if lacks_policy {
            let text = "deny: no list and no route-map in this direction";
            self.steps.push(Step::implicit(text));
        }
        for list in LISTS {
            self.filter(list);
        }
        self.attributes(Stage::BeforeMap);
        self.filter("route-map");
        self.attributes(Stage::Last);
        let (outcome, reason) = self.outcome(lacks_policy);
        let verb = self.place.way.verb();
        let summary = match outcome {
            Outcome::Everything => format!("everything is {verb}: {reason}"),
            Outcome::Nothing => format!("nothing is {verb}: {reason}"),
            Outcome::Some => format!("a route is {verb} if {reason}"),
        };
        let beside = self.default_route().filter(|_| outcome != Outcome::Everything).unwrap_or_default();
        Chain { summary: format!("{summary}{beside}"), outcome, steps: self.steps }
    }

    /// How much gets through, and why.
    fn outcome(&self, lacks_policy: bool) -> (Outcome, String) {
        if !self.place.instance.is_active(self.place.name, self.place.family) {
            return (Outcome::Nothing, format!("{} is not active", self.place.family));
        }
        if self.place.instance.line(self.place.name, |words| words.first() == Some(&"shutdown")).is_some() {
            return (Outcome::Nothing, "the session is shut down".to_owned());
        }
        if lacks_policy {
            return (
                Outcome::Nothing,
                "eBGP without a policy, and bgp ebgp-requires-policy is on".to_owned(),
            );
        }
        if let Some(filter) = self.filters.iter().find(|filter| !filter.ends.permit) {
            let why = if filter.is_defined { "denies every route" } else { "is not defined" };
            return (Outcome::Nothing, format!("{} {why}", filter.name));
        }
        let ends = self.filters.iter().fold(Ends::PERMIT, |ends, filter| ends.and(filter.ends));
        let outcome = ends.outcome();
        let names: Vec<&str> = self
            .filters
            .iter()
            .filter(|filter| outcome == Outcome::Everything || filter.ends.deny)
            .map(|filter| filter.name.as_str())
            .collect();
        let permit = if names.len() == 1 { "permits" } else { "permit" };
        let names = names.join(" and then ");
        match outcome {
            Outcome::Everything if names.is_empty() => (outcome, "nothing filters".to_owned()),
            Outcome::Everything => (outcome, format!("{names} {permit} every route")),
            Outcome::Some | Outcome::Nothing => (outcome, format!("{names} {permit} it")),
        }
    }

    /// RFC 8212 (`bgp_inbound_policy_exists`, `bgp_outbound_policy_exists`).
    fn lacks_policy(&self) -> bool {
        let is_policy = |words: &[&str]| is_policy(words, self.place.way.word(), self.place.version);
        self.place.instance.requires_policy()
            && self.place.instance.side(self.place.name) == Side::External
            && self.place.instance.family_line(self.place.name, self.place.family, is_policy).is_none()
    }

    /// A default route that goes beside what the filters say.
    fn default_route(&self) -> Option<String> {
        if self.place.way == Way::In || !self.place.instance.is_active(self.place.name, self.place.family) {
            return None;
        }
        let is_line = |words: &[&str]| words.first() == Some(&"default-originate");
        let said = self.place.instance.family_line(self.place.name, self.place.family, is_line)?;
        Some(match said.statement.words().get(4) {
            None => "; and a default route, whatever that says".to_owned(),
            Some(map) => format!("; and a default route, if route-map {map} permits any route of the table"),
        })
    }

    fn filter(&mut self, kind: &str) {
        let way = self.place.way.word();
        let is_line = |words: &[&str]| matches!(words, [word, _, last] if *word == kind && *last == way);
        let Some(said) = self.place.instance.family_line(self.place.name, self.place.family, is_line) else {
            return;
        };
        let mut step = step(StepKind::Filter, said);
        for reference in of_family_line(&said.statement.words(), self.place.family) {
            let expanded = self.expansion.expand(reference);
            self.filters.push(Filter {
                name: format!("{kind} {}", reference.name),
                ends: expanded.ends,
                is_defined: expanded.is_defined,
            });
            step.note = expanded.note;
            step.steps = expanded.steps;
        }
        self.steps.push(step);
    }

    fn attributes(&mut self, stage: Stage) {
        let Place { way, version, .. } = self.place;
        let is_here =
            |row: &&Attribute| row.way == way && row.stage == stage && row.versions.contains(version);
        for attribute in ATTRIBUTES.iter().filter(is_here) {
            let (line, is_positive) = match attribute.line.strip_prefix("no ") {
                Some(line) => (line, false),
                None => (attribute.line, true),
            };
            let wanted: Vec<&str> = line.split(' ').collect();
            let is_line = |words: &[&str]| words.starts_with(&wanted);
            let Some(said) = self.said(is_positive, is_line) else { continue };
            let mut step = step(StepKind::Attribute, said);
            step.note = attribute.note(said.statement.words().get(2..).unwrap_or_default());
            for reference in of_family_line(&said.statement.words(), self.place.family) {
                let expanded = self.expansion.expand(reference);
                if !expanded.is_defined || expanded.steps.is_empty() {
                    step.note = format!("{}; {}", step.note, expanded.note);
                }
                step.steps.extend(expanded.steps);
            }
            self.steps.push(step);
        }
    }

    /// The line of the family that `wanted` picks, or of the session.
    fn said(&self, is_positive: bool, wanted: impl Fn(&[&str]) -> bool + Copy) -> Option<Said<'a>> {
        if is_positive {
            let in_family = self.place.instance.family_line(self.place.name, self.place.family, wanted);
            return in_family.or_else(|| self.place.instance.line(self.place.name, wanted));
        }
        // Behind `no neighbor` the name is one word further.
        self.place.instance.family_negation(self.place.name, self.place.family, wanted)
    }
}

fn step(kind: StepKind, said: Said<'_>) -> Step {
    Step { inherited_from: said.group.map(str::to_owned), ..Step::of(kind, said.statement) }
}
