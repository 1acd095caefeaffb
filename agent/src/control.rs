//! The agent's own socket, for commands of people on this node: one line in, one line of JSON out.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use frr_driver::session::{PeerId, SessionId};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};
use tracing::{error, warn};

/// Requests that may wait for the loop.
const REQUESTS_MAX: usize = 8;

/// The longest line that is read.
const LINE_BYTES_MAX: u64 = 256;

/// How long a client may take to say what it wants.
const ASK_WITHIN: Duration = Duration::from_secs(5);

/// How long an answer may take: an apply through frr-reload, and the way back.
const ANSWER_WITHIN: Duration = Duration::from_mins(12);

/// What comes of a request, for people: what was done, or why not.
pub(crate) type Answer = Result<String, String>;

/// What a person wants.
#[derive(Debug)]
pub(crate) enum Request {
    /// What is held back, or was refused by FRR, shall be applied.
    ApplyNow {
        /// Who waits.
        answer: oneshot::Sender<Answer>,
    },
    /// A session shall be cleared.
    Clear {
        /// Whose.
        session: SessionId,
        /// Reset, or cleared softly.
        is_hard: bool,
        /// Who waits.
        answer: oneshot::Sender<Answer>,
    },
}

/// The words of requests.
const APPLY_NOW: &str = "apply now";
const CLEAR_SOFT: &str = "clear soft ";
const CLEAR_HARD: &str = "clear hard ";

#[derive(Debug, Serialize, Deserialize)]
struct Reply {
    ok: bool,
    message: String,
}

/// Serves the socket in the state directory, to root and to the agent's own user.
///
/// # Errors
/// If the socket cannot be made.
pub(crate) fn serve(state_dir: &Path) -> io::Result<mpsc::Receiver<Request>> {
    let path = socket(state_dir);
    // The lock of the state directory is ours: whoever listened there is gone.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
    tokio::spawn(take(listener, requests));
    Ok(receiver)
}

/// Takes one connection after the other. Where none can be taken for want of descriptors, one that ends frees some.
async fn take(listener: UnixListener, requests: mpsc::Sender<Request>) {
    let mut conversations = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((connection, _)) => {
                let requests = requests.clone();
                conversations.spawn(async move {
                    if let Err(error) = converse(connection, requests).await {
                        warn!(reason = %error, "a command was not answered");
                    }
                });
                while conversations.try_join_next().is_some() {}
            }
            Err(error) => {
                warn!(reason = %error, "a command cannot be taken");
                if conversations.join_next().await.is_none() {
                    error!(reason = %error, "no commands are taken until the agent is started again");
                    return;
                }
            }
        }
    }
}

/// Asks the agent on this node to apply now, and waits for what comes of it.
///
/// # Errors
/// If no agent answers.
pub(crate) async fn apply_now(state_dir: &Path) -> io::Result<Answer> {
    request(state_dir, APPLY_NOW).await
}

/// Asks the agent on this node to clear a session, and waits for what comes of it.
///
/// # Errors
/// If no agent answers.
pub(crate) async fn clear(state_dir: &Path, session: &SessionId, is_hard: bool) -> io::Result<Answer> {
    let words = if is_hard { CLEAR_HARD } else { CLEAR_SOFT };
    request(state_dir, &format!("{words}{} {}", session.vrf, session.peer)).await
}

async fn request(state_dir: &Path, words: &str) -> io::Result<Answer> {
    let mut connection = UnixStream::connect(socket(state_dir)).await?;
    connection.write_all(format!("{words}\n").as_bytes()).await?;
    let mut line = String::new();
    timeout(ANSWER_WITHIN, BufReader::new(connection).read_line(&mut line)).await??;
    let reply: Reply = serde_json::from_str(&line)?;
    Ok(if reply.ok { Ok(reply.message) } else { Err(reply.message) })
}

