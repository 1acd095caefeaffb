//! What the demo prints.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "1;31";
const GREEN: &str = "1;32";
const CYAN: &str = "36";

/// Set when the last word has been said: what the interrupted story still prints is of no use.
static SILENT: AtomicBool = AtomicBool::new(false);

/// The standard output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    is_terminal: bool,
    colours: bool,
}

impl Screen {
    pub(super) fn new() -> Self {
        let is_terminal = io::stdout().is_terminal();
        let colours = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
        Self { is_terminal, colours }
    }

    pub(super) fn is_terminal(self) -> bool {
        self.is_terminal
    }

    /// Prints `text` as it is.
    #[expect(clippy::unused_self, reason = "one way to print: through the screen")]
    pub(super) fn plain(self, text: &str) {
        if !SILENT.load(Ordering::SeqCst) && writeln!(io::stdout(), "{text}").is_err() {
            // Nobody reads any more (`| head`); the lab goes with this process.
            process::exit(1);
        }
    }

    /// Prints `text`, and nothing any more after it.
    pub(super) fn last_word(self, text: &str) {
        self.plain(text);
        SILENT.store(true, Ordering::SeqCst);
    }

    /// Announces a step.
    pub(super) fn step(self, number: usize, name: &str, text: &str) {
        self.plain(&format!(
            "\n{} {}",
            self.paint(BOLD, &format!("{number}. {name}")),
            self.paint(DIM, "──")
        ));
        text.lines().for_each(|line| self.plain(&format!("   {line}")));
    }

    /// Names the command whose output follows, or what is done.
    pub(super) fn command(self, text: &str) {
        self.plain(&format!("     {}", self.paint(CYAN, &format!("$ {text}"))));
    }

    /// Prints a line of evidence.
    pub(super) fn evidence(self, text: &str) {
        text.lines().for_each(|line| self.plain(&format!("     {line}")));
    }

    /// Tells what the next seconds are for.
    pub(super) fn waiting(self, text: &str) {
        self.plain(&format!("     {}", self.paint(DIM, &format!("… {text}"))));
    }

    pub(super) fn ok(self, took: Duration, text: &str) {
        self.verdict(&self.paint(GREEN, "ok  "), took, text);
    }

    pub(super) fn fail(self, took: Duration, text: &str) {
        self.verdict(&self.paint(RED, "FAIL"), took, text);
    }

    /// Prints the last line.
    pub(super) fn result(self, is_well: bool, text: &str) {
        self.plain(&format!("\n{}", self.paint(if is_well { GREEN } else { RED }, text)));
    }

    /// Returns `text` so that it stands out, or not, as `code` says (ECMA-48 SGR).
    pub(super) fn paint(self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint(BOLD, text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint(DIM, text)
    }

    fn verdict(self, word: &str, took: Duration, text: &str) {
        self.plain(&format!("   {word} {:>5.1} s  {text}", took.as_secs_f64()));
    }
}
