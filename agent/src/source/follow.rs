//! Puts inotify watches on the directories that matter, and keeps them there.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::SourceSpec;
use super::paths::Places;

/// How often the directories are looked up again because they changed while the watches were set: a tree that is
/// still being made deeper after that is caught by the event on the part that exists.
const ARM_ATTEMPTS: usize = 8;

/// Watches on all directories of one set of places; they end when it is dropped.
#[derive(Debug)]
pub(super) struct Follower {
    places: Places,
    /// A watched directory was removed or renamed: its watch is on something else now.
    stale: Arc<AtomicBool>,
    /// Some directories could not be watched.
    incomplete: bool,
    _watcher: RecommendedWatcher,
}

/// What an event means for the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Nothing,
    Content,
    /// The watches themselves must be set again.
    Structure,
}

/// Makes sure that every directory that matters is watched; `changed` is notified of what happens there.
///
/// Blocking. New watches are set before the old ones end; whoever reads after this misses nothing.
/// Returns what could be had, and why it is not everything.
pub(super) fn arm(
    mut follower: Option<Follower>,
    specs: &[SourceSpec],
    changed: &Arc<Notify>,
) -> (Option<Follower>, Option<notify::Error>) {
    for _ in 0..ARM_ATTEMPTS {
        let places = Places::of(specs);
        if follower.as_ref().is_some_and(|follower| follower.covers(&places)) {
            break;
        }
        match Follower::new(places, changed) {
            Ok((new, None)) => follower = Some(new),
            Ok((new, Some(error))) => return (Some(new), Some(error)),
            Err(error) => return (None, Some(error)),
        }
    }
    (follower, None)
}

/// Decides what `event` means, given the directories that are watched.
fn news(event: &Event, places: &Places) -> News {
    if event.need_rescan() {
        return News::Content;
    }
    // Reading the files is an event as well, and must not lead to reading them again.
    let is_reading = match event.kind {
        EventKind::Access(kind) => kind != AccessKind::Close(AccessMode::Write),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => false,
    };
    if is_reading {
        return News::Nothing;
    }
    let is_move = matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
    let is_place = |path: &Path| places.0.contains_key(path);
    if is_move && event.paths.iter().any(|path| is_place(path)) {
        return News::Structure;
    }
    let matters =
        |path: &Path| match (path.parent().and_then(|parent| places.0.get(parent)), path.file_name()) {
            (Some(place), Some(name)) => place.names.matter(name),
            (_, _) => false,
        };
    if event.paths.iter().any(|path| is_place(path) || matters(path)) { News::Content } else { News::Nothing }
}

// === impl Follower ===

impl Follower {
    /// Watches `places`, as many as the kernel lets; the error is the first of those it did not.
    fn new(places: Places, changed: &Arc<Notify>) -> notify::Result<(Self, Option<notify::Error>)> {
        let stale = Arc::new(AtomicBool::new(false));
        let on_event = {
            let (places, stale, changed) = (places.clone(), Arc::clone(&stale), Arc::clone(changed));
            move |event: notify::Result<Event>| {
                let news = event.map_or(News::Structure, |event| news(&event, &places));
                stale.fetch_or(news == News::Structure, Ordering::Relaxed);
                if news != News::Nothing {
                    changed.notify_one();
                }
            }
        };
        let mut watcher = notify::recommended_watcher(on_event)?;
        let mut failure = None;
        for directory in places.0.keys() {
            match watcher.watch(directory, RecursiveMode::NonRecursive) {
                Ok(()) => {}
                // Gone since it was looked up: the next look-up knows.
                Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Ok((Self { places, stale, incomplete: failure.is_some(), _watcher: watcher }, failure))
    }

    /// Whether the watches are on exactly these places.
    fn covers(&self, places: &Places) -> bool {
        !self.incomplete && !self.stale.load(Ordering::Relaxed) && self.places == *places
    }
}

#[cfg(test)]
mod tests;
