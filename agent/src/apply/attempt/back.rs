//! The way back: FRR did not take a configuration, and shall run the last good one again.

use std::sync::Arc;

use frr_driver::{
    config::{Config, Rendered, load, render},
    plan::plan,
    reload::host_lines,
    verify::verify,
};

use super::{Attempt, Next, Phase, Step, is_taken};
use crate::{
    apply::outcome::{Failure, Left, LineError, Outcome},
    frr::Held,
    store::LastGood,
};

/// The source of the lines of the last good configuration.
const LAST_GOOD: &str = "last-good";

/// What FRR shall run again.
#[derive(Debug)]
pub(super) struct Back {
    generation: Option<String>,
    pub(super) config: Config,
}

// === impl Attempt ===

impl Attempt {
    /// Notes why FRR did not take the configuration, and goes back.
    pub(super) fn fail(&mut self, reason: String, lines: Vec<LineError>, is_content: bool) -> Next {
        self.failure = Some(Failure { lines, is_content, ..Failure::new(reason) });
        self.step(Phase::LoadingLastGood, Step::LoadLastGood)
    }

    /// The last good configuration, or where there never was one, what FRR ran before.
    pub(super) fn go_back(&mut self, last_good: Result<Option<LastGood>, String>) -> Next {
        let (generation, config) = match last_good {
            Ok(Some(last_good)) => {
                let config = load(LAST_GOOD, &last_good.text, self.version);
                (Some(last_good.generation), config)
            }
            Ok(None) => (None, self.before.as_ref().clone()),
            Err(reason) => return self.give_up(reason),
        };
        self.back = Some(Back { generation, config });
        if self.host.is_empty() { self.step(Phase::PrintingBack, Step::Print) } else { self.write_back() }
    }

    pub(super) fn printed_back(&mut self, print: &str) -> Next {
        self.host = host_lines(print);
        self.write_back()
    }

    fn write_back(&mut self) -> Next {
        let Some(back) = &self.back else { return self.give_up("nothing to go back to".to_owned()) };
        let file = Arc::new(render(&back.config, &self.host, self.version));
        self.is_written = true;
        self.go_back_legibly(file)
    }

    pub(super) fn reload_back(&mut self, file: Arc<Rendered>) -> Next {
        // What FRR refused just now would make it refuse the way back.
        if self.is_poisoned() {
            self.step(Phase::CuringBack(file), Step::Cure)
        } else {
            self.step(Phase::GoingBack, Step::Reload(file))
        }
    }

    pub(super) fn is_back(&mut self, held: &Held) -> Next {
        let Some(Back { generation, config }) = self.back.take() else {
            return self.give_up("nothing to go back to".to_owned());
        };
        let verdict = verify(&config, held.union(), held.bgpd(), self.version);
        let left = if is_taken(&verdict) && plan(&config, held.union(), self.version).is_empty() {
            Left::LastGood { generation }
        } else {
            let lines = verdict.missing.len() + verdict.missing_in_bgpd.len() + verdict.extra.len();
            let why = self.written.complaints.first().map_or_else(String::new, |why| format!(": {why}"));
            Left::Between { reason: format!("{lines} lines differ from the last good configuration{why}") }
        };
        let failure = self.failure.take().unwrap_or_else(|| Failure::new("asked to go back".to_owned()));
        let failure = Failure { left, digest: held.digest(), ..failure };
        Next::End(Outcome::Failed(Box::new(failure)))
    }
}
