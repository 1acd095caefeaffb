//! What differs between FRR versions, as data. No other module compares versions.

use std::{fmt, str::FromStr};

/// A range of versions, for rows of tables: from the first to before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions(FrrVersion, FrrVersion);

// === impl Versions ===

impl Versions {
    const FIRST: FrrVersion = FrrVersion(0, 0, 0);
    const NEVER: FrrVersion = FrrVersion(u16::MAX, 0, 0);

    /// Every version.
    pub const ALL: Self = Self(Self::FIRST, Self::NEVER);
    /// Up to 7.5.1, the last that was measured before 8.
    pub const UNTIL_8: Self = Self(Self::FIRST, FrrVersion::V8);
    /// From 8 on.
    pub const FROM_8: Self = Self(FrrVersion::V8, Self::NEVER);
    /// Up to 9.
    pub const UNTIL_10: Self = Self(Self::FIRST, FrrVersion::V10);
    /// Up to 9.0.
    pub const UNTIL_9_1: Self = Self(Self::FIRST, FrrVersion::V9_1);
    /// From 9.1 on.
    pub const FROM_9_1: Self = Self(FrrVersion::V9_1, Self::NEVER);
    /// From 10 on.
    pub const FROM_10: Self = Self(FrrVersion::V10, Self::NEVER);
    /// Up to 10.3: the next that was measured is 10.7.1.
    pub const UNTIL_10_4: Self = Self(Self::FIRST, FrrVersion::V10_4);
    /// From what 10.7.1 brought on; 10.3 did not have it.
    pub const FROM_10_4: Self = Self(FrrVersion::V10_4, Self::NEVER);

    /// Returns whether `version` is in the range.
    pub fn contains(self, version: FrrVersion) -> bool {
        self.0 <= version && version < self.1
    }
}

/// A version of FRR: major, minor, patch (0 where FRR names none, as in 10.3). Ordered as versions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrrVersion(pub u16, pub u16, pub u16);

impl FrrVersion {
    const V8: Self = Self(8, 0, 0);
    const V9_1: Self = Self(9, 1, 0);
    const V10: Self = Self(10, 0, 0);
    const V10_4: Self = Self(10, 4, 0);

    /// Returns whether FRR re-evaluates routes when only the action of a route-map entry changes.
    ///
    /// Not in 7.4 and 7.5: `lib_route_map_entry_action_modify()` raises no event (fixed by commit 4fc5dafd1c,
    /// pull request 8110, first in 8.0).
    pub fn notices_action_change(self) -> bool {
        self >= Self::V8
    }

    /// Returns whether mgmtd owns the lists, route-maps and static routes (from FRR 10 on).
    pub fn has_mgmtd(self) -> bool {
        self >= Self::V10
    }

    /// Returns whether a map that is made after its reference is bound to the peer at once.
    ///
    /// Up to 10.3 only when `bgp route-map delay-timer` fires (measured on 7.5.1, 8.4.4 and 10.3: 5.2 s; on
    /// 10.7.1: 0.25 s).
    pub fn binds_late_maps_at_once(self) -> bool {
        self >= Self(10, 4, 0)
    }

    /// Returns whether `local-as` may be given to an internal peer, and may be the peer's own AS.
    ///
    /// Refused up to 8.4 (`peer_local_as_set` in bgpd.c).
    pub fn takes_any_local_as(self) -> bool {
        self >= Self(8, 5, 0)
    }

    /// Returns whether `unsuppress-map` is a policy for RFC 8212.
    ///
    /// Read in `bgp_outbound_policy_exists` (`bgp_route.c`): 8.5.5, 9.0.3, 9.1.1 and 10.0 are the first of their
    /// branches that do.
    pub fn counts_unsuppress_map_as_policy(self) -> bool {
        match self {
            Self(8, 5, patch) => patch >= 5,
            Self(9, 0, patch) => patch >= 3,
            Self(9, 1, patch) => patch >= 1,
            _ => self >= Self::V10,
        }
    }

    /// Returns whether a peer-group may have internal and external members.
    ///
    /// Refused up to 10.6 (`peer_group_bind` in bgpd.c; measured on 7.5.1, 8.4.4, 10.3 and 10.7.1).
    pub fn mixes_sides_in_group(self) -> bool {
        self >= Self(10, 7, 0)
    }

    /// Returns whether `echo-interval` of a BFD profile is printed as a transmit and a receive interval.
    pub fn splits_echo_interval(self) -> bool {
        self >= Self::V8
    }