/// The state directory is ours alone, and so is what is in it; that the peer is one of us is checked all the same.
async fn converse(mut connection: UnixStream, requests: mpsc::Sender<Request>) -> io::Result<()> {
    let uid = connection.peer_cred()?.uid();
    let answer = if uid == 0 || uid == nix::unistd::geteuid().as_raw() {
        let mut line = String::new();
        let (reader, _) = connection.split();
        timeout(ASK_WITHIN, BufReader::new(reader.take(LINE_BYTES_MAX)).read_line(&mut line)).await??;
        ask(line.trim(), requests).await
    } else {
        Err("only root and the agent's own user may ask".to_owned())
    };
    let (ok, message) = match answer {
        Ok(message) => (true, message),
        Err(message) => (false, message),
    };
    let reply = serde_json::to_string(&Reply { ok, message })?;
    connection.write_all(format!("{reply}\n").as_bytes()).await
}

async fn ask(words: &str, requests: mpsc::Sender<Request>) -> Answer {
    let (answer, answered) = oneshot::channel();
    let Some(request) = read(words, answer) else { return Err(format!("unknown command {words:?}")) };
    let is_taken = requests.send(request).await.is_ok();
    match timeout(ANSWER_WITHIN, answered).await {
        Ok(Ok(answer)) if is_taken => answer,
        Ok(_) => Err("the agent is ending".to_owned()),
        Err(_elapsed) => Err("the agent is still at work".to_owned()),
    }
}

fn read(words: &str, answer: oneshot::Sender<Answer>) -> Option<Request> {
    if words == APPLY_NOW {
        return Some(Request::ApplyNow { answer });
    }
    let hard = words.strip_prefix(CLEAR_HARD);
    let (vrf, peer) = hard.or_else(|| words.strip_prefix(CLEAR_SOFT))?.split_once(' ')?;
    let session = SessionId { vrf: vrf.to_owned(), peer: PeerId::from(peer) };
    Some(Request::Clear { session, is_hard: hard.is_some(), answer })
}

fn socket(state_dir: &Path) -> PathBuf {
    state_dir.join("control.sock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_gets_the_answer_of_the_loop() {
        let dir = tempfile::tempdir().unwrap();
        let mut requests = serve(dir.path()).unwrap();
        for want in [Ok("done".to_owned()), Err("held".to_owned())] {
            let answered = want.clone();
            let asked = async {
                let Some(Request::ApplyNow { answer }) = requests.recv().await else {
                    panic!("another request")
                };
                answer.send(answered).unwrap();
            };
            let (got, ()) = tokio::join!(apply_now(dir.path()), asked);
            assert_eq!(got.unwrap(), want);
        }
    }

    #[tokio::test]
    async fn a_session_comes_through_as_it_was_meant() {
        let dir = tempfile::tempdir().unwrap();
        let mut requests = serve(dir.path()).unwrap();
        let of_vrf = SessionId { vrf: "red".to_owned(), peer: PeerId::from("fd00::1") };
        for (want, want_hard) in [(SessionId::in_default_vrf("net1"), false), (of_vrf, true)] {
            let asked = async {
                let Some(Request::Clear { session, is_hard, answer }) = requests.recv().await else {
                    panic!("another request")
                };
                answer.send(Ok(String::new())).unwrap();
                (session, is_hard)
            };
            let (got, seen) = tokio::join!(clear(dir.path(), &want, want_hard), asked);
            got.unwrap().unwrap();
            assert_eq!(seen, (want, want_hard));
        }
    }

    #[tokio::test]
    async fn other_words_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let _requests = serve(dir.path()).unwrap();
        let mut connection = UnixStream::connect(socket(dir.path())).await.unwrap();
        connection.write_all(b"stop\n").await.unwrap();
        let mut line = String::new();
        BufReader::new(connection).read_line(&mut line).await.unwrap();
        assert!(line.contains("unknown command"), "{line}");
    }
}
