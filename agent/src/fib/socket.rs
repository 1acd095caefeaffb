//! A netlink socket that asks for whole tables.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
};

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use tokio::time::Instant;

use super::{
    FibError,
    message::{NHMSG_BYTES, RTMSG_BYTES, RTPROT_BGP, aligned, number},
};

/// The largest piece that the kernel sends (`net/netlink/af_netlink.c netlink_dump`).
const PIECE_BYTES_MAX: usize = 64 << 10;

/// The length of `struct nlmsghdr`.
const HEADER_BYTES: usize = 16;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;
const RTM_NEWNEXTHOP: u16 = 104;
const RTM_GETNEXTHOP: u16 = 106;

/// `NLM_F_REQUEST | NLM_F_DUMP`.
const FLAGS: u16 = 0x301;

/// `MSG_TRUNC`: says how long a piece was, not how much of it there was room for.
const MSG_TRUNC: i32 = 0x20;

/// A question for a whole table.
#[derive(Debug)]
pub(super) struct Dump {
    request: Vec<u8>,
    /// The type of the messages that answer it.
    answer: u16,
}

/// A connection to the kernel's routing.
#[derive(Debug)]
pub(super) struct RouteSocket {
    socket: Socket,
    sequence: u32,
}

// === impl Dump ===

impl Dump {
    /// Asks for the routes of BGP in all tables.
    pub(super) fn routes(family: u8) -> Self {
        let mut rtmsg = [0; RTMSG_BYTES];
        let [first, _, _, _, _, protocol, ..] = &mut rtmsg;
        (*first, *protocol) = (family, RTPROT_BGP);
        Self { request: request(RTM_GETROUTE, &rtmsg), answer: RTM_NEWROUTE }
    }

    /// Asks for all nexthop objects.
    pub(super) fn next_hops() -> Self {
        Self { request: request(RTM_GETNEXTHOP, &[0; NHMSG_BYTES]), answer: RTM_NEWNEXTHOP }
    }
}

/// Puts a header before `payload`; its sequence number is filled in when it is sent.
fn request(kind: u16, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER_BYTES + payload.len()).unwrap_or(0);
    let mut request = Vec::with_capacity(HEADER_BYTES + payload.len());
    request.extend(length.to_ne_bytes());
    request.extend(kind.to_ne_bytes());
    request.extend(FLAGS.to_ne_bytes());
    request.extend([0; 8]);
    request.extend(payload);
    request
}

// === impl RouteSocket ===

impl RouteSocket {
    /// Opens a socket in the network namespace of the calling thread.
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        // Lets the kernel filter by protocol (Linux 4.20); without it, we do.
        let _ = socket.set_netlink_get_strict_chk(true);
        Ok(Self { socket, sequence: 0 })
    }

    /// Calls `each` with the payload of each message of the table.
    pub(super) fn dump(
        &mut self,
        dump: &Dump,
        deadline: Instant,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), FibError> {
        self.sequence += 1;
        let mut request = dump.request.clone();
        if let Some(sequence) = request.get_mut(8..12) {
            sequence.copy_from_slice(&self.sequence.to_ne_bytes());
        }
        self.socket.send(&request, 0).map_err(FibError::Netlink)?;
        let mut piece = Vec::with_capacity(PIECE_BYTES_MAX);
        loop {
            if Instant::now() > deadline {
                return Err(FibError::TimedOut);
            }
            piece.clear();
            let length = match self.socket.recv(&mut piece, MSG_TRUNC) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(FibError::TimedOut),
                Err(error) => return Err(FibError::Netlink(error)),
            };
            if length > piece.len() {
                return Err(FibError::Netlink(io::Error::other("message is too long")));
            }
            if read_piece(&piece, self.sequence, dump.answer, &mut each).map_err(FibError::Netlink)? {
                return Ok(());
            }
        }
    }
}

impl AsFd for RouteSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Reads the messages of one piece; returns whether it was the last.
pub(super) fn read_piece(
    mut piece: &[u8],
    sequence: u32,
    answer: u16,
    each: &mut impl FnMut(&[u8]),
) -> io::Result<bool> {
    while let Some((header, _)) = piece.split_at_checked(HEADER_BYTES) {
        let cut = || io::Error::other("message is cut short");
        let length = number(header).and_then(|length| usize::try_from(length).ok()).ok_or_else(cut)?;
        let payload = piece.get(HEADER_BYTES..length).ok_or_else(cut)?;
        let kind = u16::from_ne_bytes(*header.get(4..).and_then(<[u8]>::first_chunk).ok_or_else(cut)?);
        let is_ours = header.get(8..).and_then(number) == Some(sequence);
        // Both end a table, with 0 or the number of an error, negated.
        if is_ours && matches!(kind, NLMSG_ERROR | NLMSG_DONE) {
            let code = number(payload).unwrap_or(0).cast_signed();
            return if code == 0 { Ok(true) } else { Err(io::Error::from_raw_os_error(-code)) };
        }
        if is_ours && kind == answer {
            each(payload);
        }
        piece = piece.get(aligned(length)..).unwrap_or_default();
    }
    Ok(false)
}
