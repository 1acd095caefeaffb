//! The last good configuration: on the disk before anything new is tried.

use std::sync::Arc;

use frr_driver::{config::Rendered, merge::Generation};
use tracing::{info, warn};

use super::{Action, Machine};

/// A configuration that FRR holds, and that is not on the disk yet.
#[derive(Debug)]
pub(super) struct Unkept {
    generation: Generation,
    rendered: Arc<Rendered>,
    /// Why it could not be stored, if that was tried.
    error: Option<String>,
}

// === impl Machine ===

impl Machine {
    /// FRR holds this configuration, and it is good: it is the one to go back to.
    pub(super) fn keep(
        &mut self,
        generation: Generation,
        rendered: Arc<Rendered>,
        actions: &mut Vec<Action>,
    ) {
        actions.push(Action::Keep { generation: generation.clone(), rendered: Arc::clone(&rendered) });
        self.unkept = Some(Unkept { generation, rendered, error: None });
    }

    /// What came of storing it.
    pub(super) fn kept(&mut self, generation: &Generation, error: Option<String>) {
        let Some(unkept) = &mut self.unkept else { return };
        if unkept.generation != *generation {
            return;
        }
        match error {
            None => {
                if unkept.error.is_some() {
                    info!(%generation, "last good configuration stored");
                }
                self.unkept = None;
            }
            Some(reason) => {
                if unkept.error.as_ref() != Some(&reason) {
                    warn!(%generation, reason, "last good configuration cannot be stored");
                }
                unkept.error = Some(reason);
            }
        }
    }

    /// Tries again what could not be stored.
    pub(super) fn keep_again(&self, actions: &mut Vec<Action>) {
        if let Some(Unkept { generation, rendered, error: Some(_) }) = &self.unkept {
            let (generation, rendered) = (generation.clone(), Arc::clone(rendered));
            actions.push(Action::Keep { generation, rendered });
        }
    }

    /// Why nothing new may be tried, if so.
    pub(super) fn is_unkept(&self) -> Option<String> {
        let unkept = self.unkept.as_ref()?;
        Some(match &unkept.error {
            Some(reason) => format!("the last good configuration cannot be stored: {reason}"),
            None => "the last good configuration is being stored".to_owned(),
        })
    }
}
