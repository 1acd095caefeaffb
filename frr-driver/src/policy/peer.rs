//! Which peer a route-map of the contract is for.

use std::net::IpAddr;

use crate::session::VRF_DEFAULT;

/// The longest name of an interface in Linux (`IFNAMSIZ`), in bytes.
const INTERFACE_BYTES_MAX: usize = 15;

/// The longest name of a VRF in FRR (`lib/vrf.h VRF_NAMSIZ`), in bytes.
const VRF_BYTES_MAX: usize = 35;

/// The peer in the name `<peer>[-<vrf>]-in`, spelled in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer<'a> {
    /// An address, and the VRF.
    Address(IpAddr, &'a str),
    /// An interface, perhaps with a VRF: where the one ends is for the base to say.
    Interface(&'a str),
}

impl<'a> Peer<'a> {
    /// Reads the name of a map without its `-in`; tells why it names no peer.
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        let (head, vrf) = text.split_once('-').map_or((text, None), |(head, vrf)| (head, Some(vrf)));
        if let Ok(address) = head.parse() {
            return match vrf {
                None => Ok(Self::Address(address, VRF_DEFAULT)),
                Some(vrf) if is_name(vrf, VRF_BYTES_MAX) => Ok(Self::Address(address, vrf)),
                Some(_) => Err(format!("what stands between {head}- and -in is no name of a VRF")),
            };
        }
        if head.contains(':') || head.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(format!("{head} is neither an IP address nor an interface"));
        }
        let ends = text.match_indices('-').map(|(at, _)| at);
        let is_interface = is_name(text, INTERFACE_BYTES_MAX)
            || ends.into_iter().any(|at| {
                let (interface, vrf) = text.split_at(at);
                is_name(interface, INTERFACE_BYTES_MAX)
                    && vrf.get(1..).is_some_and(|vrf| is_name(vrf, VRF_BYTES_MAX))
            });
        if is_interface {
            Ok(Self::Interface(text))
        } else {
            Err(format!(
                "{text} is neither an IP address nor an interface of at most {INTERFACE_BYTES_MAX} characters"
            ))
        }
    }

    /// Returns whether the session with `neighbor` in `vrf` is meant.
    pub(super) fn is(&self, neighbor: &str, vrf: &str) -> bool {
        match self {
            Self::Address(address, own_vrf) => neighbor.parse() == Ok(*address) && vrf == *own_vrf,
            Self::Interface(text) => match text.strip_prefix(neighbor) {
                Some("") => vrf == VRF_DEFAULT,
                Some(rest) => rest.strip_prefix('-') == Some(vrf),
                None => false,
            },
        }
    }
}

fn is_name(text: &str, bytes_max: usize) -> bool {
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-+@".contains(&b));
    is_plain && text.len() <= bytes_max && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}
