//! Runs other programs: the only place that spawns a process.
//!
//! Each process is the leader of its own process group, which is killed as a whole on a time-out,
//! on too much output, and when the caller stops waiting: frr-reload.py forks vtysh, which forks once
//! per daemon, and none of them may outlive the decision to give up on it.

use std::{
    ffi::{OsStr, OsString},
    fmt, io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin},
    time::{Instant, timeout},
};
use tracing::debug;

#[cfg(test)]
mod tests;

/// The output that one stream may produce, unless the caller says otherwise; bytes.
///
/// A running configuration with 10,000 prefix-list lines has 1 MB, frr-reload's log of it a few times that.
pub const OUTPUT_BYTES_MAX: usize = 16 << 20;

/// How long output may go on after the process itself is gone.
///
/// What was written before the exit is in the pipe already; whoever still holds it is a forgotten child.
const LINGER_MAX: Duration = Duration::from_millis(500);

/// A process to run.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program, looked up in `PATH`, and its arguments; never a shell line.
    pub argv: Vec<OsString>,
    /// What the process reads on its standard input; `None` is `/dev/null`.
    pub stdin: Option<Vec<u8>>,
    /// How long the process may take, from start to end of output.
    pub timeout: Duration,
    /// How many bytes stdout and stderr may have, each.
    pub output_bytes_max: usize,
    /// Variables in addition to the agent's own environment.
    pub env: Vec<(OsString, OsString)>,
}

/// What a process said before it ended.
#[derive(Clone)]
pub struct Output {
    /// How it ended. An exit code is data: FRR's tools exit 0 after failures (T6) and 1 after success (T12).
    pub status: ExitStatus,
    /// Standard output; bytes that are not UTF-8 are replaced (T15).
    pub stdout: String,
    /// Standard error; bytes that are not UTF-8 are replaced.
    pub stderr: String,
    /// From start to end.
    pub elapsed: Duration,
}

/// Why there is no [`Output`].
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The program does not exist.
    #[error("{program} not found")]
    NotFound {
        /// The program, as it was asked for.
        program: String,
    },
    /// The process took too long; its process group was killed.
    #[error("{program} did not end within {timeout:?}")]
    TimedOut {
        /// The program, as it was asked for.
        program: String,
        /// What it was given.
        timeout: Duration,
    },
    /// The process could not be started, or not be read from.
    #[error("{program} could not be run")]
    Failed {
        /// The program, as it was asked for.
        program: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The process wrote more than it may; its process group was killed.
    #[error("{program} wrote more than {output_bytes_max} bytes")]
    TooMuchOutput {
        /// The program, as it was asked for.
        program: String,
        /// What it was allowed.
        output_bytes_max: usize,
    },
}

/// A process group that dies with this value.
struct Group(Option<Pid>);

/// Why reading a stream ended early.
enum ReadError {
    Io(io::Error),
    TooMuch,
}

/// A process that was started; its process group is killed when this value goes.
pub struct Started {
    command: Command,
    child: Child,
    group: Group,
}

/// Runs `command` to its end.
///
/// Dropping the future kills the whole process group.
pub async fn run(command: Command) -> Result<Output, CommandError> {
    start(command)?.finish().await
}

/// Starts `command`; who does not wait for its end kills it.
pub fn start(command: Command) -> Result<Started, CommandError> {
    let child = spawn(&command).map_err(|source| {
        let program = command.program();
        if source.kind() == io::ErrorKind::NotFound {
            CommandError::NotFound { program }
        } else {
            CommandError::Failed { program, source }
        }
    })?;
    let group = Group(child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw));
    Ok(Started { command, child, group })
}

/// Starts the process as the leader of a new process group.
fn spawn(command: &Command) -> io::Result<Child> {
    let (program, args) = command
        .argv
        .split_first()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "empty argv"))?;
    tokio::process::Command::new(program)
        .args(args)
        .envs(command.env.iter().map(|(name, value)| (name, value)))
        .stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Feeds and reads `child` until it is gone; also says whether everybody closed the pipes.
