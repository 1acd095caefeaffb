//! `routelet validate`: would the agent and FRR take it?

use std::{collections::BTreeSet, fmt::Write as _, os::fd::AsRawFd, path::PathBuf, process::ExitCode};

use anyhow::bail;
use clap::{Args, ValueEnum};
use frr_driver::{
    check::Severity,
    config::Config,
    merge::{Generation, sessions},
    quirks::FrrVersion,
};
use nix::sys::memfd::{MFdFlags, memfd_create};
use serde::Serialize;

use super::{
    diagnostic::{Diagnostic, count, of_syntax_error, plural},
    frr_args::{FrrArgs, block_on},
    inputs::Inputs,
    output::OutputArgs,
    paint::{BOLD_RED, DIM, GREEN, Paint},
    source_args::SourceArgs,
};
use crate::frr::Frr;

#[cfg(test)]
mod tests;

/// The flags of `routelet validate`.
#[derive(Args, Debug)]
#[command(mut_arg("base", |arg| arg.required(true)), after_help = EXAMPLES)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    sources: SourceArgs,
    #[command(flatten)]
    frr: FrrArgs,
    /// Whether FRR's own parser is asked too
    #[arg(long = "frr", value_enum, default_value_t = Ask::Auto, value_name = "WHEN")]
    ask: Ask,
    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLES: &str = "\
Exit code: 0 = accepted (warnings do not count), 1 = refused, 2 = wrong usage.

Examples:
  routelet validate --base frr.conf --extras extras.conf
  routelet validate --base frr.conf --contribution site=site.d,policy=full --frr-version 8.4.4
  routelet validate --base frr.conf -o json | jq '.diagnostics[] | select(.severity == \"error\")'";

/// Whether FRR's parser is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ask {
    /// If FRR runs here, and is of the version that is meant
    Auto,
    /// Not at all
    Never,
    /// Yes; without it, nothing is accepted
    Always,
}

/// What was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    /// Whether the agent and FRR would take it.
    accepted: bool,
    /// The version whose words and defaults were looked at.
    frr_version: String,
    /// Why FRR's parser was not asked; `None` = it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    frr_not_asked: Option<String>,
    /// The digest of the merged configuration; `None` if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<Generation>,
    /// The sources, in the order in which they count.
    sources: Vec<String>,
    /// How many sessions the configuration states.
    sessions: usize,
    /// How many things the configuration states: instances, maps, lists, …, each once.
    objects: usize,
    /// Everything that is wrong, in the order of the sources and their lines.
    diagnostics: Vec<Diagnostic>,
}

// === impl ValidateArgs ===

impl ValidateArgs {
    /// Judges the sources and tells what is wrong.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let verdict = block_on(self.judge())??;
        self.output.show(&verdict, Verdict::render)?;
        Ok(if verdict.accepted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn judge(&self) -> anyhow::Result<Verdict> {
        let frr = self.frr.frr();
        let running = frr.version().await;
        let version = self.frr.version(&running);
        let inputs = Inputs::read(&self.sources, version)?;
        let mut diagnostics = inputs.diagnostics();
        let frr_not_asked = match self.why_not(&running, version) {
            Some(reason) if self.ask == Ask::Always => bail!("FRR's parser cannot be asked: {reason}"),
            Some(reason) => Some(reason),
            None => match asked(&frr, &inputs).await {
                Ok(mut refused) => {
                    diagnostics.append(&mut refused);
                    inputs.sort(&mut diagnostics);
                    None
                }
                Err(reason) if self.ask == Ask::Always => bail!("FRR's parser cannot be asked: {reason}"),
                Err(reason) => Some(reason),
            },
        };
        Ok(Verdict::new(&inputs, diagnostics, frr_not_asked))
    }

    /// Why FRR's parser is not asked.
    fn why_not(&self, running: &Result<FrrVersion, String>, version: FrrVersion) -> Option<String> {
        match (self.ask, running) {
            (Ask::Never, _) => Some("--frr never".to_owned()),
            (Ask::Auto, Err(_)) => Some("no FRR answers here".to_owned()),
            (Ask::Auto, Ok(running)) if !is_same_release(*running, version) => {
                Some(format!("FRR {running} runs here, and {version} is meant"))
            }
            (Ask::Auto, Ok(_)) | (Ask::Always, _) => None,
        }
    }
}

/// Whether two versions read the same words: they differ in the patch at most.
fn is_same_release(one: FrrVersion, other: FrrVersion) -> bool {
    (one.0, one.1) == (other.0, other.1)
}

/// Asks FRR's parser about what would be given to it.
async fn asked(frr: &Frr, inputs: &Inputs) -> Result<Vec<Diagnostic>, String> {
    let Some(rendered) = inputs.rendered() else { return Ok(Vec::new()) };
    // In memory: it holds passwords, and is gone with this process however that ends.
    let file =
        memfd_create(c"routelet-validate", MFdFlags::MFD_CLOEXEC).map_err(|errno| errno.to_string())?;
    let path = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
    std::fs::write(&path, rendered.reveal()).map_err(|error| error.to_string())?;
    let errors = frr.refused_lines(&path, &rendered).await?;
    let version = inputs.version.to_string();
    let texts = inputs.texts();
    Ok(errors.iter().map(|error| of_syntax_error(error, &version, &texts)).collect())
}

// === impl Verdict ===

impl Verdict {
    fn new(inputs: &Inputs, diagnostics: Vec<Diagnostic>, frr_not_asked: Option<String>) -> Self {
        let is_error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
        let desired = inputs.judged.desired.as_ref();
        Self {
            accepted: !inputs.is_refused() && !diagnostics.iter().any(is_error),
            frr_version: inputs.version.to_string(),
            frr_not_asked,
            generation: desired.map(|desired| desired.generation.clone()),
            sources: inputs.sources.readings.iter().map(|(spec, _)| spec.name.clone()).collect(),
            sessions: desired.map_or(0, |desired| sessions(&desired.config).len()),
            objects: desired.map_or(0, |desired| objects(&desired.config)),
            diagnostics,
        }
    }

    fn render(&self, paint: Paint) -> String {
        let mut text = String::new();
        for diagnostic in &self.diagnostics {
            text.push_str(&diagnostic.render(paint));
            text.push('\n');
        }
        let asked = self.frr_not_asked.as_ref().map_or_else(
            || format!("checked for FRR {}, by its own parser too", self.frr_version),
            |reason| format!("checked for FRR {}, without its own parser: {reason}", self.frr_version),
        );
        _ = writeln!(text, "{}", paint.paint(DIM, asked));
        let counted = count(&self.diagnostics);
        if !self.accepted {
            _ = writeln!(text, "{}", paint.paint(BOLD_RED, counted));
            return text;
        }
        let warnings = if counted.is_empty() { counted } else { format!("; {counted}") };
        _ = writeln!(
            text,
            "{}: {}: {}, {}, generation {}{warnings}",
            paint.paint(GREEN, "ok"),
            self.sources.join(", "),
            plural(self.sessions, "session"),
            plural(self.objects, "object"),
            self.generation.as_ref().map_or("-", Generation::as_str),
        );
        text
    }
}

/// How many things the top level has: the entries of one list or map are one thing.
fn objects(config: &Config) -> usize {
    let is_sequence = |word: &str| word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_digit());
    let name = |key: &str| match key.rsplit_once(' ') {
        Some((name, sequence)) if is_sequence(sequence) => name.to_owned(),
        _ => key.to_owned(),
    };
    config.top.iter().map(|(key, _)| name(key)).collect::<BTreeSet<_>>().len()
}
