//! Running programs: the only place of the lab that spawns.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    fs::File,
    io::Write as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::signal::{self, Signal},
    unistd::Pid,
};

use super::{LabError, wait};

/// Programs are searched here and nowhere else, on the machine as in the nodes.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long a killed process may take to go.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// What a command left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Output {
    /// Tells whether the command ended with exit code 0.
    pub fn success(&self) -> bool {
        self.status.success()
    }

    /// Returns everything that was printed, output first.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A command, ready to run.
#[derive(Debug)]
pub(crate) struct Exec {
    argv: Vec<OsString>,
    stdin: Option<Vec<u8>>,
    timeout: Duration,
    inherits: bool,
    variables: Vec<(&'static str, OsString)>,
}

/// A running process that is killed when this value goes.
#[derive(Debug)]
pub struct Spawned {
    child: Child,
    command: String,
}

// === impl Exec ===

impl Exec {
    /// How long a command may take if nothing else is said: 100 times what the slow ones take.
    const TIMEOUT: Duration = Duration::from_secs(30);

    pub(crate) fn new<S: AsRef<OsStr>>(argv: impl IntoIterator<Item = S>) -> Self {
        let argv = argv.into_iter().map(|word| word.as_ref().to_owned()).collect();
        Self { argv, stdin: None, timeout: Self::TIMEOUT, inherits: false, variables: Vec::new() }
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Passes on the whole environment of this process (proxies, the folder of the cache).
    pub(crate) fn inherit_environment(mut self) -> Self {
        self.inherits = true;
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Runs the command to its end, whatever its exit code.
    pub(crate) fn output(self) -> Result<Output, LabError> {
        let text = self.to_string();
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().map_err(|source| LabError::Spawn { program: text.clone(), source })?;
        let group = child.id();
        let input = child.stdin.take();
        let bytes = self.stdin.unwrap_or_default();
        let (sender, ended) = mpsc::channel();
        thread::spawn(move || {
            if let Some(mut input) = input {
                // A command that does not read its input to the end is no failure.
                let _ = input.write_all(&bytes);
            }
        });
        thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(result) = ended.recv_timeout(self.timeout) else {
            kill_group(group);
            let _ = ended.recv_timeout(KILLED_WITHIN);
            return Err(LabError::CommandTimedOut { command: text, after: self.timeout });
        };
        let output = result.map_err(|source| LabError::Spawn { program: text, source })?;
        Ok(Output {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs the command to its end and returns what it printed; any exit code but 0 is an error.
    pub(crate) fn run(self) -> Result<String, LabError> {
        let command = self.to_string();
        let output = self.output()?;
        if output.success() {
            return Ok(output.stdout);
        }
        Err(LabError::CommandFailed { command, status: output.status, output: output.text() })
    }

    /// Starts the command with both outputs going to `log`.
    pub(crate) fn spawn(&self, log: File) -> Result<Spawned, LabError> {
        let failed = |source| LabError::Spawn { program: self.to_string(), source };
        let mut command = self.command();
        let errors = log.try_clone().map_err(failed)?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        Ok(Spawned { child: command.spawn().map_err(failed)?, command: self.to_string() })
    }

    /// Starts the command with a pipe to its input and one from its output.
    pub(crate) fn spawn_piped(&self, errors: Stdio) -> Result<Child, LabError> {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        command.spawn().map_err(|source| LabError::Spawn { program: self.to_string(), source })
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
    fn command(&self) -> Command {
        let mut words = self.argv.iter();
        let mut command = Command::new(words.next().map_or(OsStr::new(""), OsString::as_os_str));
        command.args(words).process_group(0);
        if !self.inherits {
            command.env_clear().env("PATH", PATH).env("LANG", "C.UTF-8").env("HOME", "/root");
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl fmt::Display for Exec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.argv.iter().map(|word| word.to_string_lossy()).collect();
        f.write_str(&words.join(" "))
    }
}

// === impl Spawned ===

impl Spawned {
    /// Returns the process id on this machine, of the program itself.
    ///
    /// A program in a node is a child of the `nsenter` that brought it there.
    pub fn pid(&self) -> Option<u32> {
        let parent = self.child.id();
        let children = format!("/proc/{parent}/task/{parent}/children");
        std::fs::read_to_string(children).ok()?.split_whitespace().next()?.parse().ok()
    }

    /// Sends `signal` to the program, as soon as it is there.
    pub fn signal(&mut self, signal: Signal) -> Result<(), LabError> {
        let pid = wait::until(&format!("`{}` to run", self.command), KILLED_WITHIN, || self.pid())?;
        // `nsenter` stops with its child, but does not go on with it.
        let sent = signal::kill(pid_of(pid), signal).and_then(|()| {
            if signal == Signal::SIGCONT { signal::kill(pid_of(self.child.id()), signal) } else { Ok(()) }
        });
        sent.map_err(|errno| LabError::Connection {
            what: format!("{signal} to `{}`", self.command),
            source: errno.into(),
        })?;
        if signal == Signal::SIGSTOP {
            // A SIGCONT that came before `nsenter` stops would leave it stopped for ever.
            let what = format!("`{}` to stop", self.command);
            wait::until(&what, KILLED_WITHIN, || self.is_stopped())?;
        }
        Ok(())
    }

    /// Tells whether the `nsenter` of the program is stopped, as its program is (proc(5), `stat`).
    fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'))
    }

    /// Tells whether the process has not ended yet.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the process has ended, at most until `deadline` has passed.
    pub fn wait(&mut self, deadline: Duration) -> Result<ExitStatus, LabError> {
        wait::until(&format!("`{}` to end", self.command), deadline, || self.child.try_wait().ok().flatten())
    }

    /// Kills the process with SIGKILL, and what it started in its process group; returns when they are gone.
    pub fn kill(&mut self) {
        if !self.is_running() {
            return;
        }
        let group = self.child.id();
        if let Some(program) = self.pid() {
            // Its `nsenter` first sees it end: an orphan would be this machine's init's to reap, and some take
            // seconds. A stopped one sees nothing.
            let _ = signal::kill(pid_of(program), Signal::SIGKILL);
            let _ = signal::kill(pid_of(group), Signal::SIGCONT);
            let _ = wait::until("the program to go", KILLED_WITHIN, || !self.is_running());
        }
        kill_group(group);
        let _ = self.child.wait();
        // What the program started in its group may go a moment later.
        let _ = wait::until("the processes to go", KILLED_WITHIN, || {
            signal::killpg(pid_of(group), None) == Err(Errno::ESRCH)
        });
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Kills the process group `group`; it may be gone already.
fn kill_group(group: u32) {
    let _ = signal::killpg(pid_of(group), Signal::SIGKILL);
}

/// Returns `pid` in the type of the system calls.
pub(crate) fn pid_of(pid: u32) -> Pid {
    Pid::from_raw(pid.cast_signed())
}

/// Finds the program `name` of this machine.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    PATH.split(':').map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}
