//! What is added outside of route-maps and lists.

use std::{collections::BTreeSet, net::IpAddr};

use super::NotATransaction;
use crate::{
    config::{Config, Context, Node, Origin, Rendered, Statement, Tree, render_for_vtysh},
    diff::Difference,
    impact::{Effect, Impact, Life, Touch, Via, impact},
    plan::PlanLine,
    quirks::FrrVersion,
    session::{PeerId, SessionId},
};

/// The lines that come, in their blocks.
pub(super) struct Additions {
    /// What comes first.
    first: Config,
    /// What lets sessions start, when all is said of them.
    then: Config,
    /// The lines by which routes of sessions that run are judged otherwise, each at its own instant.
    pub(super) seen: BTreeSet<String>,
}

// === impl Additions ===

impl Additions {
    /// Returns what `differences` add, if they do nothing else.
    pub(super) fn new<'a>(
        differences: &[Difference<'a>],
        desired: &'a Config,
        running: &'a Config,
        version: FrrVersion,
    ) -> Result<Self, NotATransaction> {
        let mut top = Tree::default();
        let mut seen = BTreeSet::new();
        for difference in differences {
            if let Some(node) = added(difference, &mut Vec::new())? {
                top.put_back(difference.key.to_owned(), node);
            }
            filters(difference, &mut seen);
        }
        let impact = impact(desired, running, differences, version, Via::Vtysh);
        let touches = impact.sessions.iter().map(|(session, touch)| (session.to_string(), touch));
        let of_groups = impact.groups.iter().map(|((_, group), touch)| (group.clone(), touch));
        let of_ranges = impact.ranges.iter().map(|((_, range), touch)| (range.clone(), touch));
        for (whose, touch) in touches.chain(of_groups).chain(of_ranges) {
            seen.extend(judged(whose, touch)?);
        }
        let (first, then) = hold_back(&top, desired, &impact);
        Ok(Self { first, then, seen })
    }

    pub(super) fn render(&self) -> Rendered {
        let mut rendered = render_for_vtysh(&self.first);
        rendered.append(render_for_vtysh(&self.then));
        rendered
    }
}

/// Returns what comes, in the headers of its blocks.
fn added(difference: &Difference<'_>, blocks: &mut Vec<String>) -> Result<Option<Node>, NotATransaction> {
    let line = |node: &Node| PlanLine {
        blocks: blocks.clone(),
        statement: node.statement.clone(),
        renumbered: node.renumbered,
    };
    let node = match (difference.before, difference.after) {
        (None, Some(new)) => new,
        (Some(_), Some(changed)) if difference.is_of_the_line() => {
            return Err(NotATransaction::Changes(line(changed)));
        }
        (Some(_), Some(block)) => block,
        (Some(gone), None) => return Err(NotATransaction::Removes(line(gone))),
        (None, None) => return Ok(None),
    };
    if has_opaque(node) && (difference.before.is_none() || node.opens == Some(Context::Opaque)) {
        return Err(NotATransaction::Unknown(line(node)));
    }
    if difference.before.is_none() {
        return Ok(Some(node.clone()));
    }
    let mut lines = Tree::default();
    blocks.push(node.statement.to_string());
    for inner in &difference.lines {
        if let Some(inner_node) = added(inner, blocks)? {
            lines.put_back(inner.key.to_owned(), inner_node);
        }
    }
    blocks.pop();
    Ok(Some(node.with(lines)))
}

/// Returns whether the words of the block, or of a block in it, are not known.
fn has_opaque(node: &Node) -> bool {
    node.opens == Some(Context::Opaque) || node.children.iter().any(|(_, inner)| has_opaque(inner))
}

/// Adds the lines that decide on routes, and are no matter of single sessions.
fn filters(difference: &Difference<'_>, seen: &mut BTreeSet<String>) {
    let Some(node) = difference.after else { return };
    // An instance that is new has no routes yet.
    if difference.before.is_none() && node.opens == Some(Context::Bgp) {
        return;
    }
    if let ["aggregate-address" | "table-map", ..]
    | ["ip" | "ipv6", "protocol", ..]
    | ["bgp", "community", "alias", ..]
    | ["mac", "access-list", ..] = node.statement.words().as_slice()
    {
        seen.insert(node.statement.to_string());
    }
    for line in &difference.lines {
        filters(line, seen);
    }
}

