//! The socket of a daemon in a node: a vtysh would cost more than the answer.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    time::Duration,
};

use super::{LabError, Node};

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// What follows an answer; one byte more says how it went.
const END: [u8; 3] = [0; 3];

impl Node {
    /// Returns what the daemon `daemon` answers to `command`, whatever it says.
    pub fn ask(&self, daemon: &str, command: &str) -> Result<String, LabError> {
        let path = format!("/proc/{}/root/run/frr/{daemon}.vty", self.pid);
        let failed = |source| LabError::Connection { what: format!("{daemon}: `{command}`"), source };
        let ask = || {
            let mut socket = UnixStream::connect(path)?;
            socket.set_read_timeout(Some(ANSWER_WITHIN))?;
            answer(&mut socket, "enable")?;
            answer(&mut socket, command)
        };
        ask().map_err(failed)
    }
}

fn answer(socket: &mut UnixStream, command: &str) -> io::Result<String> {
    socket.write_all(command.as_bytes())?;
    socket.write_all(&[0])?;
    let mut answer = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let read = socket.read(&mut buffer)?;
        answer.extend(buffer.iter().take(read));
        if let Some((_status, rest)) = answer.split_last()
            && let Some(text) = rest.strip_suffix(&END)
        {
            return Ok(String::from_utf8_lossy(text).into_owned());
        }
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
