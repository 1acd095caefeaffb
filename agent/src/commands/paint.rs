//! Colours, where somebody sees them, and a standard output that may be closed.

use std::{
    ffi::OsStr,
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use anstyle::{AnsiColor, Style};

/// What goes.
pub(crate) const RED: Style = AnsiColor::Red.on_default();
/// What is wrong, in a title.
pub(crate) const BOLD_RED: Style = AnsiColor::Red.on_default().bold();
/// What comes.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
/// What a person should look at.
pub(crate) const BOLD_YELLOW: Style = AnsiColor::Yellow.on_default().bold();
/// Lines and arrows that lead the eye.
pub(crate) const BOLD_BLUE: Style = AnsiColor::Blue.on_default().bold();
/// A title.
pub(crate) const BOLD: Style = Style::new().bold();
/// Where something stands, and what is said beside.
pub(crate) const DIM: Style = Style::new().dimmed();

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// For files, pipes and who asked for none.
    Plain,
    /// For terminals.
    Colored,
}

// === impl Paint ===

impl Paint {
    /// Decides for `stream`; `NO_COLOR` that says anything means none (<https://no-color.org>).
    pub(crate) fn on(stream: &impl IsTerminal) -> Self {
        let said = |name| std::env::var_os(name).unwrap_or_default();
        if stream.is_terminal() && said("NO_COLOR").is_empty() && said("TERM") != OsStr::new("dumb") {
            Self::Colored
        } else {
            Self::Plain
        }
    }

    /// Returns `text` in `style`.
    pub(crate) fn paint(self, style: Style, text: impl Display) -> String {
        match self {
            Self::Plain => text.to_string(),
            Self::Colored => format!("{style}{text}{style:#}"),
        }
    }
}

/// Prints to the standard output; that nobody reads any more is no error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints to the standard error.
pub(crate) fn print_error(text: &str) -> io::Result<()> {
    io::stderr().lock().write_all(text.as_bytes())
}
