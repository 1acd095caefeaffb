//! Which entries keep their running numbers, and what the others get.

use std::{collections::BTreeSet, iter};

/// How far FRR puts a new entry behind the last one.
const STEP: u32 = 5;

/// What is to be known of an entry to number it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The number under which it is written.
    pub(super) written: u32,
    /// Its segment, counted up: within one the order says nothing.
    pub(super) segment: u32,
    /// The number of a running entry that says the same, and stands for no other.
    pub(super) running: Option<u32>,
    /// Whether a running entry says the same under the written number.
    pub(super) is_same: bool,
}

/// Returns a number for each of `places`, which stand in the order of their written numbers, up to `limit`.
///
/// `edited` are running numbers under which an entry may change what it says, rather than go while another comes.
pub(super) fn assign(places: &[Place], limit: u32, edited: &[u32]) -> Vec<u32> {
    let same = places.iter().filter(|place| place.is_same).count();
    for kept in [most(places), most_with_room(places)] {
        // What does not gain a line is not worth a second number for it; and a result stays as it is.
        if kept.iter().flatten().count() <= same {
            break;
        }
        if let Some(numbers) = fill(places, &kept, limit, edited) {
            return numbers;
        }
    }
    places.iter().map(|place| place.written).collect()
}

/// The largest set of entries that are in order under their running numbers: their segments do not overlap.
fn most(places: &[Place]) -> Vec<Option<u32>> {
    let mut by_number: Vec<(u32, usize, u32)> = (0..)
        .zip(places)
        .filter_map(|(index, place)| place.running.map(|running| (running, index, place.segment)))
        .collect();
    by_number.sort_unstable();
    keep(places, by_number.into_iter().map(|(_, index, segment)| (index, segment)))
}

/// The same, of entries that leave room for those between them. Those that run come first in their segment, by number;
/// then it is enough that from one to the next the number grows as much as the place in the list.
fn most_with_room(places: &[Place]) -> Vec<Option<u32>> {
    let mut in_order: Vec<(u32, bool, Option<u32>, usize)> = (0..)
        .zip(places)
        .map(|(index, place)| (place.segment, place.running.is_none(), place.running, index))
        .collect();
    in_order.sort_unstable();
    let room = (1..)
        .zip(in_order)
        .filter_map(|(place, (_, _, running, index))| running?.checked_sub(place).map(|room| (index, room)));
    keep(places, room)
}

/// The running numbers of the entries that make the longest run whose values never fall; `candidates` are indices
/// into `places` and values.
fn keep(places: &[Place], candidates: impl Iterator<Item = (usize, u32)>) -> Vec<Option<u32>> {
    // The last candidate of the best run of each length: that with the least value.
    let mut ends: Vec<(u32, usize)> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; places.len()];
    for (index, value) in candidates {
        let length = ends.partition_point(|(end, _)| *end <= value);
        let previous = length.checked_sub(1).and_then(|shorter| ends.get(shorter));
        if let Some(slot) = before.get_mut(index) {
            *slot = previous.map(|(_, index)| *index);
        }
        match ends.get_mut(length) {
            Some(end) => *end = (value, index),
            None => ends.push((value, index)),
        }
    }
    let mut kept = vec![None; places.len()];
    let last = ends.last().map(|(_, index)| *index);
    for index in iter::successors(last, |index| before.get(*index).copied().flatten()) {
        if let (Some(slot), Some(place)) = (kept.get_mut(index), places.get(index)) {
            *slot = place.running;
        }
    }
    kept
}

/// Gives a number to those that keep none; `None` if there is no room for them.
fn fill(places: &[Place], kept: &[Option<u32>], limit: u32, edited: &[u32]) -> Option<Vec<u32>> {
    let segments = segments(places, kept, limit)?;
    let edited: BTreeSet<u32> = edited.iter().copied().collect();
    let mut numbers = Vec::with_capacity(places.len());
    let mut floor = 0;
    for (segment, ceiling) in segments {
        let mut taken: BTreeSet<u32> = segment.iter().filter_map(|(_, kept)| *kept).collect();
        let mut own = Vec::with_capacity(segment.len());
        for (place, kept) in &segment {
            let is_within = floor < place.written && place.written <= ceiling;
            own.push(kept.or_else(|| (is_within && taken.insert(place.written)).then_some(place.written)));
        }
        let missing = own.iter().filter(|number| number.is_none()).count();
        let goes = edited.range(floor.saturating_add(1)..=ceiling).copied();
        let mut others: Vec<u32> = goes.filter(|number| !taken.contains(number)).take(missing).collect();
        taken.extend(&others);
        others.extend(free(&taken, floor, ceiling, missing - others.len()));
        let mut others = others.into_iter();
        for number in own {
            let number = number.or_else(|| others.next())?;
            taken.insert(number);
            numbers.push(number);
        }
        floor = taken.last().copied().unwrap_or(floor);
    }
    Some(numbers)
}

type Segment<'a> = Vec<(&'a Place, Option<u32>)>;

/// The segments, each with the largest number that it may use, so that those after it have room.
fn segments<'a>(places: &'a [Place], kept: &[Option<u32>], limit: u32) -> Option<Vec<(Segment<'a>, u32)>> {
    let both: Segment<'a> = places.iter().zip(kept.iter().copied()).collect();
    let mut segments = Vec::new();
    let mut ceiling = limit;
    for segment in both.chunk_by(|(one, _), (next, _)| one.segment == next.segment).rev() {
        let kept = || segment.iter().filter_map(|(_, kept)| *kept);
        if kept().max().is_some_and(|last| last > ceiling) {
            return None;
        }
        segments.push((segment.to_vec(), ceiling));
        ceiling = ceiling.checked_sub(u32::try_from(segment.len()).ok()?)?;
        if let Some(first) = kept().min() {
            ceiling = ceiling.min(first.checked_sub(1)?);
        }
    }
    segments.reverse();
    Some(segments)
}

/// Returns `count` numbers above `floor` and up to `ceiling` that are not in `taken`: behind the last one, with room
/// for more between them, or the least.
fn free(taken: &BTreeSet<u32>, floor: u32, ceiling: u32, count: usize) -> Vec<u32> {
    let last = taken.last().copied().unwrap_or(floor);
    let room = ceiling.saturating_sub(last);
    match u32::try_from(count) {
        Ok(count) if count <= room => {
            let step = (room.saturating_add(1) / count.saturating_add(1)).clamp(1, STEP);
            (1..=count).map(|nth| last + nth * step).collect()
        }
        _ => {
            (floor.saturating_add(1)..=ceiling).filter(|number| !taken.contains(number)).take(count).collect()
        }
    }
}
