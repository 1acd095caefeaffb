//! `routelet run`: the agent.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use clap::{
    Args, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser as _},
};
use frr_driver::merge::Generation;
use jiff::Timestamp;
use routelet_status::{recall::Recall, report::Report};
use tokio::sync::watch;
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;

use super::{kube_args::KubeArgs, limit_args::LimitArgs, source_args::SourceArgs};
use crate::{
    control,
    desired::{Accepted, Memory, Secret, Version, with_causes},
    frr::{Frr, RUNDIR},
    http::{self, Published},
    kube::Kube,
    metrics::Metrics,
    persist::Persist,
    reconcile::Machine,
    runner::Runner,
    source::{Digest, Policy, SourceSpec, watch},
    store::{Doubts, Store},
};

/// The names of the hosts' state directory and server, as the other commands expect them.
const STATE_DIR: &str = "/var/lib/routelet";

/// The flags of `routelet run`.
#[derive(Debug, Args)]
#[command(mut_arg("base", |arg| arg.required(true)))]
pub(crate) struct RunArgs {
    #[command(flatten)]
    sources: SourceArgs,
    /// Where the agent keeps its state: status, merged configurations, last good one
    #[arg(long, env = "ROUTELET_STATE_DIR", value_name = "DIR", default_value = STATE_DIR)]
    state_dir: PathBuf,
    /// Where FRR's daemons have their sockets
    #[arg(long, env = "ROUTELET_RUNDIR", value_name = "DIR", default_value = RUNDIR)]
    rundir: PathBuf,
    /// FRR's reload script
    #[arg(long, env = "ROUTELET_RELOAD_SCRIPT", value_name = "FILE", default_value = frr_driver::reload::SCRIPT)]
    reload_script: PathBuf,
    /// The file that FRR itself reads at its start: gets what FRR runs, if it can be written; empty = none
    #[arg(long, env = "ROUTELET_PERSIST", value_name = "FILE", default_value = "/etc/frr/frr.conf",
          value_parser = OsStringValueParser::new().map(PathBuf::from))]
    persist: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    kube: KubeArgs,
    /// Where /metrics, /livez, /readyz and /status are served
    #[arg(long, env = "ROUTELET_HTTP", value_name = "ADDRESS", default_value = "127.0.0.1:7472")]
    http: SocketAddr,
    /// The node's name [default: the host's name]
    #[arg(long, env = "ROUTELET_NODE_NAME", value_name = "NAME")]
    node_name: Option<String>,
    /// How often FRR is looked at, in seconds
    #[arg(long, env = "ROUTELET_PERIOD", value_name = "SECONDS", default_value_t = 5,
          value_parser = clap::value_parser!(u64).range(1..=300))]
    period: u64,
    /// What is logged: error, warn, info, debug, trace, or tracing's filter syntax
    #[arg(long, env = "ROUTELET_LOG", value_name = "FILTER", default_value = "info")]
    log: String,
    /// How it is logged
    #[arg(long, env = "ROUTELET_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// One line per event, for people.
    Text,
    /// One JSON object per line.
    Json,
}

// === impl RunArgs ===

