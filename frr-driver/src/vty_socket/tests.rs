use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use tokio::{net::UnixListener, task::JoinHandle};

use super::*;

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A folder for sockets that goes away with the test.
struct Rundir(PathBuf);

impl Rundir {
    fn new() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("routelet-vty-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn listen(&self) -> UnixListener {
        let path = self.0.join("bgpd.vty");
        let _ = fs::remove_file(&path);
        UnixListener::bind(path).unwrap()
    }

    fn client(&self) -> VtySocket {
        VtySocket::new(&self.0, Daemon::Bgpd).with_deadline(Duration::from_secs(5))
    }
}

impl Drop for Rundir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Reads one command, up to its zero byte.
async fn hear(connection: &mut UnixStream) -> Option<String> {
    let mut command = Vec::new();
    loop {
        match connection.read_u8().await {
            Ok(0) => return Some(String::from_utf8(command).unwrap()),
            Ok(byte) => command.push(byte),
            Err(_) => return None,
        }
    }
}

/// Serves one connection: `enable` first, then `answers` in order, then hangs up. Returns what it heard.
fn serve_once(listener: UnixListener, answers: Vec<Vec<u8>>) -> JoinHandle<(Vec<String>, UnixListener)> {
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut heard = vec![hear(&mut connection).await.unwrap()];
        connection.write_all(&[0, 0, 0, 0]).await.unwrap();
        for answer in answers {
            heard.push(hear(&mut connection).await.unwrap());
            for piece in answer.chunks(7) {
                connection.write_all(piece).await.unwrap();
            }
        }
        drop(connection);
        (heard, listener)
    })
}

fn answer(text: &str, status: u8) -> Vec<u8> {
    [text.as_bytes(), &[0, 0, 0, status]].concat()
}

#[tokio::test]
async fn a_session_is_enabled_first_and_kept_open() {
    let rundir = Rundir::new();
    let server = serve_once(rundir.listen(), vec![answer("one\n", 0), answer("{}\n", 1), answer("", 2)]);
    let mut client = rundir.client();
    assert_eq!(client.ask("a").await.unwrap(), Reply { status: ReplyStatus::Success, text: "one\n".into() });
    assert_eq!(client.ask("b").await.unwrap(), Reply { status: ReplyStatus::Warning, text: "{}\n".into() });
    assert_eq!(client.ask("c").await.unwrap(), Reply { status: ReplyStatus::NoMatch, text: String::new() });
    assert_eq!(server.await.unwrap().0, ["enable", "a", "b", "c"]);
}

#[tokio::test]
async fn long_answers_are_read_to_their_end() {
    let rundir = Rundir::new();
    let text = "x".repeat(300_000);
    serve_once(rundir.listen(), vec![answer(&text, 13)]);
    let reply = rundir.client().ask("a").await.unwrap();
    assert_eq!((reply.text.len(), reply.status), (300_000, ReplyStatus::ConfigFailed));
}

#[tokio::test]
async fn a_restarted_daemon_gets_a_new_connection() {
    let rundir = Rundir::new();
    let mut client = rundir.client();
    let first = serve_once(rundir.listen(), vec![answer("first", 0)]);
    assert_eq!(client.ask("a").await.unwrap().text, "first");
    let before = client.incarnation().unwrap();
    drop(first.await.unwrap());

    let second = serve_once(rundir.listen(), vec![answer("second", 0)]);
    assert_eq!(client.ask("b").await.unwrap().text, "second");
    assert_ne!(client.incarnation().unwrap(), before);
    assert_eq!(second.await.unwrap().0, ["enable", "b"]);
}

#[tokio::test]
async fn a_daemon_that_dies_of_a_command_is_not_asked_again() {
    let rundir = Rundir::new();
    let server = serve_once(rundir.listen(), vec![b"half an ans".to_vec()]);
    let mut client = rundir.client();
    assert!(matches!(client.ask("a").await, Err(VtyError::Closed { .. })));
    assert_eq!(server.await.unwrap().0, ["enable", "a"]);
}

