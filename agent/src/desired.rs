//! From what is mounted to what FRR shall hold: which version of each source counts, and why another does not.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use frr_driver::{
    config::{Config, Origin, load},
    merge::{BASE, Contribution, Desired, Generation, Warning, merge},
    policy::{self, Rejection, check_ranges},
    quirks::FrrVersion,
};
use routelet_status::snapshot::{SourceError, SourcePolicy, SourceState};

use crate::source::{Digest, Policy, ReadError, Reading, SourceFile, Sources};

/// How many reasons a person is told who asked: one screen.
const REASONS_TOLD_MAX: usize = 16;

/// One version of a source: its files by label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// Of all files together.
    pub(crate) digest: Digest,
    /// Label and text of each file.
    pub(crate) files: Vec<(String, Secret)>,
}

/// Text that may hold passwords: its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) Arc<str>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// What the agent remembers of the sources between two readings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// The version of each source that FRR took last.
    pub(crate) accepted: BTreeMap<String, Accepted>,
    /// Versions that FRR's parser refused, with what it said.
    pub(crate) refused_by_frr: BTreeMap<String, (Digest, Vec<SourceError>)>,
    /// The generation that the agent before this one saw in force last.
    pub(crate) last_good: Option<Generation>,
}

/// A version that FRR took.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    /// What it says.
    pub(crate) version: Version,
    /// When FRR took it.
    pub(crate) at: jiff::Timestamp,
}

/// The sources, judged.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    /// What FRR shall hold; `None` while there is no base, now or from before.
    pub(crate) desired: Option<Arc<Desired>>,
    /// The version of each source that went into it.
    pub(crate) used: BTreeMap<String, Version>,
    /// The sources with their errors, for the status.
    pub(crate) states: Vec<SourceState>,
    /// Every reason why a mounted version is refused, with its place.
    pub(crate) refusals: Vec<Refusal>,
    /// Why there is nothing desired; empty if there is.
    pub(crate) waits_for: String,
}

/// Why a source, or a line of it, is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The label of the file, and the line.
    pub(crate) origin: Origin,
    /// The line, secrets hidden; empty where it cannot be shown, or none is meant.
    pub(crate) text: String,
    /// Which characters of the text are at fault, from 0; empty = the whole line.
    pub(crate) at: Range<usize>,
    /// Why.
    pub(crate) reason: String,
    /// What to write instead; empty where nothing would do.
    pub(crate) fix: String,
}

/// The base by which contributions are judged.
struct Base<'a> {
    text: &'a str,
    config: Config,
}

/// Judges `sources`, and merges those versions that count: the mounted one where it is accepted, else the last
/// accepted one.
pub(crate) fn judge(
    sources: &Sources,
    memory: &Memory,
    version: FrrVersion,
    allow_empty_base: bool,
) -> Judged {
    let mut judged = Judged {
        desired: None,
        used: BTreeMap::new(),
        states: Vec::new(),
        refusals: Vec::new(),
        waits_for: String::new(),
    };
    let base = base_text(sources, memory, allow_empty_base);
    let base = base.as_ref().map_or("", first_text);
    let base = Base { text: base, config: load(BASE, base, version) };
    for (spec, reading) in &sources.readings {
        let name = spec.name.as_str();
        let mounted = version_of(reading);
        let refusals = match reading {
            Reading::Missing if spec.policy == Policy::Base => {
                vec![Refusal::whole(name, format!("{} does not exist", spec.path.display()))]
            }
            Reading::Missing => Vec::new(),
            Reading::Unreadable(errors) => errors.iter().flat_map(|error| read_errors(name, error)).collect(),
            Reading::Present(files) => judge_files(spec.policy, files, &base, version, allow_empty_base),
        };
        let mut errors = refused_by_frr(name, mounted.as_ref(), memory)
            .unwrap_or_else(|| refusals.iter().map(|refusal| refusal.as_source_error(name)).collect());
        if let (Reading::Missing, [missing]) = (reading, errors.as_mut_slice()) {
            missing.message.push_str(": waiting for it");
        }
        judged.refusals.extend(refusals);
        let counts =
            if errors.is_empty() { mounted } else { memory.accepted.get(name).map(|a| a.version.clone()) };
        let accepted =
            memory.accepted.get(name).filter(|accepted| Some(&accepted.version) == counts.as_ref());
        judged.states.push(SourceState {
            name: name.to_owned(),
            policy: source_policy(spec.policy),
            digest: counts.as_ref().map(|version| version.digest.short()),
            accepted_at: accepted.map(|accepted| accepted.at),
            accepted: errors.is_empty(),
            errors,
        });
        if let Some(version) = counts {
            judged.used.insert(name.to_owned(), version);
        }
    }
    merge_used(sources, version, &mut judged);
    judged
}