impl RunArgs {
    /// Runs until SIGTERM or SIGINT.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        self.start_log()?;
        // What is published does not wait for what is applied, nor the other way round.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let result = runtime.block_on(self.serve());
        // A blocking read of a hung file system must not keep the process.
        runtime.shutdown_background();
        result?;
        Ok(ExitCode::SUCCESS)
    }

    fn start_log(&self) -> anyhow::Result<()> {
        let filter = EnvFilter::try_new(filter(&self.log)).context("--log is not a filter")?;
        let log =
            tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
        match self.log_format {
            LogFormat::Text => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
            LogFormat::Json => log.json().flatten_event(true).init(),
        }
        Ok(())
    }

    async fn serve(self) -> anyhow::Result<()> {
        let specs = self.sources.specs()?;
        let store = Arc::new(Store::open(&self.state_dir)?);
        let node = self.node_name()?;
        let period = Duration::from_secs(self.period);
        let memory = remember(&store, &specs);
        let settings = self.limits.settings(node.clone(), period, self.sources.allow_empty_base);
        let base = specs.iter().find(|spec| spec.policy == Policy::Base).map(|spec| spec.path.as_path());
        let persist = Arc::new(Persist::new(self.persist.as_deref(), base));
        let hold = self.limits.hold();
        let machine = Machine::new(settings, memory, doubts(&store));
        let metrics = Arc::new(Metrics::new()?);
        let said = said(&store);
        let kube = self.kube.settings(&node).map(|settings| Kube::start(settings, said.is_some(), &metrics));
        let (published, published_receiver) = watch::channel(Arc::new(Published::nothing_yet(&node)));
        let server = http::serve(self.http, published_receiver, Arc::clone(&metrics))
            .await
            .with_context(|| format!("cannot listen on {}", self.http))?;
        let (rereads, rereads_receiver) = watch::channel(0);
        let (deliveries, sources) = watch::channel(None);
        let requests = control::serve(&self.state_dir)
            .context("cannot listen for `routelet apply` and `routelet clear`")?;
        tokio::spawn(watch(specs, rereads_receiver, deliveries));
        info!(version = env!("CARGO_PKG_VERSION"), node, http = %self.http, "agent started");
        let frr = Frr::new(self.rundir).with_reload_script(self.reload_script);
        let runner = Runner {
            machine,
            frr,
            store,
            metrics,
            period,
            sources,
            rereads,
            published,
            requests,
            persist,
            hold,
            kube,
            recall: said.as_ref().map(Recall::of).unwrap_or_default(),
            said,
            answered: 0,
        };
        runner.run().await?;
        server.abort();
        Ok(())
    }

    fn node_name(&self) -> anyhow::Result<String> {
        if let Some(name) = &self.node_name {
            return Ok(name.clone());
        }
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
            .context("no --node-name, and no host name")?;
        let name = name.trim().to_owned();
        ensure!(!name.is_empty(), "no --node-name, and the host has no name");
        Ok(name)
    }
}

/// What the libraries say below is of their own; the Kubernetes client's errors are told by who asked it, once, and
/// requests show tokens.
fn filter(log: &str) -> String {
    let quiet = ["kube_client=off", "hyper=info", "hyper_util=info", "rustls=info", "tower=info"];
    let unnamed = quiet.into_iter().filter(|directive| {
        let name = directive.split('=').next().unwrap_or_default();
        !log.contains(name)
    });
    std::iter::once(log).chain(unnamed).collect::<Vec<_>>().join(",")
}

/// The versions that FRR took before this start.
fn remember(store: &Store, specs: &[SourceSpec]) -> Memory {
    let last_good = store.load_last_good().unwrap_or_else(|error| {
        warn!(reason = with_causes(&error), "last good configuration cannot be read");
        None
    });
    let last_good = last_good.map(|last_good| Generation::known(last_good.generation));
    let mut memory = Memory { last_good, ..Memory::default() };
    for spec in specs {
        match store.load_accepted(&spec.name) {
            Ok(Some(text)) => {
                memory.accepted.insert(spec.name.clone(), accepted(spec, &text));
            }
            Ok(None) => {}
            Err(error) => {
                warn!(source = spec.name, reason = with_causes(&error), "accepted version cannot be read");
            }
        }
    }
    memory
}

/// What the agent before this one reported.
fn said(store: &Store) -> Option<Report> {
    let text = store.load_status().unwrap_or_else(|error| {
        warn!(reason = with_causes(&error), "last report cannot be read");
        None
    })?;
    // One of another version says nothing.
    serde_json::from_str(&text).ok()
}

/// What the agent before this one held against configurations.
fn doubts(store: &Store) -> Doubts {
    store.load_doubts().unwrap_or_else(|error| {
        warn!(reason = with_causes(&error), "what was bad or not confirmed is forgotten");
        Doubts::default()
    })
}

fn accepted(spec: &SourceSpec, text: &str) -> Accepted {
    let label =
        if spec.policy == Policy::Base { frr_driver::merge::BASE.to_owned() } else { spec.name.clone() };
    let version =
        Version { digest: Digest::of(text.as_bytes()), files: vec![(label, Secret(Arc::from(text)))] };
    Accepted { version, at: Timestamp::now() }
}

/// The state directory that commands look into unless told otherwise.
pub(crate) fn default_state_dir() -> &'static Path {
    Path::new(STATE_DIR)
}
