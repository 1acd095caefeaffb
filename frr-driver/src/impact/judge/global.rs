//! Lines outside the instances: the top level, interfaces, VRFs, BFD.

use ipnet::IpNet;

use super::{Difference, Instance, Judge, Line, Target};
use crate::{
    config::{Context, Node, Statement},
    impact::{
        Effect,
        effects::{self, Change},
        policies,
    },
    session::PeerId,
};

impl<'a> Judge<'a> {
    /// A line or block of the top level, outside the instances.
    pub(super) fn global(&mut self, difference: &Difference<'a>, instances: &[Instance<'a>]) {
        let Some(node) = difference.node() else { return };
        match node.opens {
            None if policies::is_policy(&node.statement) => {}
            None => self.apart(Context::Top, &[], difference, instances, |_, _| true),
            Some(Context::Bfd) => {
                for item in &difference.lines {
                    self.bfd_item(&node.statement, item, instances);
                }
            }
            Some(Context::Interface) => {
                let words = node.statement.words();
                let Some(interface) = words.get(1).copied() else { return };
                for line in &difference.lines {
                    let Some(statement) = line.before.or(line.after).map(|node| &node.statement) else {
                        continue;
                    };
                    let prefix = statement.words().get(2).and_then(|word| word.parse::<IpNet>().ok());
                    self.apart(Context::Interface, &[&node.statement], line, instances, |_, target| {
                        match PeerId::from(target.name()) {
                            PeerId::Interface(name) => name == interface,
                            PeerId::Address(address) => {
                                prefix.is_some_and(|prefix| prefix.contains(&address))
                            }
                        }
                    });
                }
            }
            Some(Context::Vrf) => {
                for line in &difference.lines {
                    let vrf = node.statement.words().get(1).copied().unwrap_or_default().to_owned();
                    self.apart(Context::Vrf, &[&node.statement], line, instances, |instance, _| {
                        instance.vrf == vrf
                    });
                }
            }
            Some(
                Context::Top
                | Context::Bgp
                | Context::Family(_)
                | Context::RouteMap
                | Context::BfdItem
                | Context::Opaque,
            ) => {}
        }
    }

    /// A profile, or a peer, of BFD.
    fn bfd_item(&mut self, bfd: &'a Statement, item: &Difference<'a>, instances: &[Instance<'a>]) {
        let Some(node) = item.node() else { return };
        let words = node.statement.words();
        for line in &item.lines {
            let blocks = [bfd, &node.statement];
            self.apart(Context::BfdItem, &blocks, line, instances, |instance, target| {
                match words.as_slice() {
                    ["profile", profile] => {
                        instance.sides().any(|side| side.uses_profile(target.name(), profile))
                    }
                    ["peer", address, ..] => {
                        target.name() == *address && instance.sides().any(|side| side.uses_bfd(target.name()))
                    }
                    _ => false,
                }
            });
        }
    }

    /// A line outside the instances, for those of all sessions that `is_about` names.
    fn apart(
        &mut self,
        context: Context,
        blocks: &[&Statement],
        difference: &Difference<'a>,
        instances: &[Instance<'a>],
        is_about: impl Fn(&Instance<'a>, Target<'a>) -> bool,
    ) {
        let statement = |node: Option<&'a Node>| node.map(|node| &node.statement);
        let change = Change { before: statement(difference.before), after: statement(difference.after) };
        let verdicts = effects::verdicts(context, &change, self.version, self.via, |_| false);
        let Some(line) = Line::of(blocks, difference) else { return };
        for verdict in verdicts.iter().filter(|verdict| verdict.effect != Effect::Nothing) {
            for instance in instances {
                for target in instance.everyone().into_iter().filter(|target| is_about(instance, *target)) {
                    self.record(instance, target, None, &line, verdict, verdict.why.into());
                }
            }
        }
    }
}