/// The base that counts while the contributions are judged.
fn base_text(sources: &Sources, memory: &Memory, allow_empty_base: bool) -> Option<Version> {
    let (spec, reading) = sources.readings.iter().find(|(spec, _)| spec.policy == Policy::Base)?;
    let mounted = version_of(reading).filter(|version| {
        let is_refused =
            memory.refused_by_frr.get(&spec.name).is_some_and(|(digest, _)| *digest == version.digest);
        !is_refused && (allow_empty_base || !says_nothing(first_text(version)))
    });
    mounted.or_else(|| memory.accepted.get(&spec.name).map(|accepted| accepted.version.clone()))
}

/// What FRR's parser said of this very version, if it refused it.
fn refused_by_frr(name: &str, mounted: Option<&Version>, memory: &Memory) -> Option<Vec<SourceError>> {
    let (digest, errors) = memory.refused_by_frr.get(name)?;
    mounted.is_some_and(|mounted| mounted.digest == *digest).then(|| errors.clone())
}

fn judge_files(
    policy: Policy,
    files: &[SourceFile],
    base: &Base<'_>,
    version: FrrVersion,
    allow_empty_base: bool,
) -> Vec<Refusal> {
    let rejections = |file: &SourceFile| match policy {
        Policy::Base if file.text == base.text => check_ranges(&base.config),
        Policy::Base => check_ranges(&load(BASE, &file.text, version)),
        Policy::Extras => policy::check(&file.label, &file.text, policy::Policy::Extras, &base.config),
        Policy::Full => policy::check(&file.label, &file.text, policy::Policy::Full, &base.config),
    };
    let mut refusals: Vec<Refusal> = files
        .iter()
        .flat_map(rejections)
        .map(|Rejection { origin, text, at, reason, fix }| Refusal { origin, text, at, reason, fix })
        .collect();
    if policy == Policy::Base && !allow_empty_base && files.iter().all(|file| says_nothing(&file.text)) {
        let reason =
            "the file says nothing, and would wipe FRR's configuration; --allow-empty-base if that is meant";
        refusals.push(Refusal::whole(BASE, reason.to_owned()));
    }
    refusals
}

fn merge_used(sources: &Sources, version: FrrVersion, judged: &mut Judged) {
    let Some(base) = judged.used.get(BASE).cloned() else {
        judged.waits_for = judged
            .states
            .iter()
            .find(|state| state.policy == SourcePolicy::Base)
            .and_then(|state| state.errors.first())
            .map_or_else(|| "no base is configured".to_owned(), |error| format!("{BASE}: {}", error.message));
        return;
    };
    let contributions: Vec<(policy::Policy, &(String, Secret))> = sources
        .readings
        .iter()
        .filter_map(|(spec, _)| {
            let policy = match spec.policy {
                Policy::Base => return None,
                Policy::Extras => policy::Policy::Extras,
                Policy::Full => policy::Policy::Full,
            };
            Some((policy, judged.used.get(&spec.name)?))
        })
        .flat_map(|(policy, version)| version.files.iter().map(move |file| (policy, file)))
        .collect();
    let contributions: Vec<Contribution<'_>> = contributions
        .iter()
        .map(|(policy, (label, text))| Contribution { name: label, text: &text.0, policy: *policy })
        .collect();
    judged.desired = Some(Arc::new(merge(first_text(&base), &contributions, version)));
}

