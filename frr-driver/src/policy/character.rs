//! Characters that no configuration needs, and that hide what a line says.

/// Why no line may hold `c`, comments included, and what to write instead; `None` = it may.
///
/// vtysh splits words at blanks and tabs (and at a carriage return), and skips a vertical tab or a form feed before
/// the first word (`lib/command.c cmd_make_strvec`, tried on four versions); an editor shows most of the others as a
/// blank, or not at all.
pub(super) fn forbidden(c: char) -> Option<(&'static str, &'static str)> {
    const DELETE: &str = "delete it";
    match c {
        '\t' | '\n' | ' ' => None,
        '\r' => Some(("a carriage return within the line", "end the line with a line feed, or with both")),
        '\u{b}' => Some(("a vertical tab", "write a blank")),
        '\u{c}' => Some(("a form feed", "write a blank")),
        '\u{85}' | '\u{2028}' | '\u{2029}' => {
            Some(("a line end that FRR does not know", "end the line with a line feed"))
        }
        c if c.is_control() => Some(("a control character", DELETE)),
        '\u{a0}' | '\u{202f}' => Some(("a no-break space", "write a plain blank")),
        c if c.is_whitespace() => Some(("a space that is none for FRR", "write a plain blank")),
        '\u{feff}' => Some(("a byte-order mark", "save the file as UTF-8 without it")),
        '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{180e}' | '\u{e0000}'..='\u{e007f}' => {
            Some(("an invisible character", DELETE))
        }
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => {
            Some(("a character that changes the direction of the text", DELETE))
        }
        _ => None,
    }
}

/// Returns `c`, or a stand-in where a terminal would act on it or show nothing.
pub(super) fn printable(c: char) -> char {
    let is_invisible = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    let is_odd = forbidden(c).is_some() || is_invisible;
    match c {
        '\t' | '\n' => ' ',
        _ if is_odd => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}
