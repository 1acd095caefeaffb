//! Routes and nexthop objects, as `linux/rtnetlink.h` and `linux/nexthop.h` lay them out.
//!
//! Only what is counted is read, in place and without allocating per attribute: a table may have a million
//! routes, and new kernels add attributes that are none of our business.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::shown;

/// `AF_INET`, `AF_INET6`.
pub(super) const AF_INET: u8 = 2;
pub(super) const AF_INET6: u8 = 10;

/// `RTPROT_BGP`, by which FRR marks its routes (`zebra/rt_netlink.h`).
pub(super) const RTPROT_BGP: u8 = 186;

/// `RTM_F_CLONED`: a cache entry, not a route.
const RTM_F_CLONED: u32 = 0x200;

/// The length of `struct rtmsg`, of `struct nhmsg`, of `struct rtnexthop`.
pub(super) const RTMSG_BYTES: usize = 12;
pub(super) const NHMSG_BYTES: usize = 8;
const RTNEXTHOP_BYTES: usize = 8;

/// The flags in the type of an attribute: nested, and network byte order.
const NLA_TYPE_MASK: u16 = 0x3fff;

const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_MULTIPATH: u16 = 9;
const RTA_VIA: u16 = 18;
const RTA_NH_ID: u16 = 30;

const NHA_ID: u16 = 1;
const NHA_GROUP: u16 = 2;
const NHA_OIF: u16 = 5;
const NHA_GATEWAY: u16 = 6;

/// The length of a member in `NHA_GROUP`: `struct nexthop_grp`.
const MEMBER_BYTES: usize = 8;

/// Where a route leads to: an address, an interface, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hop {
    pub(super) gateway: Option<IpAddr>,
    pub(super) interface: Option<u32>,
}

/// A route.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) family: u8,
    protocol: u8,
    flags: u32,
    /// Empty for a blackhole, and where only a nexthop object is named.
    pub(super) hops: Vec<Hop>,
    pub(super) object: Option<u32>,
}

/// A nexthop object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NextHop {
    pub(super) id: u32,
    pub(super) hop: Option<Hop>,
    /// The objects of a group.
    pub(super) members: Vec<u32>,
}

/// The attributes behind a fixed header.
struct Attributes<'a>(&'a [u8]);

// === impl Route ===

impl Route {
    /// Reads an `RTM_NEWROUTE`; `None` if it is too short.
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let (header, attributes) = payload.split_at_checked(RTMSG_BYTES)?;
        let [family, _, _, _, _, protocol, ..] = *header else { return None };
        let flags = number(header.get(8..)?)?;
        let mut hops = Vec::new();
        let mut object = None;
        for (kind, value) in Attributes(attributes) {
            match kind {
                RTA_MULTIPATH => hops.extend(multipath(value)),
                RTA_NH_ID => object = number(value),
                _ => {}
            }
        }
        hops.extend(hop(attributes));
        Some(Self { family, protocol, flags, hops, object })
    }

    /// Whether FRR's bgpd put it there. Old kernels do not filter by themselves.
    pub(super) fn is_learned(&self) -> bool {
        self.protocol == RTPROT_BGP && self.flags & RTM_F_CLONED == 0
    }
}

// === impl NextHop ===

impl NextHop {
    /// Reads an `RTM_NEWNEXTHOP`; `None` if it is too short or has no id.
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let (_, attributes) = payload.split_at_checked(NHMSG_BYTES)?;
        let (mut id, mut hop, mut members) = (None, Hop { gateway: None, interface: None }, Vec::new());
        for (kind, value) in Attributes(attributes) {
            match kind {
                NHA_ID => id = number(value),
                NHA_OIF => hop.interface = number(value),
                NHA_GATEWAY => hop.gateway = address(value).and_then(shown),
                NHA_GROUP => members = value.chunks_exact(MEMBER_BYTES).filter_map(number).collect(),
                _ => {}
            }
        }
        let is_known = hop.gateway.is_some() || hop.interface.is_some();
        Some(Self { id: id?, hop: is_known.then_some(hop), members })
    }
}

/// Reads the next hops of `RTA_MULTIPATH`: each a `struct rtnexthop` with attributes of its own.
fn multipath(mut rest: &[u8]) -> Vec<Hop> {
    let mut hops = Vec::new();
    while let Some((header, _)) = rest.split_at_checked(RTNEXTHOP_BYTES) {
        let Some(length) = short(header).map(usize::from) else { break };
        let Some(attributes) = rest.get(RTNEXTHOP_BYTES..length) else { break };
        let interface = header.get(4..).and_then(number).filter(|index| *index != 0);
        let gateway = hop(attributes).and_then(|hop| hop.gateway);
        hops.push(Hop { gateway, interface });
        rest = rest.get(aligned(length)..).unwrap_or_default();
    }
    hops
}

/// Reads the one next hop that attributes of a route say, if they do.
fn hop(attributes: &[u8]) -> Option<Hop> {
    let mut hop = Hop { gateway: None, interface: None };
    for (kind, value) in Attributes(attributes) {
        match kind {
            RTA_OIF => hop.interface = number(value),
            RTA_GATEWAY => hop.gateway = address(value).and_then(shown),
            // A next hop of the other family: two bytes that name it, then the address.
            RTA_VIA => hop.gateway = value.get(2..).and_then(address).and_then(shown),
            _ => {}
        }
    }
    (hop.gateway.is_some() || hop.interface.is_some()).then_some(hop)
}

/// The next multiple of four.
pub(super) fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

fn short(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
}

pub(super) fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let ipv4 = <[u8; 4]>::try_from(bytes).map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)));
    let ipv6 = <[u8; 16]>::try_from(bytes).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes)));
    ipv4.or(ipv6).ok()
}

// === impl Attributes ===

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = usize::from(short(self.0)?);
        let kind = short(self.0.get(2..)?)? & NLA_TYPE_MASK;
        let value = self.0.get(4..length)?;
        self.0 = self.0.get(aligned(length)..).unwrap_or_default();
        Some((kind, value))
    }
}
