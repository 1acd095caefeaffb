//! What several daemons hold together.

use super::{Config, Node, Tree};

/// Returns what the daemons hold that print `parts`: each object once; what two of them hold otherwise is as the later
/// one has it.
///
/// Loading the prints one after the other gives the same, as each of them says everything that its daemon holds of an
/// object: only that here each is loaded for itself.
pub fn union<'a>(parts: impl IntoIterator<Item = &'a Config>) -> Config {
    let mut union = Config::default();
    for part in parts {
        union.top.lay_over(&part.top);
        union.lost.extend_from_slice(&part.lost);
    }
    union
}

// === impl Tree ===

impl Tree {
    /// Adds the lines of `other`, behind what is there; of those that are there, the text is taken.
    fn lay_over(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        let behind = self.made;
        self.made = behind.saturating_add(other.made);
        if other.is_empty() {
            return;
        }
        let nodes = self.nodes_mut();
        for (key, node) in other.nodes() {
            if let Some(there) = nodes.get_mut(key) {
                there.statement.clone_from(&node.statement);
                there.opens = node.opens.or(there.opens);
                there.children.lay_over(&node.children);
            } else {
                let position = node.position.saturating_add(behind);
                nodes.insert(key.clone(), Node { position, ..node.clone() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Loader, load, render},
        quirks::FrrVersion,
    };

    const VERSION: FrrVersion = FrrVersion(10, 7, 1);

    /// Zebra knows clauses that bgpd does not, and the other way round.
    const ZEBRA: &str = "\
ip prefix-list A seq 5 permit 10.0.0.0/8
route-map M permit 10
 match ip address prefix-list A
 set src 10.0.0.1
exit
ip protocol bgp route-map M
vrf red
 vni 5
exit-vrf
";
    const BGPD: &str = "\
ip prefix-list A seq 5 permit 10.0.0.0/8
ip prefix-list A seq 10 permit 11.0.0.0/8
route-map M deny 10
 match ip address prefix-list A
 set metric 5
exit
route-map N permit 5
exit
router bgp 1
 neighbor 10.0.0.1 remote-as 2
exit
";

    #[track_caller]
    fn check(texts: &[&str]) {
        let mut loader = Loader::new(VERSION);
        for text in texts {
            loader.load("running", text);
        }
        let want = loader.finish();
        let parts: Vec<Config> = texts.iter().map(|text| load("running", text, VERSION)).collect();
        let got = union(&parts);
        let text = |config| render(config, &[], VERSION).reveal().to_owned();
        assert_eq!(text(&got), text(&want));
        assert_eq!(got.lost, want.lost);
    }

    #[test]
    fn it_is_what_loading_one_after_the_other_gives() {
        check(&[]);
        check(&[ZEBRA]);
        check(&[ZEBRA, BGPD]);
        check(&[BGPD, ZEBRA]);
        check(&[ZEBRA, BGPD, ZEBRA]);
    }
}
