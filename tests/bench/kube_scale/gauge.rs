//! What the server takes: memory, CPU time, and the size of its database.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use routelet_tests::kube::ApiServer;
use serde::Serialize;

use crate::error::ScaleError;

/// etcd's port on the server's machine.
const ETCD: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 2379);

/// How long etcd may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What is so at one moment.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Gauge {
    /// The file of etcd's database.
    pub(crate) database_bytes: u64,
    /// What of it is in use; the rest is free for what comes.
    pub(crate) database_in_use_bytes: u64,
    /// kube-apiserver's resident memory.
    pub(crate) apiserver_resident_bytes: u64,
    /// CPU seconds since the processes were started.
    pub(crate) apiserver_cpu_seconds: f64,
    pub(crate) etcd_cpu_seconds: f64,
    /// CPU seconds of all agents together, and of the benchmark.
    pub(crate) agents_cpu_seconds: f64,
    pub(crate) agents_resident_bytes: u64,
}

// === impl Gauge ===

impl Gauge {
    /// Looks at `server`.
    pub(crate) fn read(server: &ApiServer) -> Result<Self, ScaleError> {
        let stopped = || ScaleError::Selection("the API server does not run".to_owned());
        let (apiserver, etcd) = server.pids().ok_or_else(stopped)?;
        let (apiserver, etcd) = (apiserver.to_string(), etcd.to_string());
        let metrics = server.machine().in_network(metrics)??;
        Ok(Self {
            database_bytes: metric(&metrics, "etcd_mvcc_db_total_size_in_bytes")?,
            database_in_use_bytes: metric(&metrics, "etcd_mvcc_db_total_size_in_use_in_bytes")?,
            apiserver_resident_bytes: resident(&apiserver)?,
            apiserver_cpu_seconds: cpu(&apiserver)?,
            etcd_cpu_seconds: cpu(&etcd)?,
            agents_cpu_seconds: cpu("self")?,
            agents_resident_bytes: resident("self")?,
        })
    }
}

/// Returns etcd's metrics.
fn metrics() -> Result<String, ScaleError> {
    let asked = || -> std::io::Result<String> {
        let mut connection = TcpStream::connect_timeout(&ETCD, ANSWER_WITHIN)?;
        connection.set_read_timeout(Some(ANSWER_WITHIN))?;
        connection.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        connection.read_to_string(&mut text)?;
        Ok(text)
    };
    asked().map_err(ScaleError::system("to ask etcd for its metrics"))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole bytes, as etcd prints them"
)]
fn metric(metrics: &str, name: &str) -> Result<u64, ScaleError> {
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    let unreadable = || ScaleError::Unreadable { what: "etcd's metrics".to_owned(), text: name.to_owned() };
    value.map(|value| value as u64).ok_or_else(unreadable)
}

fn resident(pid: &str) -> Result<u64, ScaleError> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).map_err(ScaleError::system(&path))?;
    let kib =
        text.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
    kib.map(|kib: u64| kib * 1024).ok_or(ScaleError::Unreadable { what: path, text })
}

/// Returns the CPU seconds of a process (proc(5), `utime` and `stime`; a hundredth of a second each).
#[expect(clippy::cast_precision_loss, reason = "not that many")]
fn cpu(pid: &str) -> Result<f64, ScaleError> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).map_err(ScaleError::system(&path))?;
    let ticks = || {
        let (_, fields) = text.rsplit_once(") ")?;
        let mut fields = fields.split_whitespace().skip(11);
        Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
    };
    let ticks = ticks().ok_or_else(|| ScaleError::Unreadable { what: path, text: text.clone() })?;
    Ok(ticks as f64 / 100.0)
}
