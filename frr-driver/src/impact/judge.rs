//! From the difference of two configurations to the sessions that it touches.

mod global;

use std::{borrow::Cow, cell::OnceCell, collections::BTreeSet};

use ipnet::IpNet;

use super::{
    Cause, Direction, Effect, Impact, Life, Sign, Touch, Via,
    effects::{self, Change, Verdict, When, Whom},
    instance::{Instance, Target, instances},
    policies::{self, Changed, Kind, Line, Policy},
};
use crate::{
    config::{Config, Context, Node, Statement, Tree},
    diff::Difference,
    quirks::FrrVersion,
    session::AddressFamily,
};

/// Computes what the way from `running` to `desired` touches; `top` is what differs.
pub(crate) fn impact<'a>(
    desired: &'a Config,
    running: &'a Config,
    top: &[Difference<'a>],
    version: FrrVersion,
    via: Via,
) -> Impact {
    if top.is_empty() {
        return Impact::default();
    }
    let changed = policies::changed(desired, running, top);
    let instances = instances(desired, running);
    let mut judge =
        Judge { version, via, changed, anew: anew(desired, running, top), impact: Impact::default() };
    for instance in &instances {
        judge.come_and_go(instance);
        judge.instance(instance, top);
        judge.references(instance);
    }
    for difference in top {
        judge.global(difference, &instances);
    }
    for instance in &instances {
        judge.set_members_apart(instance);
    }
    judge.impact
}

struct Judge<'a> {
    version: FrrVersion,
    via: Via,
    changed: Changed<'a>,
    /// Route-maps of which FRR has nothing yet.
    anew: BTreeSet<&'a str>,
    impact: Impact,
}

/// Names the route-maps that are made anew.
fn anew<'a>(desired: &'a Config, running: &'a Config, top: &[Difference<'a>]) -> BTreeSet<&'a str> {
    let named = top.iter().filter(|difference| difference.before.is_none()).filter_map(Difference::node);
    let maps = named.filter_map(|node| Policy::of(&node.statement));
    let maps = maps.filter(|policy| policy.kind() == Kind::RouteMap).map(Policy::name);
    let has =
        |config: &Config, map: &str| config.top.with_prefix(&format!("route-map {map} ")).next().is_some();
    maps.filter(|map| has(desired, map) && !has(running, map)).collect()
}

/// Where a line stands.
struct Place<'a, 'b> {
    instance: &'b Instance<'a>,
    /// The headers of its blocks.
    blocks: &'b [&'a Statement],
    context: Context,
    /// The lines beside it, on both sides.
    siblings: [Option<&'a Tree>; 2],
    /// Whom the lines are about that name no neighbor, once somebody asked.
    everyone: OnceCell<Vec<Target<'a>>>,
}

// === impl Place ===

impl<'a, 'b> Place<'a, 'b> {
    fn new(
        instance: &'b Instance<'a>,
        blocks: &'b [&'a Statement],
        context: Context,
        siblings: [Option<&'a Tree>; 2],
    ) -> Self {
        Self { instance, blocks, context, siblings, everyone: OnceCell::new() }
    }

    fn family(&self) -> Option<AddressFamily> {
        match self.context {
            Context::Family(family) => Some(family),
            Context::Top
            | Context::Bgp
            | Context::RouteMap
            | Context::Interface
            | Context::Vrf
            | Context::Bfd
            | Context::BfdItem
            | Context::Opaque => None,
        }
    }

    /// Everyone whom a line without a neighbor is about.
    fn everyone(&self, verdict: &Verdict) -> Vec<Target<'a>> {
        // A statement that is not known may touch sessions without the family, too.
        let Some(family) = self.family().filter(|_| verdict.effect < Effect::Reset) else {
            let is_meant = |target: &Target<'a>| match verdict.whom {
                Whom::All => true,
                // Where the AS is not known, both count.
                Whom::Ibgp => self.instance.is_internal(*target).unwrap_or(true),
                Whom::Ebgp => !self.instance.is_internal(*target).unwrap_or(false),
            };
            return self.instance.everyone().into_iter().filter(is_meant).collect();
        };
        self.everyone.get_or_init(|| self.instance.everyone_in(family)).clone()
    }

    /// Returns whether a member of a peer-group has the line `key` of `name` itself, before and after.
    fn overrides(&self, key: &str, name: &str, member: &str) -> bool {
        let key = key.replacen(name, member, 1);
        self.siblings.iter().all(|tree| tree.is_some_and(|tree| tree.get(&key).is_some()))
    }
}

// === impl Judge ===

impl<'a> Judge<'a> {
    fn touch(&mut self, instance: &Instance<'_>, target: Target<'_>) -> &mut Touch {
        match target {
            Target::Session(name) => self.impact.sessions.entry(instance.session(name)).or_default(),
            Target::Dynamic(group) => {
                self.impact.groups.entry((instance.vrf.to_owned(), group.to_owned())).or_default()
            }
        }
    }

