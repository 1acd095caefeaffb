//! Ways to the server from other network namespaces.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::fd::{AsFd as _, AsRawFd as _},
    thread::JoinHandle,
};

use nix::sys::socket::{self as sys, Backlog, Shutdown};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener as Listener, TcpStream},
    runtime,
    sync::{oneshot, watch},
};

use crate::lab::{LabError, Node};

/// A way to the server; when this value goes, its connections are cut, and new ones are refused.
///
/// While the server does not listen, connections are refused here too.
#[derive(Debug)]
pub struct Reach {
    port: u16,
    /// Dropped, it ends the thread.
    open: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reach {
    /// Opens a way from 127.0.0.1 of `from` (this machine, if there is none) to the same port of `server`; port 0
    /// takes any that is free. `listens` tells whether the server does.
    pub(super) fn open(
        from: Option<&Node>,
        server: &Node,
        port: u16,
        listens: watch::Receiver<bool>,
    ) -> Result<Self, LabError> {
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
                    _ = serve(listener, port, listens) => {}
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

/// Listens on `port`, or for port 0 on any that is free.
fn listen(port: u16) -> io::Result<(TcpListener, u16)> {
    if port == 0 {
        // A port that the kernel chose is lost when its socket stops to listen; one that was asked for is not.
        let chosen = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        return listen(chosen);
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok((listener, port))
}

/// Copies every connection to `port` of this thread's network, for as long as there is a server.
async fn serve(listener: TcpListener, port: u16, mut listens: watch::Receiver<bool>) -> io::Result<()> {
    let mut socket = listener;
    loop {
        // A new one each time: what was shut down once stays so for tokio.
        let listener = Listener::from_std(socket)?;
        while *listens.borrow_and_update() {
            tokio::select! {
                accepted = listener.accept() => drop(tokio::spawn(copy(accepted?.0, port))),
                changed = listens.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                }
            }
        }
        socket = listener.into_std()?;
        sys::shutdown(socket.as_raw_fd(), Shutdown::Read)?;
        if listens.wait_for(|&listens| listens).await.is_err() {
            return Ok(());
        }
        sys::listen(&socket.as_fd(), Backlog::MAXALLOWABLE)?;
    }
}

/// Copies a connection, until one of its ends is gone: then so is the other one.
async fn copy(mut client: TcpStream, port: u16) {
    if let Ok(mut server) = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
