//! Lines that are not UTF-8: FRR takes them from whoever types them, and frr-reload dies of them at every run (T15).
//!
//! Whoever reads FRR replaces such bytes by U+FFFD. What a line sets can mostly be said without them: a description is
//! replaced by the one that is desired, or taken away, whatever it says.

use crate::config::{Config, Node, Rendered, Tree, redact};

/// What stands for the bytes that could not be read.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// How running is made legible.
#[derive(Clone, Debug, Default)]
pub struct Mending {
    /// The lines for one `vtysh -f`; empty if there is nothing to mend.
    pub rendered: Rendered,
    /// Lines that cannot be named without the bytes that could not be read, secrets hidden: people have to mend them.
    pub left: Vec<String>,
}

// === impl Mending ===

impl Mending {
    /// Returns whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.rendered.reveal().is_empty()
    }

    fn block(&mut self, running: &Tree, desired: Option<&Tree>, blocks: &mut Vec<String>) {
        for (key, there) in running.iter() {
            let wanted = desired.and_then(|tree| tree.get(key));
            if is_illegible(there.statement.reveal()) {
                match legible(key, there, wanted) {
                    Some(line) => self.line(blocks, &line, wanted),
                    None => self.left.push(redact(there.statement.reveal())),
                }
            }
            // A block whose name cannot be said cannot be entered.
            if there.opens.is_none() || is_illegible(there.statement.reveal()) {
                continue;
            }
            blocks.push(there.statement.reveal().to_owned());
            self.block(&there.children, wanted.map(|wanted| &wanted.children), blocks);
            blocks.pop();
        }
    }

    /// Adds a line within its blocks, as they run.
    fn line(&mut self, blocks: &[String], line: &str, wanted: Option<&Node>) {
        for (depth, block) in blocks.iter().enumerate() {
            self.rendered.push(depth, block, None);
        }
        let origin = wanted.map(|wanted| wanted.statement.origin.clone());
        self.rendered.push(blocks.len(), line, origin);
        for (depth, block) in blocks.iter().enumerate().rev() {
            if block.starts_with("address-family ") {
                self.rendered.push(depth, "exit-address-family", None);
            }
        }
    }
}

/// Returns the lines that replace what of `running` is not UTF-8: by what is `desired`, or by nothing.
pub fn mend(desired: &Config, running: &Config) -> Mending {
    let mut mending = Mending::default();
    mending.block(&running.top, Some(&desired.top), &mut Vec::new());
    mending
}

fn is_illegible(text: &str) -> bool {
    text.contains(REPLACEMENT)
}

/// What is said instead of the line `there`: what is wanted, or `no` and what it sets.
fn legible(key: &str, there: &Node, wanted: Option<&Node>) -> Option<String> {
    if there.opens.is_some() {
        return None;
    }
    match wanted {
        Some(wanted) => Some(wanted.statement.reveal().to_owned()),
        None if is_illegible(key) || !there.statement.reveal().starts_with(key) => None,
        None => Some(format!("no {key}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::load, quirks::FrrVersion};

    const RUNNING: &str = "\
ip prefix-list P description caf\u{fffd}
route-map R permit 10
 description na\u{fffd}ve
 set metric 5
router bgp 1
 neighbor 10.0.0.1 remote-as 2
 neighbor 10.0.0.1 description caf\u{fffd} one
 neighbor 10.0.0.2 remote-as 2
 neighbor 10.0.0.2 description caf\u{fffd} two
";

    #[track_caller]
    fn check(desired: &str, running: &str, want: &str, left: &[&str]) {
        let version = FrrVersion(8, 4, 4);
        let mending = mend(&load("base", desired, version), &load("running", running, version));
        assert_eq!(
            (mending.rendered.reveal(), mending.left),
            (want, left.iter().map(|l| (*l).into()).collect())
        );
    }

    #[test]
    fn what_is_legible_is_left_alone() {
        let running = RUNNING.replace('\u{fffd}', "é");
        check("", &running, "", &[]);
    }

    #[test]
    fn what_is_desired_takes_the_place_and_what_is_not_goes() {
        let desired = "router bgp 1\n neighbor 10.0.0.1 remote-as 3\n neighbor 10.0.0.1 description one\n";
        let want = "\
no ip prefix-list P description
route-map R permit 10
 no description
router bgp 1
 neighbor 10.0.0.1 description one
router bgp 1
 no neighbor 10.0.0.2 description
";
        check(desired, RUNNING, want, &[]);
    }

    #[test]
    fn what_has_such_a_name_is_named() {
        let running = "route-map caf\u{fffd} permit 10\n description \u{fffd}\nbgp as-path access-list \u{fffd} permit 1\n";
        let left = ["bgp as-path access-list \u{fffd} seq 5 permit 1", "route-map caf\u{fffd} permit 10"];
        check("", running, "", &left);
    }

    #[test]
    fn a_password_is_not_shown() {
        let running =
            "router bgp 1\n neighbor 10.0.0.1 remote-as 2\n neighbor 10.0.0.1 password hush\u{fffd}\n";
        check("", running, "router bgp 1\n no neighbor 10.0.0.1 password\n", &[]);
        check("", "enable password hush\u{fffd}\n", "", &["enable password <hidden>"]);
    }
}
