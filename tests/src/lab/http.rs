//! A small HTTP client that asks from inside a node.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use super::{LabError, Node};

/// How long a server may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// An answer to a request.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header, one line per field, as sent.
    pub header: String,
    /// The body.
    pub body: String,
}

impl Node {
    /// Requests `path` from the server at `address`, in the node's network.
    pub fn http_get(&self, address: SocketAddr, path: &str) -> Result<Response, LabError> {
        let failed = |source| LabError::Connection { what: format!("GET http://{address}{path}"), source };
        self.in_network(|| get(address, path))?.map_err(failed)
    }
}

/// Speaks HTTP 1.0: no chunks, and the end of the connection is the end of the body.
fn get(address: SocketAddr, path: &str) -> io::Result<Response> {
    let mut stream = TcpStream::connect_timeout(&address, SILENCE_MAX)?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let (first, header) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, first.to_owned()))?;
    Ok(Response { status, header: header.to_owned(), body: body.to_owned() })
}
