//! A BGP peer that announces the same prefixes again and again, each time with another MED: the router judges all of
//! them anew all the time.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use routelet_tests::lab::{Node, wait};

/// How many groups of prefixes there are; those of one group are alike to every policy.
pub(crate) const GROUPS: u8 = 8;

/// How many prefixes a group has.
const PREFIXES: u8 = 4;

/// Between two rounds: bgpd must have time for other things.
const PAUSE: Duration = Duration::from_millis(1);

/// How long the router may take until it wants the session.
const CONNECTED_WITHIN: Duration = Duration::from_secs(20);

/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

const OPEN: u8 = 1;
const UPDATE: u8 = 2;
const KEEPALIVE: u8 = 4;

/// The peer, as long as it lives.
pub(crate) struct Speaker {
    stop: Sender<()>,
    thread: JoinHandle<io::Result<u64>>,
}

/// The AS of the peer.
pub(crate) const ASN: u16 = 64513;

/// The AS that the prefixes of `group` come from.
pub(crate) fn origin_asn(group: u8) -> u16 {
    65000 + u16::from(group)
}

/// Its address.
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(172, 30, 0, 3);

/// Returns the prefixes of `group`.
pub(crate) fn prefixes(group: u8) -> impl Iterator<Item = String> {
    (0..PREFIXES).map(move |number| format!("10.{group}.{number}.0/24"))
}

impl Speaker {
    /// Connects from `node` to `router`, and begins.
    pub(crate) fn start(node: &Node, router: Ipv4Addr) -> Self {
        let connect = || connect(SocketAddr::from((router, 179)));
        let stream = wait::until("the session of the speaker", CONNECTED_WITHIN, || {
            node.in_network(connect).unwrap().map_err(|error| error.to_string())
        })
        .unwrap();
        let (stop, stopped) = mpsc::channel();
        let mut answers = stream.try_clone().unwrap();
        thread::spawn(move || io::copy(&mut answers, &mut io::sink()));
        let thread = thread::spawn(move || {
            let mut stream = stream;
            stream.set_read_timeout(None)?;
            for round in 0_u64.. {
                let med = u32::try_from(round % 2).unwrap_or_default();
                let updates: Vec<u8> = (0..GROUPS).flat_map(|group| update(group, med)).collect();
                stream.write_all(&updates)?;
                if stopped.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout) {
                    stream.shutdown(Shutdown::Both)?;
                    return Ok(round);
                }
            }
            Ok(0)
        });
        Self { stop, thread }
    }

    /// Ends the session; returns how often everything was announced.
    pub(crate) fn stop(self) -> u64 {
        // An error shows at the join.
        let _ = self.stop.send(());
        self.thread.join().unwrap().expect("the session stayed up")
    }
}

/// Opens a session.
fn connect(router: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&router, ANSWER_WITHIN)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    let [high, low] = ASN.to_be_bytes();
    // IPv4 unicast, and AS numbers of four bytes.
    let capabilities = [2, 14, 1, 4, 0, 1, 0, 1, 65, 4, 0, 0, high, low, 2, 0];
    let mut open = vec![4, high, low, 0, 0];
    open.extend(ADDRESS.octets());
    open.push(16);
    open.extend(capabilities);
    stream.write_all(&message(OPEN, &open))?;
    expect(&mut stream, OPEN)?;
    stream.write_all(&message(KEEPALIVE, &[]))?;
    expect(&mut stream, KEEPALIVE)?;
    Ok(stream)
}

/// Reads one message, which must be of `kind`.
fn expect(stream: &mut TcpStream, kind: u8) -> io::Result<()> {
    let mut header = [0; 19];
    stream.read_exact(&mut header)?;
    let length = u16::from_be_bytes([header[16], header[17]]);
    let mut body = vec![0; usize::from(length).saturating_sub(header.len())];
    stream.read_exact(&mut body)?;
    if header[18] == kind {
        Ok(())
    } else {
        Err(io::Error::other(format!("message {} {body:?} instead of {kind}", header[18])))
    }
}

/// Announces the prefixes of `group`, which have its community and come from its AS.
fn update(group: u8, med: u32) -> Vec<u8> {
    let [high, low] = ASN.to_be_bytes();
    let mut attributes = vec![0x40, 1, 1, 0, 0x40, 2, 10, 2, 2, 0, 0, high, low, 0, 0];
    attributes.extend(origin_asn(group).to_be_bytes());
    attributes.extend([0x40, 3, 4]);
    attributes.extend(ADDRESS.octets());
    attributes.extend([0x80, 4, 4]);
    attributes.extend(med.to_be_bytes());
    attributes.extend([0xc0, 8, 4, high, low, 0, group]);
    let mut body = vec![0, 0];
    body.extend(u16::try_from(attributes.len()).unwrap().to_be_bytes());
    body.extend(attributes);
    body.extend((0..PREFIXES).flat_map(|number| [24, 10, group, number]));
    message(UPDATE, &body)
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![0xff; 16];
    message.extend(u16::try_from(body.len() + 19).unwrap().to_be_bytes());
    message.push(kind);
    message.extend(body);
    message
}