async fn converse(
    child: &mut Child,
    stdin: Option<Vec<u8>>,
    output_bytes_max: usize,
) -> Result<(ExitStatus, bool, Vec<u8>, Vec<u8>), ReadError> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (status, all_closed) = {
        let streams = async {
            let (to, out, err) = pipes;
            tokio::try_join!(
                feed(to, stdin),
                read(out, &mut stdout, output_bytes_max),
                read(err, &mut stderr, output_bytes_max)
            )
        };
        tokio::pin!(streams);
        tokio::select! {
            closed = &mut streams => {
                closed?;
                (child.wait().await.map_err(ReadError::Io)?, true)
            }
            status = child.wait() => {
                let status = status.map_err(ReadError::Io)?;
                match timeout(LINGER_MAX, &mut streams).await {
                    Ok(closed) => { closed?; (status, true) }
                    Err(_elapsed) => (status, false),
                }
            }
        }
    };
    Ok((status, all_closed, stdout, stderr))
}

/// Writes `text` and closes the pipe. A process that does not read all of it is not at fault.
async fn feed(pipe: Option<ChildStdin>, text: Option<Vec<u8>>) -> Result<(), ReadError> {
    if let (Some(mut pipe), Some(text)) = (pipe, text) {
        match pipe.write_all(&text).await {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(ReadError::Io(error)),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Appends what comes out of `pipe` to `to`, until its end.
async fn read(
    pipe: Option<impl AsyncRead + Unpin>,
    to: &mut Vec<u8>,
    bytes_max: usize,
) -> Result<(), ReadError> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    loop {
        match pipe.read_buf(to).await {
            Ok(0) => return Ok(()),
            Ok(_) if to.len() > bytes_max => return Err(ReadError::TooMuch),
            Ok(_) => {}
            Err(error) => return Err(ReadError::Io(error)),
        }
    }
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

// === impl Started ===

impl Started {
    /// Waits until the process ends; its time, also that of [`Output::elapsed`], begins now.
    pub async fn finish(mut self) -> Result<Output, CommandError> {
        let started = Instant::now();
        let Command { timeout: within, output_bytes_max, .. } = self.command;
        let (program, input) = (self.command.program(), self.command.stdin.take());
        let result = timeout(within, converse(&mut self.child, input, output_bytes_max)).await;
        let elapsed = started.elapsed();
        let (status, all_closed, stdout, stderr) = match result {
            Ok(Ok(end)) => end,
            Ok(Err(ReadError::Io(source))) => return Err(CommandError::Failed { program, source }),
            Ok(Err(ReadError::TooMuch)) => {
                return Err(CommandError::TooMuchOutput { program, output_bytes_max });
            }
            Err(_elapsed) => return Err(CommandError::TimedOut { program, timeout: within }),
        };
        if all_closed {
            // The leader is reaped and nobody holds a pipe: the number may soon belong to somebody else.
            self.group.0 = None;
        }
        debug!(command = program, exit = status.code(), elapsed_ms = elapsed.as_millis(), "command ended");
        Ok(Output { status, stdout: lossy(stdout), stderr: lossy(stderr), elapsed })
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").field("program", &self.command.program()).finish_non_exhaustive()
    }
}

// === impl Command ===

impl Command {
    /// Returns a command without input, with the default output cap.
    pub fn new<A: Into<OsString>>(argv: impl IntoIterator<Item = A>, timeout: Duration) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            stdin: None,
            timeout,
            output_bytes_max: OUTPUT_BYTES_MAX,
            env: Vec::new(),
        }
    }

    /// The name of the program, for messages.
    fn program(&self) -> String {
        self.argv.first().map_or(OsStr::new(""), OsString::as_os_str).to_string_lossy().into_owned()
    }
}

// === impl Output ===

impl Output {
    /// Both streams, one after the other: FRR's tools complain on either.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Shows sizes only: the output of FRR's tools may hold passwords.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("status", &self.status)
            .field("stdout_bytes", &self.stdout.len())
            .field("stderr_bytes", &self.stderr.len())
            .field("elapsed", &self.elapsed)
            .finish()
    }
}

// === impl Group ===

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // Gone already is as good.
            let _ = killpg(leader, Signal::SIGKILL);
        }
    }
}
