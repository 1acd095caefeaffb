//! The sources, read once, judged, merged, and what is wrong with them.

use std::io;

use frr_driver::{
    check::{Severity, check},
    config::{Config, Rendered, render},
    merge::{BASE, Warning, merge},
    quirks::FrrVersion,
};

use super::{
    diagnostic::{Diagnostic, Texts, count, of_finding, of_refusal, of_warning},
    paint::{Paint, print_error},
    source_args::SourceArgs,
};
use crate::{
    desired::{Judged, Memory, judge},
    source::{Policy, Reading, Sources, SpecError, read_all},
};

/// What the sources say, for one version of FRR.
pub(crate) struct Inputs {
    pub(crate) sources: Sources,
    pub(crate) judged: Judged,
    pub(crate) version: FrrVersion,
}

// === impl Inputs ===

impl Inputs {
    /// Reads the sources and judges them, as the agent does when it has never run before.
    pub(crate) fn read(args: &SourceArgs, version: FrrVersion) -> Result<Self, SpecError> {
        let sources = read_all(&args.specs()?);
        let judged = judge(&sources, &Memory::default(), version, args.allow_empty_base);
        Ok(Self { sources, judged, version })
    }

    /// Whether the agent would keep an older version of a source, or of all.
    pub(crate) fn is_refused(&self) -> bool {
        self.judged.states.iter().any(|state| !state.accepted)
    }

    /// Returns why sources are refused.
    pub(crate) fn refusals(&self) -> Vec<Diagnostic> {
        let texts = self.texts();
        self.judged.refusals.iter().map(|refusal| of_refusal(refusal, &texts)).collect()
    }

    /// Tells why sources are refused, if they are, and whether.
    pub(crate) fn tell_refusals(&self) -> io::Result<bool> {
        if !self.is_refused() {
            return Ok(false);
        }
        let refusals = self.refusals();
        let paint = Paint::on(&io::stderr());
        let text: String = refusals.iter().map(|refusal| refusal.render(paint) + "\n").collect();
        print_error(&format!("{text}{}\n", count(&refusals)))?;
        Ok(true)
    }

    /// Returns everything that is wrong with the sources, FRR's own parser apart, in the order of the sources.
    pub(crate) fn diagnostics(&self) -> Vec<Diagnostic> {
        let texts = self.texts();
        let mut diagnostics = self.refusals();
        diagnostics.extend(self.missing());
        let findings = self.config().map(|config| check(&config, self.version)).unwrap_or_default();
        // The merge names the blocks that FRR would throw away too.
        let is_found = |warning: &Warning| {
            let mut there = findings.iter().filter(|finding| finding.origin == warning.origin);
            there.any(|finding| warning.message.ends_with(&finding.reason))
        };
        let warnings = self.judged.desired.iter().flat_map(|desired| &desired.warnings);
        let warnings = warnings.filter(|warning| !is_found(warning));
        diagnostics.extend(warnings.map(|warning| of_warning(warning, &texts)));
        diagnostics.extend(findings.iter().map(|finding| of_finding(finding, &texts)));
        self.sort(&mut diagnostics);
        diagnostics
    }

    /// Sorts by source, then line; what two of us found is told once.
    pub(crate) fn sort(&self, diagnostics: &mut Vec<Diagnostic>) {
        let labels: Vec<&str> = self.files().map(|(_, label, _)| label).collect();
        let names: Vec<&str> = self.sources.readings.iter().map(|(spec, _)| spec.name.as_str()).collect();
        let rank = |label: &str| {
            let name = label.split('/').next().unwrap_or_default();
            let source = names.iter().position(|other| *other == name).unwrap_or(names.len());
            (source, labels.iter().position(|other| *other == label))
        };
        diagnostics.sort_by_cached_key(|diagnostic| {
            (rank(&diagnostic.source), diagnostic.line, diagnostic.severity, diagnostic.message.clone())
        });
        diagnostics.dedup_by(|a, b| (&a.source, a.line, &a.message) == (&b.source, b.line, &b.message));
    }

    /// What FRR would hold; with a refused base, what that would be without the refusal.
    pub(crate) fn config(&self) -> Option<Config> {
        if let Some(desired) = &self.judged.desired {
            return Some(desired.config.clone());
        }
        let (_, _, text) = self.files().find(|(policy, ..)| *policy == Policy::Base)?;
        Some(merge(text, &[], self.version).config)
    }

    /// The same as text for FRR, without the host's lines.
    pub(crate) fn rendered(&self) -> Option<Rendered> {
        self.config().map(|config| render(&config, &[], self.version))
    }

    /// The text of every file, by label.
    pub(crate) fn texts(&self) -> Texts<'_> {
        self.files().map(|(_, label, text)| (label, text)).collect()
    }

    fn files(&self) -> impl Iterator<Item = (Policy, &str, &str)> {
        self.sources.readings.iter().flat_map(|(spec, reading)| {
            let files = match reading {
                Reading::Present(files) => files.as_slice(),
                Reading::Missing | Reading::Unreadable(_) => &[],
            };
            files.iter().map(|file| (spec.policy, file.label.as_str(), file.text.as_str()))
        })
    }

    /// Contributions of which there is nothing: no error (a `ConfigMap` may be optional), but a mistyped path looks
    /// the same.
    fn missing(&self) -> Vec<Diagnostic> {
        let readings = self.sources.readings.iter();
        readings
            .filter(|(spec, reading)| spec.name != BASE && matches!(reading, Reading::Missing))
            .map(|(spec, _)| Diagnostic {
                severity: Severity::Warning,
                source: spec.name.clone(),
                line: None,
                text: None,
                at: None,
                message: format!("{} does not exist: nothing is contributed", spec.path.display()),
                fix: String::new(),
            })
            .collect()
    }
}
