//! A base and contributions, and what became of them.

use std::fmt;

use frr_driver::{
    config::{self, Config, load, union},
    merge::{BASE, Contribution, merge},
    plan::plan,
    policy::{self, Policy},
    quirks::FrrVersion,
    reload::running_config,
    verify::{stale, verify},
};

use super::{
    print::{Difference, Print},
    router::{Router, Seen, Way},
};

/// A base and its contributions, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) base: String,
    pub(crate) contributions: Vec<(Policy, String)>,
}

/// What became of a case.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// The law holds.
    Passed,
    /// FRR, or our policy, refuses what was generated: a mistake of the generator.
    Refused(Vec<String>),
    /// The law does not hold.
    Broken(Breach),
}

/// How the law is broken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Breach {
    /// Lines that FRR prints after one way and not after the other: of all daemons, of bgpd alone.
    pub(crate) printed: Vec<Difference>,
    /// What FRR says of the merged file, though it took the sources.
    pub(crate) refused: Vec<String>,
    /// What the plan still wants after the merged file was loaded, and what `verify` misses.
    pub(crate) planned: Vec<String>,
    /// Where what the daemons print one by one is not what vtysh prints of all.
    pub(crate) read: Vec<String>,
    /// What the merge warns of; nothing here is for it to warn of.
    pub(crate) warned: Vec<String>,
}

impl Breach {
    fn is_none(&self) -> bool {
        self.printed.is_empty()
            && self.refused.is_empty()
            && self.planned.is_empty()
            && self.read.is_empty()
            && self.warned.is_empty()
    }

    /// Which parts of the law are broken: two breaches of one kind may have one cause.
    pub(crate) fn kind(&self) -> [bool; 5] {
        let parts = [&self.refused, &self.planned, &self.read, &self.warned];
        let [refused, planned, read, warned] = parts.map(|part| !part.is_empty());
        [!self.printed.is_empty(), refused, planned, read, warned]
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.printed {
            let (sources, merged) = difference.times;
            writeln!(
                f,
                "  printed {sources} times after the sources, {merged} after the merge: {}",
                difference.printed
            )?;
        }
        for (what, lines) in [
            ("FRR refuses the merge", &self.refused),
            ("plan", &self.planned),
            ("read of each daemon", &self.read),
            ("warning", &self.warned),
        ] {
            lines.iter().try_for_each(|line| writeln!(f, "  {what}: {line}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- base\n{}", self.base.trim_end())?;
        for (policy, text) in &self.contributions {
            writeln!(f, "--- contribution, policy {policy:?}\n{}", text.trim_end())?;
        }
        Ok(())
    }
}

impl Case {
    /// The lines of all texts; 0 = the base.
    pub(crate) fn lines(&self) -> Vec<(usize, String)> {
        let texts = std::iter::once(&self.base).chain(self.contributions.iter().map(|(_, text)| text));
        texts
            .enumerate()
            .flat_map(|(number, text)| text.lines().map(move |line| (number, line.to_owned())))
            .collect()
    }

    /// The same texts with other lines.
    pub(crate) fn with_lines(&self, lines: &[(usize, String)]) -> Self {
        let text = |of: usize| {
            let own = lines.iter().filter(|(number, _)| *number == of);
            own.fold(String::new(), |text, (_, line)| text + line + "\n")
        };
        let policies = self.contributions.iter().map(|(policy, _)| *policy);
        Self {
            base: text(0),
            contributions: policies.zip(1..).map(|(policy, of)| (policy, text(of))).collect(),
        }
    }

    /// Tries the law on `router`.
    pub(crate) fn check(&self, router: &mut Router, version: FrrVersion, way: Way) -> Outcome {
        let base = load(BASE, &self.base, version);
        let names: Vec<String> =
            (1..=self.contributions.len()).map(|number| format!("contribution{number}")).collect();
        let mut rejected = Vec::new();
        for (name, (policy, text)) in names.iter().zip(&self.contributions) {
            rejected.extend(
                policy::check(name, text, *policy, &base)
                    .iter()
                    .map(|rejection| format!("{}: {rejection}", rejection.text)),
            );
        }
        if !rejected.is_empty() {
            return Outcome::Refused(rejected);
        }
        let contributions: Vec<Contribution<'_>> = names
            .iter()
            .zip(&self.contributions)
            .map(|(name, (policy, text))| Contribution { name, text, policy: *policy })
            .collect();
        let desired = merge(&self.base, &contributions, version);
        let rendered = config::render(&desired.config, &router.host, version);

        let texts: Vec<&str> = std::iter::once(&self.base)
            .chain(self.contributions.iter().map(|(_, text)| text))
            .map(String::as_str)
            .collect();
        let sources = router.load(&texts, way);
        if !sources.complaints.is_empty() {
            return Outcome::Refused(sources.complaints);
        }
        let merged = router.load(&[rendered.reveal()], way);
        let mut breach = compare(&sources, &merged);
        breach.warned = desired
            .warnings
            .iter()
            .map(|warning| format!("{}: {}", warning.origin, warning.message))
            .collect();
        let running = load("running", running_config(&merged.union), version);
        let bgpd = load("running", running_config(merged.bgpd()), version);
        breach.read = read_differently(&running, &merged, version);
        let left = plan(&desired.config, &running, version);
        breach.planned.extend(left.adds.iter().map(|line| format!("add {line}")));
        breach.planned.extend(left.removes.iter().map(|line| format!("remove {line}")));
        let verdict = verify(&desired.config, &running, &bgpd, version);
        breach.planned.extend(verdict.missing_in_bgpd.iter().map(|line| format!("missing in bgpd: {line}")));
        if breach.is_none() { Outcome::Passed } else { Outcome::Broken(breach) }
    }
}

fn compare(sources: &Seen, merged: &Seen) -> Breach {
    let mut printed = Print::read(&sources.union).differences(&Print::read(&merged.union));
    let known: Vec<_> = printed.iter().map(|difference| difference.printed.clone()).collect();
    let mut own = Print::read(sources.bgpd()).differences(&Print::read(merged.bgpd()));
    own.retain(|difference| !known.contains(&difference.printed));
    for difference in &mut own {
        difference.printed.blocks.insert(0, "bgpd alone".to_owned());
    }
    printed.append(&mut own);
    Breach { printed, refused: merged.complaints.clone(), ..Breach::default() }
}

/// What the daemons say one by one, put together, is what vtysh says of all of them.
fn read_differently(running: &Config, seen: &Seen, version: FrrVersion) -> Vec<String> {
    let part = |(name, text): &(String, String)| load(name, running_config(text), version);
    let parts: Vec<Config> = seen.daemons.iter().map(part).collect();
    let alone =
        parts.iter().flat_map(|part| stale(running, part, version)).map(|line| format!("alone {line}"));
    let differences = plan(running, &union(&parts), version);
    let gone = differences.adds.iter().map(|line| format!("without {line}"));
    let new = differences.removes.iter().map(|line| format!("with {line}"));
    gone.chain(new).chain(alone).collect()
}
