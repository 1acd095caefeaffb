//! The way to the API server of Kubernetes, as the loop sees it: it hands over and goes on.

use std::sync::Arc;

use routelet_status::{
    news::{self, News},
    publish::{Counted, Posted, Publisher, Settings},
    recall::Recall,
    report::Report,
};
use tokio::sync::{mpsc, watch};

use crate::metrics::Metrics;

/// News that may wait for the publisher: it takes them at once, unless it waits for an answer.
const NEWS_MAX: usize = 256;

/// What the loop says to Kubernetes, if it says anything.
#[derive(Debug)]
pub(crate) struct Kube {
    reports: watch::Sender<Option<Posted>>,
    news: mpsc::Sender<News>,
    recalled: mpsc::Receiver<Option<Report>>,
    is_recalled: bool,
    metrics: Arc<Metrics>,
}

// === impl Kube ===

impl Kube {
    /// Starts a publisher. `is_recalled`: the agent remembers what it said before it was started.
    pub(crate) fn start(settings: Settings, is_recalled: bool, metrics: &Arc<Metrics>) -> Self {
        let (reports, reports_receiver) = watch::channel(None);
        let (news, news_receiver) = mpsc::channel(NEWS_MAX);
        let (recalled_sender, recalled) = mpsc::channel(1);
        let counts = {
            let metrics = Arc::clone(metrics);
            move |counted| metrics.told_kubernetes(counted)
        };
        tokio::spawn(
            Publisher::new(settings, reports_receiver, news_receiver, recalled_sender, counts).run(),
        );
        Self { reports, news, recalled, is_recalled, metrics: Arc::clone(metrics) }
    }

    /// Hands over `report`, and what happened since `before`.
    pub(crate) fn publish(&self, before: Option<&Report>, report: &Arc<Report>) {
        for news in before.map(|before| news::between(before, report)).unwrap_or_default() {
            self.tell(news);
        }
        let posted = Posted { report: Arc::clone(report), is_recalled: self.is_recalled };
        self.reports.send_replace(Some(posted));
    }

    /// Hands over news.
    pub(crate) fn tell(&self, news: News) {
        if self.news.try_send(news).is_err() {
            self.metrics.told_kubernetes(Counted::EventLeftOut);
        }
    }

    /// Waits until it is known what Kubernetes had of this node when the agent was started.
    pub(crate) async fn recalled(&mut self) -> Option<Report> {
        match self.recalled.recv().await {
            Some(report) => report,
            None => std::future::pending().await,
        }
    }

    /// Takes that into account: `report` is the last one that was published.
    pub(crate) fn recall(&mut self, stored: Option<Report>, report: Option<&mut Report>) {
        if std::mem::replace(&mut self.is_recalled, true) {
            return;
        }
        let (Some(stored), Some(report)) = (stored, report) else { return };
        Recall::of(&stored).amend(report);
        // While bgpd does not answer, what it said before is all that is known of its sessions.
        if report.sessions.is_empty() {
            report.sessions = stored.sessions;
        }
    }
}