    /// Returns whether `show route-map` counts what comes to each entry.
    ///
    /// Not on 7.5.1, where only the map's own counter works (measured).
    pub fn counts_route_map_entries(self) -> bool {
        self >= Self::V8
    }

    /// Returns whether all route-map and list lines of one `vtysh -f` take effect at one instant.
    ///
    /// From 8.0 on (commit fd396924d6), daemons hold them between `XFRR_start_configuration` and the end, or the first
    /// line of another kind, and commit them at once. Before, each line is committed by itself (but for a hundred in one
    /// second), and the clauses of `bgp_routemap.c` know no commit at all.
    pub fn commits_policies_at_once(self) -> bool {
        self >= Self::V8
    }

    /// How many route-map and list lines are held at most before they are committed; `None` = any number.
    ///
    /// `NB_CMD_BATCH_SIZE` in `lib/northbound_cli.h` (commit 6f132af67b, first in 10.3).
    pub fn policy_lines_held_max(self) -> Option<usize> {
        (self >= Self(10, 3, 0)).then_some(5000)
    }

    /// Returns whether a route-map still finds a prefix of its prefix-list when another entry with that prefix goes.
    ///
    /// Not up to 9.0.1: the table by which maps find their entries (`route_map_pfx_table_del` in `lib/routemap.c`)
    /// holds each prefix once (fixed by commit aed94c8096, first in 9.0.2 and 9.1).
    pub fn keeps_shared_prefixes(self) -> bool {
        self >= Self(9, 0, 2)
    }

    /// Returns whether a route-map still finds `any` in its prefix-list when another entry comes.
    ///
    /// Not on 7.5.1: with each entry, `route_map_add_plist_entries` in `lib/routemap.c` takes the map's entry from the
    /// default prefix, where `any` has put it (pull request 8718, first in 8.0).
    pub fn keeps_default_prefix(self) -> bool {
        self >= Self::V8
    }

    /// Returns whether a prefix-list entry that is written over loses `ge` and `le` if the new one has none.
    ///
    /// Not on 7.5.1 (`ip_prefix_list` in `lib/filter_cli.c`; measured).
    pub fn overwrites_prefix_ranges(self) -> bool {
        self >= Self::V8
    }

    /// Returns whether `neighbor X ebgp-multihop` is printed with its number (255).
    pub fn prints_multihop_255(self) -> bool {
        self < Self::V10
    }

    /// Returns whether `exit` ends a block for frr-reload.py.
    ///
    /// 7.5.1 relies on the `end` marks of `vtysh -m`, which an `exit` keeps away: whatever follows the block is taken
    /// for its child. There blocks are left open, as FRR itself prints them, and `bfd`, which `vtysh -m` does not
    /// mark, comes last.
    pub fn reload_reads_exit(self) -> bool {
        self >= Self::V8
    }

    /// Returns whether frr-reload.py knows `--logfile`; without it, it writes to `/var/log/frr` even with `--stdout`.
    pub fn reload_has_logfile_option(self) -> bool {
        self >= Self(10, 4, 0)
    }

    /// Returns whether the entries of as-path lists have sequence numbers.
    pub fn numbers_as_path_entries(self) -> bool {
        self >= Self::V8
    }

    /// Returns whether `neighbor X bfd` is printed beside `neighbor X bfd profile P`.
    pub fn prints_bfd_beside_profile(self) -> bool {
        self >= Self::V8
    }

    /// Returns whether a prefix-list may hold the same content under two numbers.
    ///
    /// 7.5.1 refuses the second, 8.4.4 ignores it (`lib/filter_cli.c`, `plist_is_dup`).
    pub fn holds_duplicate_entries(self) -> bool {
        self >= Self::V10
    }

    /// Returns whether a second entry of a prefix-list with the same prefix and the *other* action is refused.
    pub fn duplicates_ignore_action(self) -> bool {
        self < Self::V8
    }

    /// Returns whether addresses in some clauses of a route-map keep the spelling that was written.
    pub fn keeps_clause_spelling(self) -> bool {
        self < Self::V8
    }

    /// Returns whether the tag of a static route counts for all next hops of that prefix and distance.
    pub fn spreads_static_tag(self) -> bool {
        self < Self::V10_4
    }

    /// Returns whether two distances of one static route are two routes.
    pub fn keys_static_by_distance(self) -> bool {
        self < Self::V8
    }

