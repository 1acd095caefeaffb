//! What FRR runs: asked, or read from a print of it.

use std::{
    io::{Read as _, stdin},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use frr_driver::{
    config::{Config, load},
    quirks::FrrVersion,
    reload::running_config,
};

use super::frr_args::FrrArgs;
use crate::frr::needed;

/// The largest print that is read: 100,000 lines.
const PRINT_BYTES_MAX: u64 = 16 << 20;

/// The name of what runs, in every `source:line`.
const RUNNING: &str = "running";

/// Where to read what FRR runs.
#[derive(Args, Clone, Debug)]
pub(crate) struct RunningArgs {
    /// A print of `show running-config` in place of the FRR that runs here; - is the standard input
    #[arg(long = "running", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// What FRR runs.
pub(crate) struct Running {
    /// All daemons together.
    pub(crate) union: Config,
    /// What bgpd says of itself, where it could be asked.
    pub(crate) bgpd: Option<Config>,
    /// The version that was running, or is meant.
    pub(crate) version: FrrVersion,
}

// === impl RunningArgs ===

impl RunningArgs {
    /// Reads the print, or asks FRR.
    pub(crate) async fn read(&self, args: &FrrArgs) -> anyhow::Result<Running> {
        match &self.file {
            Some(file) => from_print(&read_print(file)?, args).await,
            None => from_frr(args).await,
        }
    }
}

fn read_print(file: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let limit = PRINT_BYTES_MAX + 1;
    let read = if file.as_os_str() == "-" {
        stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|open| open.take(limit).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    ensure!(
        u64::try_from(bytes.len()).is_ok_and(|length| length <= PRINT_BYTES_MAX),
        "{} is larger than {} MiB",
        file.display(),
        PRINT_BYTES_MAX >> 20
    );
    // FRR prints a description as it was typed, whatever its bytes.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The print names its version; only without that the one that runs here matters.
async fn from_print(text: &str, args: &FrrArgs) -> anyhow::Result<Running> {
    let config = running_config(text);
    let version = match args.frr_version.or_else(|| named_version(config)) {
        Some(version) => version,
        None => args.version(&args.frr().version().await),
    };
    Ok(Running { union: load(RUNNING, config, version), bgpd: None, version })
}

fn named_version(config: &str) -> Option<FrrVersion> {
    config.lines().find_map(|line| line.strip_prefix("frr version "))?.trim().parse().ok()
}

async fn from_frr(args: &FrrArgs) -> anyhow::Result<Running> {
    let frr = args.frr();
    let version = match frr.version().await {
        Ok(version) => version,
        Err(reason) => {
            bail!("FRR does not answer: {reason}; a print of what it runs can be given by --running")
        }
    };
    if let Some(other) = args.frr_version
        && other != version
    {
        bail!("FRR {version} runs here, not {other}");
    }
    frr.answers(&needed(version)).await.map_err(anyhow::Error::msg)?;
    let held = frr.held(version).await.map_err(anyhow::Error::msg)?;
    Ok(Running { union: held.union().as_ref().clone(), bgpd: Some(held.bgpd().clone()), version })
}
