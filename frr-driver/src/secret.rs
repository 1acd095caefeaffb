//! Text that may hold passwords: it is shown only with them hidden.

use std::{fmt, sync::Arc};

/// What stands in the place of a password or key.
pub const HIDDEN: &str = "<hidden>";

/// A text that may hold passwords and keys; cheap to clone.
///
/// `Display` and `Debug` hide them; [`Secret::reveal`] does not, and is for FRR and for files of mode 0600 alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Secret(Arc<str>);

// === impl Secret ===

impl Secret {
    /// The whole text, secrets included.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for Secret {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.0.split('\n').enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&redact(line))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// Returns `line` with its password or key replaced by [`HIDDEN`].
pub fn redact(line: &str) -> String {
    match start(line).and_then(|at| line.get(..at)) {
        Some(open) => format!("{open}{HIDDEN}"),
        None => line.to_owned(),
    }
}

/// Words, or parts of words, after which FRR takes a password or a key (neighbor, vty, user, key chain, OSPF, IS-IS,
/// RIP, LDP, NHRP, BFD).
const ANNOUNCING: [&str; 7] = ["passw", "secret", "md5", "key-string", "-key", "hmac-sha", "authentication"];

/// Words of which FRR takes the beginning for the whole.
const ABBREVIATED: [&str; 5] = ["password", "secret", "key-string", "authentication", "message-digest-key"];

/// The shortest abbreviation that counts: shorter ones begin other words as well.
const ABBREVIATION_BYTES_MIN: usize = 3;

/// Returns the byte at which the password or key of `line` begins, if it has one.
///
/// A line need not be one that FRR would take: an error quotes others too. So abbreviations and near misses count, and
/// whatever looks like a blank ends a word.
pub(crate) fn start(line: &str) -> Option<usize> {
    let mut at = 0;
    for word in line.split_inclusive(|c: char| !is_word(c)) {
        at += word.len();
        if !announces(word.trim_end_matches(|c| !is_word(c))) {
            continue;
        }
        let secret = line.get(at..)?.trim_start_matches(|c: char| !is_word(c) && !c.is_ascii_graphic());
        if !secret.is_empty() {
            return Some(line.len() - secret.len());
        }
    }
    None
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

fn announces(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let is_abbreviation = word.len() >= ABBREVIATION_BYTES_MIN && word != "key" && word != "message";
    ANNOUNCING.iter().any(|part| word.contains(part))
        || (is_abbreviation && ABBREVIATED.iter().any(|full| full.starts_with(&word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, want: &str) {
        assert_eq!(redact(line), want);
    }

    #[test]
    fn what_follows_a_password_word_is_hidden() {
        check("neighbor 10.0.0.1 password hush", "neighbor 10.0.0.1 password <hidden>");
        check("  enable password 8 hush hush", "  enable password <hidden>");
        check("password hush", "password <hidden>");
        check("username ops password hush", "username ops password <hidden>");
        check(" key-string hush", " key-string <hidden>");
        check("ip ospf message-digest-key 1 md5 hush", "ip ospf message-digest-key <hidden>");
        check("ip ospf authentication-key hush", "ip ospf authentication-key <hidden>");
        check("ip rip authentication string hush", "ip rip authentication <hidden>");
        check("isis area-password md5 hush", "isis area-password <hidden>");
        check("ip nhrp authentication hush", "ip nhrp authentication <hidden>");
    }

    #[test]
    fn abbreviations_and_near_misses_are_hidden_too() {
        check("neighbor 10.0.0.1 pass hush", "neighbor 10.0.0.1 pass <hidden>");
        check("neighbor 10.0.0.1 Passwrod hush", "neighbor 10.0.0.1 Passwrod <hidden>");
        check("neighbor 10.0.0.1\tpasswd\thush", "neighbor 10.0.0.1\tpasswd\t<hidden>");
        check("neighbor 10.0.0.1 password\u{a0}hush", "neighbor 10.0.0.1 password\u{a0}<hidden>");
    }

    #[test]
    fn what_is_no_secret_stays() {
        check("neighbor 10.0.0.1 passive", "neighbor 10.0.0.1 passive");
        check("neighbor 10.0.0.1 description key account", "neighbor 10.0.0.1 description key account");
        check("key chain K", "key chain K");
        check("no neighbor 10.0.0.1 password", "no neighbor 10.0.0.1 password");
        check("neighbor 10.0.0.1 shutdown message back soon", "neighbor 10.0.0.1 shutdown message back soon");
        check("", "");
    }

    #[test]
    fn neither_display_nor_debug_shows_it() {
        let secret = Secret::from("router bgp 1\n neighbor x password hush\n".to_owned());
        assert_eq!(secret.to_string(), "router bgp 1\n neighbor x password <hidden>\n");
        assert!(!format!("{secret:?}").contains("hush"));
        assert!(secret.reveal().contains("hush"));
    }
}
