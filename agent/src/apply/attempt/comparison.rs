//! What has to be done, as one reading of FRR says it.

use std::sync::Arc;

use frr_driver::{
    config::Config,
    numbers::keep_numbers,
    plan::{Plan, plan},
    quirks::FrrVersion,
    transaction::{NotATransaction, Transaction, transaction},
    verify::{Verdict, verify},
};

use crate::frr::Held;

/// What separates FRR from what is desired.
#[derive(Debug)]
pub(super) struct Comparison {
    /// The reading that was compared.
    held: Held,
    /// What FRR shall hold, with the numbers that it has already.
    pub(super) wanted: Config,
    /// What it holds.
    pub(super) before: Arc<Config>,
    pub(super) verdict: Verdict,
    /// What frr-reload has to do; `None` where it has nothing to do.
    pub(super) plan: Option<Plan>,
    /// The lines that make the change where nobody sees it halfway, or why there are none; `None` if they were not
    /// looked for.
    pub(super) change: Option<Result<Transaction, NotATransaction>>,
}

// === impl Comparison ===

impl Comparison {
    /// Compares `desired` with what is `held`; looks for a transaction if `is_auto`.
    pub(super) fn new(desired: &Config, held: &Held, version: FrrVersion, is_auto: bool) -> Self {
        let mut before = Arc::clone(held.union());
        let wanted = keep_numbers(desired, &before, version);
        let verdict = verdict(&wanted, held, version);
        if !verdict.extra.is_empty() {
            before = Arc::new(held.against(&wanted));
        }
        let change = (is_auto && !verdict.is_settled()).then(|| transaction(&wanted, &before, version));
        let change = change.filter(|change| !matches!(change, Ok(change) if change.plan.is_empty()));
        let is_for_reload = !verdict.is_settled() && !matches!(change, Some(Ok(_)));
        let plan = is_for_reload.then(|| plan(&wanted, &before, version));
        Self { held: held.clone(), wanted, before, verdict, plan, change }
    }

    /// The reading, if lines that change policies, and nothing else, make it what is wanted: FRR takes them whatever
    /// else was changed since.
    pub(super) fn held_for_policies(&self) -> Option<&Held> {
        let change = self.change.as_ref()?.as_ref().ok()?;
        let is_for = change.is_of_policies && change.is_plain() && !self.verdict.is_settled();
        is_for.then_some(&self.held)
    }

    /// Whether it was made of `held`.
    pub(super) fn is_of(&self, held: &Held) -> bool {
        self.held.is_same_as(held)
    }
}

/// Whether FRR holds what is `wanted`.
pub(super) fn verdict(wanted: &Config, held: &Held, version: FrrVersion) -> Verdict {
    Verdict { extra: held.stale(wanted), ..verify(wanted, held.union(), held.bgpd(), version) }
}
