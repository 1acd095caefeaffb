//! Ways to the server from other network namespaces.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    thread::JoinHandle,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener as Listener, TcpStream},
    runtime,
    sync::oneshot,
};

use crate::lab::{LabError, Node};

/// A way to the server; when this value goes, its connections are cut, and new ones are refused.
///
/// While the server is stopped, a connection is taken and closed at once.
#[derive(Debug)]
pub struct Reach {
    port: u16,
    /// Dropped, it ends the thread.
    open: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reach {
    /// Opens a way from 127.0.0.1 of `from` (this machine, if there is none) to the same port of `server`; port 0
    /// takes any that is free.
    pub(super) fn open(from: Option<&Node>, server: &Node, port: u16) -> Result<Self, LabError> {
        let failed = |source| LabError::Connection { what: format!("to listen on 127.0.0.1:{port}"), source };
        let listen = || listen(port);
        let listener = match from {
            None => listen(),
            Some(node) => {
                reserve(node, port)?;
                node.in_network(listen)?
            }
        };
        let (listener, port) = listener.map_err(failed)?;
        let runtime = runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
        let (open, closed) = oneshot::channel();
        // Accepted connections stay in the network of the listener; those to the server are made in its own.
        let thread = server.thread_in_network(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = closed => {}
                    () = serve(listener, port) => {}
                }
            });
        })?;
        Ok(Self { port, open: Some(open), thread: Some(thread) })
    }

    /// Returns the port.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Reach {
    fn drop(&mut self) {
        self.open = None;
        if let Some(thread) = self.thread.take() {
            // Its runtime goes with it, and with that every connection.
            let _ = thread.join();
        }
    }
}

/// Keeps the connections that programs of `node` make from taking `port` for their own end.
pub(super) fn reserve(node: &Node, port: u16) -> Result<(), LabError> {
    let command = format!("echo {port} >/proc/sys/net/ipv4/ip_local_reserved_ports");
    node.run(["sh", "-c", &command]).map(drop)
}

fn listen(port: u16) -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// Copies every connection to `port` of this thread's network, for ever.
async fn serve(listener: TcpListener, port: u16) {
    let Ok(listener) = Listener::from_std(listener) else { return };
    while let Ok((mut client, _)) = listener.accept().await {
        tokio::spawn(async move {
            if let Ok(mut server) = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
                // One end is gone: then so is the other one.
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}