    fn record(
        &mut self,
        instance: &Instance<'_>,
        target: Target<'_>,
        families: Option<AddressFamily>,
        line: &Line,
        verdict: &Verdict,
        why: Cow<'static, str>,
    ) {
        if verdict.effect == Effect::Nothing {
            return;
        }
        let families = families.map_or_else(|| instance.families(target), |family| vec![family]);
        let cause = Cause {
            line: line.text.clone(),
            origin: line.origin.clone(),
            sign: line.sign,
            effect: verdict.effect,
            why,
            source: verdict.source,
        };
        self.touch(instance, target).record(&families, cause);
    }

    /// Sessions, peer-groups and listen ranges that come or go.
    fn come_and_go(&mut self, instance: &Instance<'a>) {
        let cause = |effect: Effect, line: &Statement, why: &'static str| {
            let sign = if effect == Effect::Added { Sign::Add } else { Sign::Remove };
            let blocks: Vec<&Statement> = match (sign, &instance.desired, &instance.running) {
                (Sign::Add, Some(side), _) | (Sign::Remove, _, Some(side)) => vec![&side.node.statement],
                (Sign::Add | Sign::Remove, _, _) => Vec::new(),
            };
            let Line { text, origin, sign } = Line::new(&blocks, line, sign);
            Cause { line: text, origin, sign, effect, why: why.into(), source: "" }
        };
        for (name, life, line) in instance.coming_and_going() {
            let effect = if life == Life::Added { Effect::Added } else { Effect::Removed };
            self.touch(instance, Target::Session(name)).record(&[], cause(effect, line, ""));
        }
        for (group, line) in instance.going_groups() {
            let cause = cause(Effect::Removed, line, "the peer-group goes");
            self.touch(instance, Target::Dynamic(group)).record(&[], cause);
        }
        for (range, line) in instance.going_ranges() {
            let again = cause(Effect::Recreated, line, "another listen range takes the neighbor again");
            let mut note = |range: &str, cause: Cause| {
                let key = (instance.vrf.to_owned(), range.to_owned());
                self.impact.ranges.entry(key).or_default().record(&[], cause);
            };
            if instance.desired_ranges().any(|other| is_within(range, other)) {
                note(range, again);
                continue;
            }
            note(range, cause(Effect::Removed, line, ""));
            instance
                .desired_ranges()
                .filter(|other| is_within(other, range))
                .for_each(|other| note(other, again.clone()));
        }
    }

    /// The lines of an instance that is there before and after.
    fn instance(&mut self, instance: &Instance<'a>, top: &[Difference<'a>]) {
        let (Some(running), Some(desired)) = (&instance.running, &instance.desired) else { return };
        let (before, after) = (running.node, desired.node);
        if before.statement.reveal() != after.statement.reveal() {
            let line = Line::new(&[], &after.statement, Sign::Add);
            let verdict = Verdict {
                whom: Whom::All,
                effect: Effect::Recreated,
                why: "one instance has one AS: frr-reload removes it all and adds it anew",
                source: "measured on 7.5.1, 8.4.4, 10.3 and 10.7.1",
            };
            for target in instance.everyone() {
                self.record(instance, target, None, &line, &verdict, verdict.why.into());
            }
            return;
        }
        let siblings = [Some(&before.children), Some(&after.children)];
        let blocks = [&after.statement];
        let place = Place::new(instance, &blocks, Context::Bgp, siblings);
        let is_this =
            |difference: &&Difference<'a>| difference.after.is_some_and(|node| std::ptr::eq(node, after));
        for difference in top.iter().find(is_this).into_iter().flat_map(|difference| &difference.lines) {
            match difference.node().and_then(|node| node.opens) {
                // A block of which nothing is known counts as a line of which nothing is known.
                None | Some(Context::Opaque) => self.line(&place, difference),
                Some(context) => self.block(instance, context, &after.statement, difference),
            }
        }
    }

    /// The lines of a block of an instance; blocks within it count as its lines.
    fn block(
        &mut self,
        instance: &Instance<'a>,
        context: Context,
        header: &'a Statement,
        difference: &Difference<'a>,
    ) {
        let Some(node) = difference.node() else { return };
        let siblings = [difference.before, difference.after].map(|node| node.map(|node| &node.children));
        let blocks = [header, &node.statement];
        let place = Place::new(instance, &blocks, context, siblings);
        for line in &difference.lines {
            self.line(&place, line);
        }
    }

    /// One line of an instance or of an address family in it.
    fn line(&mut self, place: &Place<'a, '_>, difference: &Difference<'a>) {
        let instance = place.instance;
        let Some(node) = difference.node() else { return };
        let words = node.statement.words();
        let words = words.strip_prefix(&["no"]).unwrap_or(&words);
        let name = match words {
            ["neighbor", name, ..] => Some(*name),
            _ => None,
        };
        // The same line of a member overrides that of its group, as long as it is there.
        let named =
            name.map(|name| instance.named(name, |member| place.overrides(difference.key, name, member)));
        if named.as_ref().is_some_and(Vec::is_empty) {
            return;
        }
        let family = place.family();
        let statement = |node: Option<&'a Node>| node.map(|node| &node.statement);
        let change = Change { before: statement(difference.before), after: statement(difference.after) };
        let verdicts = effects::verdicts(place.context, &change, self.version, self.via, |when| {
            holds(instance, when, name, family, &node.statement)
        });
        let Some(line) = Line::of(place.blocks, difference) else { return };
        for verdict in verdicts.iter().filter(|verdict| verdict.effect != Effect::Nothing) {
            let targets = match &named {
                Some(named) => named.clone(),
                None => place.everyone(verdict),
            };
            for target in targets {
                self.record(instance, target, family, &line, verdict, verdict.why.into());
            }
        }
    }

    /// Those who refer to a policy that changes.
    fn references(&mut self, instance: &Instance<'a>) {
        if self.changed.is_empty() {
            return;
        }
        let sides = [&instance.desired, &instance.running];
        for (side, other) in sides.into_iter().zip(sides.into_iter().rev()) {
            let Some(side) = side else { continue };
            let is_there = instance.running.as_ref().is_some_and(|it| std::ptr::eq(it.node, side.node));
            for (key, block) in side.node.children.with_prefix("address-family ") {
                let Some(context @ Context::Family(family)) = block.opens else { continue };
                let other = other.as_ref().and_then(|other| other.node.children.get(key));
                let siblings = [Some(&block.children), other.map(|other| &other.children)];
                let blocks = [&side.node.statement, &block.statement];
                let place = Place::new(instance, &blocks, context, siblings);
                for (key, node) in block.children.iter() {
                    self.reference(&place, family, key, &node.statement, is_there);
                }
            }
        }
    }

    fn reference(
        &mut self,
        place: &Place<'a, '_>,
        family: AddressFamily,
        key: &str,
        statement: &'a Statement,
        is_there: bool,
    ) {
        let Some(reference) = policies::reference(statement, family) else { return };
        let of_policy = |policy| self.changed.get(policy).into_iter().flatten().cloned();
        let lines: Vec<Line> = reference.policies.iter().flat_map(of_policy).collect();
        if lines.is_empty() {
            return;
        }
        let verdict = Verdict { whom: Whom::All, effect: reference.effect, why: "", source: "" };
        let targets = match statement.words().as_slice() {
            ["neighbor", name, ..] => place.instance.named(name, |member| place.overrides(key, name, member)),
            _ => place.everyone(&verdict),
        };
        let why = format!("{statement} refers to it");
        let late = Some(reference.effect).filter(|_| is_there && self.is_late(statement));
        for target in targets {
            match late {
                Some(Effect::PolicyIn) => {
                    self.touch(place.instance, target).late.insert((family, Direction::In));
                }
                Some(Effect::PolicyOut) => {
                    self.touch(place.instance, target).late.insert((family, Direction::Out));
                }
                _ => {}
            }
            for line in &lines {
                self.record(place.instance, target, Some(family), line, &verdict, why.clone().into());
            }
        }
    }

    /// Whether the map that a neighbor refers to is made anew. One that frr-reload takes away and adds again stays
    /// bound (measured on 7.5.1 without a delay timer: a soft clear runs it).
    fn is_late(&self, statement: &'a Statement) -> bool {
        let words = statement.words();
        let ["neighbor", _, "route-map", map, _] = words.as_slice() else { return false };
        self.anew.contains(map)
    }

    /// Gives the members of groups with dynamic neighbors an entry: what is said of the group is not about them.
    fn set_members_apart(&mut self, instance: &Instance<'a>) {
        for name in instance.members_beside_dynamic() {
            self.touch(instance, Target::Session(name));
        }
    }
}

/// Answers what the rows of the effects ask.
fn holds(
    instance: &Instance<'_>,
    when: When,
    name: Option<&str>,
    family: Option<AddressFamily>,
    statement: &Statement,
) -> bool {
    let says = |key: &str| instance.sides().any(|side| side.node.children.get(key).is_some());
    match when {
        When::Always => true,
        When::OnlyWord(_) => false,
        When::PeerGroup => name.is_some_and(|name| instance.is_group(name)),
        When::ActiveAlike => {
            let (Some(name), Some(family), Some(running)) = (name, family, &instance.running) else {
                return false;
            };
            running.is_active(name, family) != statement.reveal().starts_with("no ")
        }
        When::GracefulRestart => says("bgp graceful-restart"),
        When::Confederation => says("bgp confederation identifier"),
    }
}

/// Returns whether the prefix `inner` is a part of `outer`; what is no prefix is none.
fn is_within(inner: &str, outer: &str) -> bool {
    match (inner.parse::<IpNet>(), outer.parse::<IpNet>()) {
        (Ok(inner), Ok(outer)) => outer.contains(&inner),
        _ => false,
    }
}