#[tokio::test]
async fn a_missing_or_stale_socket_is_not_running() {
    let rundir = Rundir::new();
    let mut client = rundir.client();
    assert!(matches!(client.ask("a").await, Err(VtyError::NotRunning { .. })));
    drop(rundir.listen());
    assert!(matches!(client.ask("a").await, Err(VtyError::NotRunning { .. })));
}

#[tokio::test]
async fn a_hung_daemon_times_out_before_and_after_its_backlog_is_full() {
    let rundir = Rundir::new();
    let socket = nix_listener(&rundir.0.join("bgpd.vty"));
    let mut connections = Vec::new();
    for _ in 0..8 {
        let mut client = rundir.client().with_deadline(Duration::from_millis(60));
        let error = client.ask("a").await.unwrap_err();
        assert!(error.is_hung(), "{error:?}");
        // Keeps the place in the backlog, as other clients of a hung daemon do.
        connections.push(UnixStream::connect(rundir.0.join("bgpd.vty")).await);
    }
    assert!(connections.iter().any(Result::is_err), "the backlog never filled");
    drop(socket);
}

/// A listener with a backlog of 3, as in `lib/vty.c vty_serv_un`.
fn nix_listener(path: &Path) -> std::os::fd::OwnedFd {
    use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket};
    let fd = socket(AddressFamily::Unix, SockType::Stream, SockFlag::empty(), None).unwrap();
    bind(std::os::fd::AsRawFd::as_raw_fd(&fd), &UnixAddr::new(path).unwrap()).unwrap();
    listen(&fd, Backlog::new(3).unwrap()).unwrap();
    fd
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_not_taken_for_the_next_one() {
    let rundir = Rundir::new();
    let listener = rundir.listen();
    let server = tokio::spawn(async move {
        let (mut slow, _) = listener.accept().await.unwrap();
        hear(&mut slow).await;
        slow.write_all(&[0; 4]).await.unwrap();
        hear(&mut slow).await;
        let (mut fresh, _) = listener.accept().await.unwrap();
        let _ = slow.write_all(&answer("late", 0)).await;
        hear(&mut fresh).await;
        fresh.write_all(&[0; 4]).await.unwrap();
        hear(&mut fresh).await;
        fresh.write_all(&answer("right", 0)).await.unwrap();
    });
    let mut client = rundir.client().with_deadline(Duration::from_millis(100));
    assert!(client.ask("a").await.unwrap_err().is_hung());
    let mut client = client.with_deadline(Duration::from_secs(5));
    assert_eq!(client.ask("b").await.unwrap().text, "right");
    server.await.unwrap();
}

#[tokio::test]
async fn too_much_output_is_an_error() {
    let rundir = Rundir::new();
    serve_once(rundir.listen(), vec![answer(&"x".repeat(5000), 0)]);
    let mut client = rundir.client().with_output_bytes_max(1000);
    assert!(matches!(client.ask("a").await, Err(VtyError::TooMuchOutput { output_bytes_max: 1000, .. })));
}

#[tokio::test]
async fn commands_that_break_out_or_kill_are_not_sent() {
    let mut client = Rundir::new().client();
    for command in ["show\0clear", "a\nb", "show bgp ipv4 neighbors graceful-restart json"] {
        assert!(matches!(client.ask(command).await, Err(VtyError::Unsendable { .. })), "{command}");
    }
}

#[tokio::test]
async fn a_folder_without_permission_fails() {
    let rundir = Rundir::new();
    fs::write(rundir.0.join("file"), "").unwrap();
    let mut client = VtySocket::new(&rundir.0.join("file"), Daemon::Zebra);
    assert!(matches!(client.ask("a").await, Err(VtyError::Failed { .. })));
}

#[test]
fn daemons_are_known_by_name() {
    for daemon in Daemon::ALL {
        assert_eq!(Daemon::from_name(daemon.name()), Some(daemon));
    }
    assert_eq!(Daemon::from_name("sshd"), None);
}

#[test]
fn an_end_is_found_wherever_the_pieces_were_cut() {
    let whole = answer("text", 7);
    for searched in 0..=4 {
        assert_eq!(split_answer(&whole, searched), Some((&b"text"[..], 7)));
    }
    for length in 0..whole.len() {
        assert_eq!(split_answer(&whole[..length], 0), None);
    }
}