    /// Returns whether an empty `vrf` block is printed, and can be removed.
    pub fn prints_empty_vrf(self) -> bool {
        self >= Self::V10
    }

    /// Returns whether `import vrf V` makes an instance `router bgp N vrf V`.
    pub fn import_makes_instance(self) -> bool {
        self < Self::V10
    }

    /// The connect timer of a neighbor when nobody sets it, in seconds; FRR's datacenter profile has 10.
    pub fn connect_timer_default(self) -> u32 {
        if self < Self::V10 { 120 } else { 30 }
    }

    /// Returns whether `match ipv6 next-hop` of an address is printed with the word `address`.
    pub fn names_ipv6_next_hop_address(self) -> bool {
        self >= Self::V8
    }

    /// Returns whether `match rpki` is printed as `match rpki-extcommunity`.
    pub fn names_rpki_extcommunity(self) -> bool {
        self >= Self::V8
    }

    /// Returns whether `use-underlays-nexthop-weight` is printed with `bgp always-compare-med` and
    /// `bgp deterministic-med`: a flag that collides (10.7.1).
    pub fn prints_underlays_weight_with_med(self) -> bool {
        self >= Self::V10_4
    }

    /// Returns whether `maximum-paths ibgp N` leaves an `equal-cluster-length` of before as it was.
    pub fn keeps_equal_cluster_length(self) -> bool {
        self < Self::V8
    }

    /// Returns whether `as-set` of an aggregate is forgotten after `bgp reject-as-sets`.
    pub fn drops_rejected_as_sets(self) -> bool {
        self < Self::V10_4
    }

    /// Returns whether the IPv6 families take `redistribute table N`, which they print as `table-direct N`.
    pub fn redistributes_ipv6_tables(self) -> bool {
        self >= Self::V10
    }

    /// Returns whether mgmtd keeps a line that it refused in its candidate, so that every later commit fails with it.
    pub fn keeps_refused_candidate(self) -> bool {
        self >= Self::V10_4
    }

    /// Returns whether `debug northbound` includes `callbacks notify`.
    pub fn debugs_northbound_notify(self) -> bool {
        self >= Self::V10
    }

    /// Returns whether `no shutdown` of a BFD profile or peer is printed, and `shutdown` of a profile is not.
    pub fn prints_bfd_no_shutdown(self) -> bool {
        self < Self::V8
    }
}

impl Default for FrrVersion {
    /// The newest release that was measured; for work without a running FRR.
    fn default() -> Self {
        Self(10, 7, 1)
    }
}

impl fmt::Display for FrrVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)?;
        if self.2 == 0 { Ok(()) } else { write!(f, ".{}", self.2) }
    }
}

/// The text is no version of FRR.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version of FRR: {0:?}")]
pub struct VersionError(String);

impl FromStr for FrrVersion {
    type Err = VersionError;

    /// Reads `8.4.4`, `10.3`, `10.7.1-dev`, `8.4.4-1.1~deb12u1`: the leading numbers count.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let numbers: Vec<u16> = text
            .split(|c: char| !c.is_ascii_digit() && c != '.')
            .next()
            .unwrap_or_default()
            .split('.')
            .map_while(|number| number.parse().ok())
            .collect();
        match numbers.as_slice() {
            [major, minor] => Ok(Self(*major, *minor, 0)),
            [major, minor, patch, ..] => Ok(Self(*major, *minor, *patch)),
            [] | [_] => Err(VersionError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<FrrVersion>) {
        assert_eq!(text.parse().ok(), want, "{text}");
    }

    #[test]
    fn a_version_is_read_from_what_frr_and_debian_write() {
        check("7.5.1", Some(FrrVersion(7, 5, 1)));
        check("10.3", Some(FrrVersion(10, 3, 0)));
        check("8.4.4-1.1~deb12u1", Some(FrrVersion(8, 4, 4)));
        check("10.7.1_git.1234", Some(FrrVersion(10, 7, 1)));
        check("", None);
        check("ten", None);
    }

    #[test]
    fn versions_are_ordered_and_printed_as_frr_names_them() {
        assert!(FrrVersion(7, 5, 1) < FrrVersion(8, 4, 4) && FrrVersion(8, 4, 4) < FrrVersion(10, 3, 0));
        assert_eq!(FrrVersion(10, 3, 0).to_string(), "10.3");
    }
}
