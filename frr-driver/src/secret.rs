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

/// Returns `line` with everything behind the first word that announces a password or key replaced by [`HIDDEN`].
///
/// FRR's words are `password` (neighbor, vty, user, IS-IS, LDP), `key-string`, `authentication-key`,
/// `message-digest-key`, `md5`, `hmac-sha-…`, and `authentication string`. Abbreviations and near misses are
/// hidden as well, since FRR takes the former, and an error message quotes the latter.
pub fn redact(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut words = line.split_inclusive(char::is_whitespace).peekable();
    let mut before = "";
    while let Some(word) = words.next() {
        shown.push_str(word);
        let name = word.trim_end();
        if words.peek().is_some() && announces_secret(before, name) {
            shown.push_str(HIDDEN);
            break;
        }
        if !name.is_empty() {
            before = name;
        }
    }
    shown
}

fn announces_secret(before: &str, word: &str) -> bool {
    const CONTAINED: [&str; 6] = ["passw", "secret", "md5", "key-string", "-key", "hmac-sha"];
    const ABBREVIATED: [&str; 2] = ["password", "key-string"];
    let word = word.to_ascii_lowercase();
    CONTAINED.iter().any(|part| word.contains(part))
        || ABBREVIATED.iter().any(|full| word.len() >= 4 && full.starts_with(&word))
        || (before.starts_with("auth") && word.starts_with("str"))
        || (before == "nhrp" && word.starts_with("auth"))
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
        check("ip rip authentication string hush", "ip rip authentication string <hidden>");
        check("isis area-password md5 hush", "isis area-password <hidden>");
        check("ip nhrp authentication hush", "ip nhrp authentication <hidden>");
    }

    #[test]
    fn abbreviations_and_near_misses_are_hidden_too() {
        check("neighbor 10.0.0.1 pass hush", "neighbor 10.0.0.1 pass <hidden>");
        check("neighbor 10.0.0.1 Passwrod hush", "neighbor 10.0.0.1 Passwrod <hidden>");
        check("neighbor 10.0.0.1\tpasswd\thush", "neighbor 10.0.0.1\tpasswd\t<hidden>");
    }

    #[test]
    fn what_is_no_secret_stays() {
        check("neighbor 10.0.0.1 passive", "neighbor 10.0.0.1 passive");
        check("neighbor 10.0.0.1 description key account", "neighbor 10.0.0.1 description key account");
        check("key chain K", "key chain K");
        check("no neighbor 10.0.0.1 password", "no neighbor 10.0.0.1 password");
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