/// Returns the warnings of a merge as `source:line: message`.
pub(crate) fn warnings(desired: &Desired) -> Vec<String> {
    desired.warnings.iter().map(|Warning { origin, message }| format!("{origin}: {message}")).collect()
}

fn says_nothing(text: &str) -> bool {
    frr_driver::config::lex(&Arc::from(BASE), text).is_empty()
}

fn first_text(version: &Version) -> &str {
    version.files.first().map_or("", |(_, text)| &text.0)
}

fn version_of(reading: &Reading) -> Option<Version> {
    let Reading::Present(files) = reading else { return None };
    let mut bytes = Vec::new();
    for file in files {
        bytes.extend_from_slice(file.label.as_bytes());
        bytes.extend_from_slice(file.digest.as_bytes());
    }
    let digest = match files.as_slice() {
        [file] => file.digest,
        _ => Digest::of(&bytes),
    };
    let text = |file: &SourceFile| (file.label.clone(), Secret(Arc::from(file.text.as_str())));
    Some(Version { digest, files: files.iter().map(text).collect() })
}

fn source_policy(policy: Policy) -> SourcePolicy {
    match policy {
        Policy::Base => SourcePolicy::Base,
        Policy::Extras => SourcePolicy::Extras,
        Policy::Full => SourcePolicy::Full,
    }
}

/// An unreadable file, one refusal per line where lines are known.
fn read_errors(name: &str, error: &ReadError) -> Vec<Refusal> {
    let (ReadError::NotUtf8 { label, path, lines } | ReadError::NulByte { label, path, lines }) = error
    else {
        return vec![Refusal::whole(name, with_causes(error))];
    };
    let what = if matches!(error, ReadError::NotUtf8 { .. }) { "is not UTF-8" } else { "has a NUL byte" };
    let refusal = |line: &usize| Refusal {
        origin: Origin { source: Arc::from(label.as_str()), line: u32::try_from(*line).unwrap_or(u32::MAX) },
        text: String::new(),
        at: 0..0,
        reason: format!("{} {what}", path.display()),
        fix: String::new(),
    };
    lines.numbers.iter().map(refusal).collect()
}

/// An error with its causes, on one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

// === impl Judged ===

impl Judged {
    /// Returns why mounted versions do not count, the first reasons, each as `source:line: reason`.
    pub(crate) fn refused_lines(&self) -> Vec<String> {
        let errors =
            self.states.iter().flat_map(|state| state.errors.iter().map(|error| (&state.name, error)));
        errors
            .take(REASONS_TOLD_MAX)
            .map(|(name, SourceError { line, message })| match line {
                Some(line) => format!("{name}:{line}: {message}"),
                None => format!("{name}: {message}"),
            })
            .collect()
    }
}

// === impl Refusal ===

impl Refusal {
    /// Returns the refusal of a whole source.
    fn whole(name: &str, reason: String) -> Self {
        let origin = Origin { source: Arc::from(name), line: 0 };
        Self { origin, text: String::new(), at: 0..0, reason, fix: String::new() }
    }

    /// Returns what the status of the source `name` says of it.
    fn as_source_error(&self, name: &str) -> SourceError {
        let Self { origin, text, reason, fix, .. } = self;
        let line = usize::try_from(origin.line).ok().filter(|line| *line > 0);
        if text.is_empty() {
            return SourceError { line, message: reason.clone() };
        }
        let place = if &*origin.source == name { String::new() } else { format!("{origin}: ") };
        let fix = if fix.is_empty() { String::new() } else { format!("; {fix}") };
        SourceError { line, message: format!("{place}{reason}{fix}: `{text}`") }
    }
}

#[cfg(test)]
mod tests;
