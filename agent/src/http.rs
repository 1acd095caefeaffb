//! stub
use routelet_status::report::Report;
use std::sync::Arc;
pub(crate) struct Published { pub(crate) report: Option<Report>, pub(crate) ready: Result<(), String>, pub(crate) ticked_at: tokio::time::Instant }
impl Published { pub(crate) fn nothing_yet(_: &str) -> Self { Self { report: None, ready: Ok(()), ticked_at: tokio::time::Instant::now() } } }
pub(crate) async fn serve(_: std::net::SocketAddr, _: tokio::sync::watch::Receiver<Arc<Published>>, _: Arc<crate::metrics::Metrics>) -> std::io::Result<tokio::task::JoinHandle<()>> { Ok(tokio::spawn(async {})) }
