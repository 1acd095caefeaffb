//! Random choices that are the same on every machine: a failure is found again by its number.

use std::ops::RangeInclusive;

/// `SplitMix64`: small, and good enough to choose lines.
pub(crate) struct Rng(u64);

impl Rng {
    /// Returns the choices of case `number`; cases do not depend on each other.
    pub(crate) fn of_case(seed: u64, number: u64) -> Self {
        let mut rng = Self(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
        rng.next();
        rng
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// Returns a number of `range`.
    pub(crate) fn number(&mut self, range: RangeInclusive<u32>) -> u32 {
        let width = u64::from(range.end() - range.start()) + 1;
        range.start() + u32::try_from(self.next() % width).unwrap()
    }

    /// Returns true in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Returns one of `items`, which are not empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}
