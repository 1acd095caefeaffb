//! Lines and blocks, and the noise in which they are written.

use super::Rng;

/// A line, or a block.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Line(String),
    /// Lines that belong together.
    Lines(Vec<String>),
    Block(Block),
}

/// A header with what stands inside.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) header: String,
    pub(super) items: Vec<Item>,
}

/// Words of lines that FRR does not take again, on one version at least.
const ONCE: [&str; 2] = ["graceful-restart", "prefix-list "];

const COMMENTS: [&str; 4] = ["!\n", "\n", "# a comment\n", " ! router bgp 1\n"];

/// How a text is written.
#[derive(Clone, Copy)]
pub(super) struct Noise {
    /// How many of 100 lines are indented oddly.
    odd_indent: usize,
    /// How many of 100 blocks are closed.
    closed: usize,
    /// How many of 100 lines follow a comment or an empty line.
    comments: usize,
    /// How many of 100 lines are said twice.
    twice: usize,
}

impl Noise {
    pub(super) fn any(rng: &mut Rng) -> Self {
        Self {
            odd_indent: *rng.pick(&[0, 0, 10, 60]),
            closed: *rng.pick(&[0, 50, 100, 100]),
            comments: *rng.pick(&[0, 0, 10, 30]),
            twice: *rng.pick(&[0, 0, 5]),
        }
    }
}

impl Block {
    pub(super) fn new(header: impl Into<String>) -> Self {
        Self { header: header.into(), items: Vec::new() }
    }

    pub(super) fn line(&mut self, line: impl Into<String>) {
        self.items.push(Item::Line(line.into()));
    }

    pub(super) fn lines(&mut self, lines: Vec<String>) {
        self.items.extend(lines.into_iter().map(Item::Line));
    }

    fn closer(&self, rng: &mut Rng) -> &'static str {
        let own = match self.header.split(' ').next().unwrap() {
            "address-family" => "exit-address-family",
            "vrf" => "exit-vrf",
            _ => "exit",
        };
        if rng.chance(80) { own } else { "exit" }
    }
}

/// Writes `items`.
pub(super) fn render(items: &[Item], noise: Noise, rng: &mut Rng) -> String {
    let mut text = String::new();
    write(&mut text, items, 0, noise, rng);
    text
}

fn write(text: &mut String, items: &[Item], depth: usize, noise: Noise, rng: &mut Rng) {
    for item in items {
        if rng.chance(noise.comments) {
            let comment = *rng.pick(&COMMENTS);
            text.push_str(comment);
        }
        match item {
            Item::Line(line) => {
                let is_twice = rng.chance(noise.twice) && !ONCE.iter().any(|word| line.contains(word));
                for _ in 0..=usize::from(is_twice) {
                    one(text, line, depth, noise, rng);
                }
            }
            Item::Lines(lines) => lines.iter().for_each(|line| one(text, line, depth, noise, rng)),
            Item::Block(block) => {
                one(text, &block.header, depth, noise, rng);
                write(text, &block.items, depth + 1, noise, rng);
                if rng.chance(noise.closed) {
                    one(text, block.closer(rng), depth, noise, rng);
                }
            }
        }
    }
}

fn one(text: &mut String, line: &str, depth: usize, noise: Noise, rng: &mut Rng) {
    let indent = if rng.chance(noise.odd_indent) { rng.below(5) } else { depth };
    text.extend(std::iter::repeat_n(' ', indent));
    text.push_str(line);
    text.push('\n');
}