/// Returns the lines by which routes of the session are judged otherwise, if that is all that happens to it.
fn judged(whose: String, touch: &Touch) -> Result<Vec<String>, NotATransaction> {
    if touch.life == Life::Added {
        return Ok(Vec::new());
    }
    let mut lines = Vec::new();
    for cause in &touch.causes {
        match cause.effect {
            Effect::Nothing | Effect::Announces => {}
            Effect::SentAgain
            | Effect::ReadAgain
            | Effect::BothAgain
            | Effect::PolicyOut
            | Effect::PolicyIn => {
                lines.push(cause.line.to_string());
            }
            Effect::Pending | Effect::Added | Effect::Removed | Effect::Reset | Effect::Recreated => {
                return Err(NotATransaction::Touches { whose, cause: cause.clone() });
            }
        }
    }
    Ok(lines)
}

/// Takes the lines apart that let sessions start, so that no route comes before the filters are there: listen ranges
/// come last, and a new neighbor is shut down until then.
fn hold_back(top: &Tree, desired: &Config, impact: &Impact) -> (Config, Config) {
    let (mut first, mut then) = (Config::default(), Config::default());
    for (key, node) in top.iter() {
        let Some(vrf) = key.strip_prefix("router bgp vrf ") else {
            first.top.put_back(key.to_owned(), node.clone());
            continue;
        };
        let (mut lines, mut last) = (Tree::default(), Tree::default());
        for (key, line) in node.children.iter() {
            let tree = if key.starts_with("bgp listen range ") { &mut last } else { &mut lines };
            tree.put_back(key.to_owned(), line.clone());
        }
        let whole = desired.top.get(key).map(|instance| &instance.children);
        for (name, origin) in whole.into_iter().flat_map(|whole| starting(vrf, &node.children, whole, impact))
        {
            let line = format!("neighbor {name} shutdown");
            for (tree, text) in [(&mut lines, line.clone()), (&mut last, format!("no {line}"))] {
                tree.put_back(text.clone(), Node::line(Statement::new(text, origin.clone())));
            }
        }
        if !lines.is_empty() || last.is_empty() {
            first.top.put_back(key.to_owned(), node.with(lines));
        }
        if !last.is_empty() {
            then.top.put_back(key.to_owned(), node.with(last));
        }
    }
    (first, then)
}

/// Returns the new neighbors of an instance that nothing keeps shut down, with the place of the line that makes them.
fn starting<'a>(
    vrf: &str,
    lines: &'a Tree,
    whole: &Tree,
    impact: &Impact,
) -> BTreeSet<(&'a str, &'a Origin)> {
    if whole.with_prefix("bgp shutdown").next().is_some() {
        return BTreeSet::new();
    }
    let is_shut = |name: &str| whole.get(&format!("neighbor {name} shutdown")).is_some();
    let mut starting = BTreeSet::new();
    for (_, line) in lines.with_prefix("neighbor ") {
        let (name, group) = match line.statement.words().as_slice() {
            ["neighbor", name, "interface", rest @ ..] => {
                let group = rest.windows(2).find(|pair| pair.first() == Some(&"peer-group"));
                (*name, group.and_then(|pair| pair.get(1).copied()))
            }
            ["neighbor", name, "remote-as", _] if name.parse::<IpAddr>().is_ok() => (*name, None),
            ["neighbor", name, "peer-group", group] => (*name, Some(*group)),
            _ => continue,
        };
        let session = SessionId { vrf: vrf.to_owned(), peer: PeerId::from(name) };
        let is_new = impact.sessions.get(&session).is_some_and(|touch| touch.life == Life::Added);
        if is_new && !is_shut(name) && !group.is_some_and(is_shut) {
            starting.insert((name, &line.statement.origin));
        }
    }
    starting
}
