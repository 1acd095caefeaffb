use frr_driver::vty_socket::Daemon;
use routelet_status::{
    project::project,
    snapshot::{DaemonState, FrrState, Snapshot},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

struct Server {
    address: SocketAddr,
    published: watch::Sender<Arc<Published>>,
    task: JoinHandle<()>,
}

/// A report on a node whose bgpd is in `state`.
fn report(state: DaemonState) -> Report {
    let now = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    let frr = FrrState { version: None, daemons: vec![(Daemon::Bgpd, state)] };
    let snapshot = Snapshot { frr: Some(frr), ..Snapshot::unknown("node-1", now, Duration::from_secs(5)) };
    project(&snapshot, None)
}

impl Server {
    async fn start() -> Self {
        let (published, receiver) = watch::channel(Arc::new(Published {
            report: Some(Arc::new(report(DaemonState::Up))),
            ready: Ok(()),
            ticked_at: Instant::now(),
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let pages = Pages { published: receiver, metrics: Arc::new(Metrics::new().unwrap()) };
        Self { address, published, task: tokio::spawn(accept_all(listener, pages)) }
    }

    fn publish(&self, change: impl FnOnce(&mut Published)) {
        self.published.send_modify(|published| change(Arc::make_mut(published)));
    }

    /// Sends `request` and returns the whole answer.
    async fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    async fn get(&self, path: &str) -> (String, String) {
        let answer = self.ask(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split_whitespace().nth(1).unwrap().to_owned(), body.to_owned())
    }
}

#[tokio::test]
async fn metrics_are_gathered_on_demand() {
    let (code, body) = Server::start().await.get("/metrics").await;
    assert_eq!(code, "200");
    assert!(body.contains("routelet_build_info{"), "{body}");
}

#[tokio::test]
async fn the_status_is_the_report() {
    let server = Server::start().await;
    let (code, body) = server.get("/status").await;
    assert_eq!(code, "200");
    assert_eq!(serde_json::from_str::<Report>(&body).unwrap(), report(DaemonState::Up));
}

#[tokio::test]
async fn probes_say_why_not() {
    let server = Server::start().await;
    for path in ["/livez", "/readyz", "/frr-livez"] {
        assert_eq!(server.get(path).await, ("200".into(), "ok\n".into()), "{path}");
    }
    server.publish(|published| {
        published.ready = Err("first configuration not applied".into());
        published.report = Some(Arc::new(report(DaemonState::Hung)));
    });
    assert_eq!(server.get("/readyz").await, ("503".into(), "first configuration not applied\n".into()));
    assert_eq!(server.get("/frr-livez").await, ("503".into(), "DaemonHung: bgpd does not answer\n".into()));
    assert_eq!(server.get("/livez").await.0, "200", "never FRR");
}

#[tokio::test]
async fn a_loop_that_stands_still_is_not_alive() {
    let server = Server::start().await;
    server.publish(|published| published.ticked_at -= Duration::from_mins(4));
    assert_eq!(server.get("/livez").await, ("503".into(), "the loop has not turned for 240 s\n".into()));
}

#[tokio::test]
async fn nothing_is_ready_before_the_first_look() {
    let server = Server::start().await;
    server.publish(|published| *published = Published::nothing_yet("node-1"));
    for (path, want) in [("/livez", "200"), ("/readyz", "503"), ("/frr-livez", "503"), ("/status", "503")] {
        assert_eq!(server.get(path).await.0, want, "{path}");
    }
}

#[tokio::test]
async fn a_taken_address_is_an_error() {
    let server = Server::start().await;
    let metrics = Arc::new(Metrics::new().unwrap());
    assert!(serve(server.address, server.published.subscribe(), metrics).await.is_err());
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let server = Server::start().await;
    assert_eq!(server.get("/secret").await.0, "404");
    let answer = server.ask("POST /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
}

#[tokio::test]
async fn headers_are_bounded() {
    let server = Server::start().await;
    let many = "X: y\r\n".repeat(HEADERS_MAX + 1);
    let answer = server.ask(&format!("GET /livez HTTP/1.1\r\nHost: x\r\n{many}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = "y".repeat(HEADER_BYTES_MAX * 2);
    let answer = server.ask(&format!("GET /livez HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n")).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(server.get("/livez").await.0, "200");
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_silent_clients() {
    let server = Server::start().await;
    let _silent = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(server.get("/livez").await.0, "200");
    drop(server.published);
    timeout(SHUTDOWN_WITHIN * 2, server.task).await.expect("the server ended").unwrap();
}
