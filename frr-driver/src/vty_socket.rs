//! Asks an FRR daemon directly, over its vty socket: 100 to 500 times cheaper than starting vtysh.
//!
//! The protocol (`lib/vty.c vtysh_read`, all versions from 7.5.1 to 10.7.1): `command\0` goes out; text,
//! three zero bytes and one status byte come back. A new session is in the view node, hence `enable`.
//! The daemon's backlog is 3: a hung daemon accepts a few connections and never answers, then refuses
//! with `EAGAIN`, so connecting and reading both have the same deadline.

use std::{
    fmt, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::{Instant, sleep, timeout_at},
};

pub use self::daemon::Daemon;

mod daemon;
#[cfg(test)]
mod tests;

/// The folder of the sockets, unless FRR was built otherwise.
pub const RUNDIR: &str = "/var/run/frr";

/// How long one question may take, unless the caller says otherwise.
///
/// A table dump by somebody else blocks bgpd for 3–4 s (500,000 routes, 10.7.1); longer is hung.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// The longest answer, unless the caller says otherwise; bytes.
///
/// `show bgp vrf all neighbors json` has 4 KB a neighbor: enough for 4,000 of them.
pub const OUTPUT_BYTES_MAX: usize = 16 << 20;

/// How long to wait until a full backlog is tried again; the kernel does not say when there is room.
const BACKLOG_RETRY: Duration = Duration::from_millis(20);

/// Ends each answer, followed by the status byte.
const END: [u8; 3] = [0; 3];

/// Commands that kill a daemon: bgpd 7.5.1 and 8.4.4 die of it (T20).
const DEADLY: &str = "neighbors graceful-restart";

/// A client of one daemon, which keeps its connection open and opens a new one after a restart.
#[derive(Debug)]
pub struct VtySocket {
    daemon: Daemon,
    path: PathBuf,
    deadline: Duration,
    output_bytes_max: usize,
    connection: Option<UnixStream>,
}

/// What a daemon answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// How the command went.
    pub status: ReplyStatus,
    /// The text; bytes that are not UTF-8 are replaced (T15).
    pub text: String,
}

/// How a command went (`lib/command.h`, `CMD_…`). Success proves nothing: see T14.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyStatus {
    /// 0. Also after a failed commit in bgpd.
    Success,
    /// 1. A warning, or nothing found: `{}` without a BGP instance comes with it.
    Warning,
    /// 2. No such command in this node.
    NoMatch,
    /// 13. The configuration was refused.
    ConfigFailed,
    /// Any other.
    Other(u8),
}

/// Identifies one run of a daemon: another value means that it was restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incarnation {
    inode: u64,
    changed_sec: i64,
    changed_nsec: i64,
}

