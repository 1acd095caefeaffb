//! The agent's own socket, for commands of people on this node: one line in, one line of JSON out.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

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
}

/// The words of a request.
const APPLY_NOW: &str = "apply now";

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
    let mut connection = UnixStream::connect(socket(state_dir)).await?;
    connection.write_all(format!("{APPLY_NOW}\n").as_bytes()).await?;
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
    if words != APPLY_NOW {
        return Err(format!("unknown command {words:?}"));
    }
    let (answer, answered) = oneshot::channel();
    let is_taken = requests.send(Request::ApplyNow { answer }).await.is_ok();
    match timeout(ANSWER_WITHIN, answered).await {
        Ok(Ok(answer)) if is_taken => answer,
        Ok(_) => Err("the agent is ending".to_owned()),
        Err(_elapsed) => Err("the agent is still at work".to_owned()),
    }
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
                let Request::ApplyNow { answer } = requests.recv().await.unwrap();
                answer.send(answered).unwrap();
            };
            let (got, ()) = tokio::join!(apply_now(dir.path()), asked);
            assert_eq!(got.unwrap(), want);
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
