//! `routelet status --kube`: what the agents of the whole cluster report.

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use frr_driver::session::PeerId;
use jiff::Timestamp;
use kube::core::DynamicObject;
use routelet_status::{
    cluster::{Cluster, Extent, View, table},
    crd::{BgpNode, BgpSession},
    node::BgpNodeStatus,
    report::{LABEL_NODE, LABEL_PEER, label_value},
    session::BgpSessionStatus,
    table::Width,
};
use tokio::{
    sync::mpsc::channel,
    time::{Instant, timeout_at},
};

use self::{
    error::ClusterError,
    follow::follow,
    object::Object,
    screen::{News, Screen},
    server::Server,
};
use super::{super::frr_args::block_on, Document, print};

mod error;
mod follow;
mod object;
mod screen;
mod server;
#[cfg(test)]
mod tests;

/// How often the table is drawn at most: a person does not read faster.
const DRAW_EVERY: Duration = Duration::from_millis(500);

/// How often it is drawn if nothing changes: times go on, and agents may fall silent.
const DRAW_AT_LEAST: Duration = Duration::from_secs(5);

/// How many changes may wait to be drawn; more wait in the API server.
const NEWS_MAX: usize = 1024;

/// Which cluster is shown, and what of it.
#[derive(Args, Clone, Debug)]
pub(super) struct KubeArgs {
    /// Show the whole cluster, as its API server knows it, instead of this node
    #[arg(long, overrides_with = "kube")]
    pub(super) kube: bool,
    /// Where the cluster is [default: KUBECONFIG, ~/.kube/config, or the pod's own account]
    #[arg(long, value_name = "FILE", requires = "kube")]
    kubeconfig: Option<PathBuf>,
    /// Which context of the kubeconfig
    #[arg(long, value_name = "NAME", requires = "kube")]
    context: Option<String>,
    /// Only this node; may be repeated
    #[arg(long = "node", value_name = "NODE", requires = "kube")]
    nodes: Vec<String>,
    /// Only sessions with this peer, and the nodes that have them; may be repeated
    #[arg(long = "peer", value_name = "PEER", requires = "kube")]
    peers: Vec<String>,
    /// Also all that is fine, however long the list is
    #[arg(short = 'A', long, requires = "kube")]
    all: bool,
}

// === impl KubeArgs ===

impl KubeArgs {
    /// Shows the objects as they are.
    pub(super) fn show_document(&self, document: Document) -> anyhow::Result<ExitCode> {
        print(&block_on(self.document(document))??, false)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Shows the table.
    pub(super) fn show_table(&self, width: Width) -> anyhow::Result<ExitCode> {
        let cluster = block_on(self.cluster())??;
        let cluster = if self.peers.is_empty() { cluster } else { cluster.of_sessions() };
        print(&table(&cluster, self.view(width), Timestamp::now()), false)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Shows the table again whenever it changes, until interrupted or nobody reads any more.
    pub(super) fn watch_table(&self, width: Width) -> anyhow::Result<ExitCode> {
        block_on(self.watch(self.view(width)))??;
        Ok(ExitCode::SUCCESS)
    }

    async fn watch(&self, view: View) -> anyhow::Result<()> {
        let server = self.server().await?;
        let (sender, mut news) = channel(NEWS_MAX);
        tokio::spawn(follow(server.clone(), self.node_labels(), News::Node, sender.clone()));
        tokio::spawn(follow(server, self.session_labels(), News::Session, sender));
        let (mut screen, mut shown) = (Screen::default(), None);
        let (mut drawn, mut is_new) = (Instant::now(), false);
        loop {
            let due = drawn + if is_new { DRAW_EVERY } else { DRAW_AT_LEAST };
            match timeout_at(due, news.recv()).await {
                Ok(Some(news)) => {
                    screen.take(news, Timestamp::now())?;
                    is_new = true;
                }
                Ok(None) => return Ok(()),
                Err(_) => {}
            }
            // Also where news never end.
            let is_first = shown.is_none();
            if Instant::now() < due && !(is_first && is_new) {
                continue;
            }
            let text = screen.text(view, !self.peers.is_empty(), Timestamp::now());
            if text.is_some() && text != shown {
                if !print(text.as_deref().unwrap_or_default(), true)? {
                    return Ok(());
                }
                shown = text;
            }
            (drawn, is_new) = (Instant::now(), false);
        }
    }

    async fn cluster(&self) -> Result<Cluster, ClusterError> {
        let server = self.server().await?;
        let (nodes, sessions) = (server.objects::<BgpNodeStatus>(), server.objects::<BgpSessionStatus>());
        let (node_labels, session_labels) = (self.node_labels(), self.session_labels());
        let (nodes, sessions) = tokio::try_join!(
            server.list(&nodes, node_labels.as_deref(), Object::named),
            server.list(&sessions, session_labels.as_deref(), Object::named),
        )?;
        Ok(Cluster {
            nodes: nodes.items.into_iter().collect(),
            sessions: sessions.items.into_iter().collect(),
        })
    }

    /// The objects as they are, nodes first.
    async fn document(&self, document: Document) -> anyhow::Result<String> {
        let server = self.server().await?;
        let (nodes, sessions) = (server.raw::<BgpNode>(), server.raw::<BgpSession>());
        // Each as text at once: as text an object is a tenth of what it is in memory.
        let keep = |mut object: DynamicObject| {
            // The field managers are as long as the rest.
            object.metadata.managed_fields = None;
            let node = object.metadata.labels.as_ref().and_then(|labels| labels.get(LABEL_NODE).cloned());
            (node, document.text(&object))
        };
        let sessions = server.list(&sessions, self.session_labels().as_deref(), keep).await?.items;
        let nodes = server.list(&nodes, self.node_labels().as_deref(), keep).await?.items;
        let with_sessions: BTreeSet<Option<String>> =
            sessions.iter().filter(|(node, _)| node.is_some()).map(|(node, _)| node.clone()).collect();
        let nodes =
            nodes.into_iter().filter(|(node, _)| self.peers.is_empty() || with_sessions.contains(node));
        let items: Vec<String> =
            nodes.chain(sessions).map(|(_, text)| text).collect::<anyhow::Result<_>>()?;
        Ok(document.list(&items))
    }

    async fn server(&self) -> Result<Server, ClusterError> {
        Server::find(self.kubeconfig.as_deref(), self.context.as_deref()).await
    }

    fn view(&self, width: Width) -> View {
        View { width, extent: if self.all { Extent::All } else { Extent::Screen } }
    }

    fn node_labels(&self) -> Option<String> {
        one_of(LABEL_NODE, self.nodes.iter().map(|node| label_value(node)))
    }

    fn session_labels(&self) -> Option<String> {
        // The agent names peers as FRR does, which is not always as people do.
        let peers = self.peers.iter().map(|peer| label_value(&PeerId::from(peer.as_str()).to_string()));
        let parts: Vec<String> = self.node_labels().into_iter().chain(one_of(LABEL_PEER, peers)).collect();
        (!parts.is_empty()).then(|| parts.join(","))
    }
}

/// A selector of the objects whose label is one of these; `None` = there are none, and all are meant.
fn one_of(label: &str, values: impl Iterator<Item = String>) -> Option<String> {
    let values: Vec<String> = values.collect();
    (!values.is_empty()).then(|| format!("{label} in ({})", values.join(",")))
}