/// Why there is no [`Reply`].
#[derive(Debug, thiserror::Error)]
pub enum VtyError {
    /// There is no socket, or nobody listens on it.
    #[error("{daemon} is not running")]
    NotRunning {
        /// Who was asked.
        daemon: Daemon,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The daemon did not take the connection, or did not answer, in time.
    #[error("{daemon} did not answer within {deadline:?}")]
    TimedOut {
        /// Who was asked.
        daemon: Daemon,
        /// What it was given.
        deadline: Duration,
    },
    /// The daemon closed the connection in the middle of an answer: most likely it died.
    #[error("{daemon} closed the connection before the end of its answer")]
    Closed {
        /// Who was asked.
        daemon: Daemon,
    },
    /// The answer has more bytes than it may.
    #[error("{daemon} answered with more than {output_bytes_max} bytes")]
    TooMuchOutput {
        /// Who was asked.
        daemon: Daemon,
        /// What it was allowed.
        output_bytes_max: usize,
    },
    /// The command has control characters, or is known to kill the daemon; nothing was sent.
    #[error("command for {daemon} must not be sent")]
    Unsendable {
        /// Who was not asked.
        daemon: Daemon,
    },
    /// Anything else that the system said: no permission, no file descriptors, ….
    #[error("socket of {daemon} failed")]
    Failed {
        /// Who was asked.
        daemon: Daemon,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

// === impl VtySocket ===

impl VtySocket {
    /// Returns a client of `daemon`, whose socket is in `rundir`; connects at the first question.
    pub fn new(rundir: &Path, daemon: Daemon) -> Self {
        Self {
            daemon,
            path: rundir.join(format!("{}.vty", daemon.name())),
            deadline: DEADLINE,
            output_bytes_max: OUTPUT_BYTES_MAX,
            connection: None,
        }
    }

    /// Gives each question this long.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Lets each answer have this many bytes.
    #[must_use]
    pub fn with_output_bytes_max(self, output_bytes_max: usize) -> Self {
        Self { output_bytes_max, ..self }
    }

    /// The daemon on the other side.
    pub fn daemon(&self) -> Daemon {
        self.daemon
    }

    /// Identifies the daemon's present run, without asking it: a daemon creates its socket when it starts.
    pub fn incarnation(&self) -> Result<Incarnation, VtyError> {
        let meta = std::fs::metadata(&self.path).map_err(|error| self.failed(error))?;
        Ok(Incarnation { inode: meta.ino(), changed_sec: meta.ctime(), changed_nsec: meta.ctime_nsec() })
    }

    /// Sends `command` and returns the answer.
    ///
    /// A command that reached the daemon is never sent twice: it may be what the daemon died of.
    /// Dropping the future closes the connection; the next question opens a new one.
    pub async fn ask(&mut self, command: &str) -> Result<Reply, VtyError> {
        if command.chars().any(char::is_control) || command.contains(DEADLY) {
            return Err(VtyError::Unsendable { daemon: self.daemon });
        }
        let kept = self.connection.take().filter(is_open);
        let deadline = Instant::now() + self.deadline;
        let asked = timeout_at(deadline, async {
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            let reply = self.exchange(&mut connection, command).await?;
            Ok((connection, reply))
        });
        let (connection, reply) = asked
            .await
            .map_err(|_elapsed| VtyError::TimedOut { daemon: self.daemon, deadline: self.deadline })??;
        self.connection = Some(connection);
        Ok(reply)
    }

    /// Opens a connection and enters the enable node.
    async fn connect(&self) -> Result<UnixStream, VtyError> {
        let mut connection = loop {
            match UnixStream::connect(&self.path).await {
                Ok(connection) => break connection,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(BACKLOG_RETRY).await,
                Err(error) => return Err(self.failed(error)),
            }
        };
        self.exchange(&mut connection, "enable").await?;
        Ok(connection)
    }

    /// Sends one command and reads to the end of its answer.
    async fn exchange(&self, connection: &mut UnixStream, command: &str) -> Result<Reply, VtyError> {
        let mut request = Vec::with_capacity(command.len() + 1);
        request.extend_from_slice(command.as_bytes());
        request.push(0);
        connection.write_all(&request).await.map_err(|error| self.failed(error))?;

        let mut answer = Vec::new();
        let mut searched = 0;
        loop {
            if connection.read_buf(&mut answer).await.map_err(|error| self.failed(error))? == 0 {
                return Err(VtyError::Closed { daemon: self.daemon });
            }
            if let Some((text, status)) = split_answer(&answer, searched) {
                return Ok(Reply { status: status.into(), text: String::from_utf8_lossy(text).into_owned() });
            }
            if answer.len() > self.output_bytes_max {
                return Err(VtyError::TooMuchOutput {
                    daemon: self.daemon,
                    output_bytes_max: self.output_bytes_max,
                });
            }
            searched = answer.len().saturating_sub(END.len());
        }
    }

    fn failed(&self, source: io::Error) -> VtyError {
        let daemon = self.daemon;
        if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) {
            VtyError::NotRunning { daemon, source }
        } else if matches!(source.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) {
            VtyError::Closed { daemon }
        } else {
            VtyError::Failed { daemon, source }
        }
    }
}

/// Whether a kept connection can be used: the daemon sends nothing unasked, so readable means closed.
fn is_open(connection: &UnixStream) -> bool {
    matches!(connection.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// Splits an answer into text and status, if it is complete; its first `searched` bytes hold no end.
fn split_answer(answer: &[u8], searched: usize) -> Option<(&[u8], u8)> {
    let end = answer.get(searched..)?.windows(END.len()).position(|window| window == END)? + searched;
    Some((answer.get(..end)?, *answer.get(end + END.len())?))
}

// === impl Reply ===

/// Shows the size only: a running configuration may hold passwords.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).field("text_bytes", &self.text.len()).finish()
    }
}

// === impl ReplyStatus ===

impl From<u8> for ReplyStatus {
    fn from(byte: u8) -> Self {
        match byte {
            0 => Self::Success,
            1 => Self::Warning,
            2 => Self::NoMatch,
            13 => Self::ConfigFailed,
            other => Self::Other(other),
        }
    }
}

// === impl VtyError ===

impl VtyError {
    /// Whether the daemon is there but does not react, so that nothing that needs it may be started (T18).
    pub fn is_hung(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }
}
