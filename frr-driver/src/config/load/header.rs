//! Headers of blocks: what they open, and how FRR prints them.

use crate::{
    config::{Statement, grammar::Context, rewrite, spell::spell, static_route},
    quirks::FrrVersion,
    session::AddressFamily,
};

/// Returns the key and the canonical text of the header `words`.
pub(super) fn header(opened: Context, words: &[&str], version: FrrVersion) -> (String, String) {
    match (opened, words) {
        (Context::Bgp, ["router", "bgp", rest @ ..]) => instance(rest),
        (Context::RouteMap, ["route-map", name, action, seq]) => match seq.parse::<u32>() {
            Ok(seq) => (format!("route-map {name} {seq:010}"), format!("route-map {name} {action} {seq}")),
            Err(_) => (format!("route-map {name} {seq}"), words.join(" ")),
        },
        (Context::Family(family), _) => (family_key(family), family_key(family)),
        (Context::Interface, ["interface", name, ..]) => {
            (format!("interface {name}"), format!("interface {name}"))
        }
        (Context::BfdItem, _) => {
            let spelled = spell(opened, words, version);
            let text = spelled.map_or_else(|| words.join(" "), |words| words.join(" "));
            let words: Vec<&str> = text.split(' ').collect();
            let text = rewrite::rewrite(opened, &words, version).unwrap_or(text);
            (text.clone(), text)
        }
        _ => (words.join(" "), words.join(" ")),
    }
}

/// `router bgp [ASN] [vrf|view NAME] [as-notation …]`: one instance per VRF, whatever the number.
fn instance(words: &[&str]) -> (String, String) {
    let (keyword, vrf, words) = match words {
        [words @ .., keyword @ ("vrf" | "view"), name] => (*keyword, *name, words),
        _ => ("vrf", "default", words),
    };
    let mut text = match words.first().and_then(|asn| rewrite::without_zeros(asn)) {
        Some(asn) => rewrite::join(&format!("router bgp {asn}"), words.get(1..).unwrap_or_default()),
        None => rewrite::join("router bgp", words),
    };
    if vrf != "default" {
        text = rewrite::join(&text, &[keyword, vrf]);
    }
    (format!("router bgp vrf {vrf}"), text)
}

/// The key of an address family's block, which is its header.
pub(crate) fn family_key(family: AddressFamily) -> String {
    format!("address-family {}", family.config_words())
}

/// The AS number in the header of an instance; empty if it names none.
pub(super) fn asn_of(header: &Statement) -> &str {
    asn_in(header.reveal())
}

/// The same, of the header's text.
pub(super) fn asn_in(header: &str) -> &str {
    header.split(' ').nth(2).filter(|word| !matches!(*word, "vrf" | "view")).unwrap_or_default()
}

/// The VRF in whose block FRR prints a line that names it at its end.
pub(super) fn vrf_of<'a>(words: &[&'a str]) -> Option<(&'a str, Vec<&'a str>)> {
    match words {
        ["ip" | "ipv6", "router-id", _, "vrf", vrf] => Some((vrf, words.get(..3)?.to_vec())),
        _ => static_route::vrf(words),
    }
}
