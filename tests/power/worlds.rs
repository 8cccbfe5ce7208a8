//! In which ways a power cut may end: the worlds that are tried.
//!
//! A disk keeps what was synced. Of a change that was not, it may have kept all, nothing or a part,
//! whatever came before or after it: file systems write when they like and in the order they like.
//! Three things no file system does, and no world here: it does not lose bytes of a file that were
//! synced and not written again; it does not tear a sector that is overwritten; and a rename loses
//! no file - the new name is there before the old one goes, though for a moment both may be.

use super::disk::{Disk, Fate, Mapped, Open, Tree};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// One way in which a cut may have ended.
pub struct World {
    /// How many events came before the cut.
    pub cut: usize,
    /// What was lost, in words.
    pub what: String,
    /// One of those that every cut is tried with.
    pub is_plain: bool,
    fates: HashMap<usize, Fate>,
}

impl World {
    /// What lies there.
    pub fn tree(&self, disk: &Disk) -> Tree {
        let mapped = match hash(&self.what) % 4 {
            0 => Mapped::Gone,
            1 => Mapped::Old,
            2 => Mapped::Zeros,
            _ => Mapped::Garbage,
        };
        disk.tree(self.cut, &self.fates, mapped)
    }
}

/// The worlds of a cut before event `cut`. Many are equal, and equal to those of other cuts.
pub fn worlds(disk: &Disk, cut: usize) -> Vec<World> {
    use Fate::{Both, Head, HeadAndLength, Hole, Island, Kept, Length, Lost, Tail};
    let open = disk.open(cut);
    let mut worlds = Vec::new();
    let mut add = |is_plain: bool, what: String, fate: &dyn Fn(&Open) -> Fate| {
        let fates = open.iter().map(|change| (change.at, fate(change)));
        worlds.push(World {
            cut,
            what,
            is_plain,
            fates: fates.collect(),
        });
    };
    let keep = |yes: bool| if yes { Kept } else { Lost };
    let only = |change: &Open, at: usize, fate: Fate, rest: Fate| match change.at == at {
        true => fate,
        false => rest,
    };
    add(true, "nothing that was not synced".into(), &|_| Lost);
    add(true, "everything".into(), &|_| Kept);
    add(true, "names without contents".into(), &|c| keep(c.is_name));
    add(true, "names and lengths".into(), &|c| match c.is_name {
        true => Kept,
        false => Length,
    });
    add(true, "contents without names".into(), &|c| keep(!c.is_name));
    let last = open.iter().rfind(|change| change.pages > 0);
    if let Some(&Open { at, pages, .. }) = last {
        for torn in [Head, HeadAndLength, Tail] {
            let what = format!("{torn:?} of the last write, {at}");
            add(true, what, &|c| only(c, at, torn, Kept));
        }
        for page in 0..pages.min(4) {
            for torn in [Hole(page), Island(page)] {
                let what = format!("{torn:?} of the last write, {at}");
                add(true, what, &|c| only(c, at, torn, Kept));
            }
        }
    }
    for &Open { at, .. } in open.iter().filter(|change| change.is_move) {
        for rest in [Kept, Lost] {
            let what = format!("both names of rename {at}, all else {rest:?}");
            add(true, what, &|c| only(c, at, Both, rest));
        }
    }
    let mut objects: Vec<usize> = open.iter().map(|change| change.object).collect();
    objects.sort_unstable();
    objects.dedup();
    for id in objects {
        add(false, format!("all but object {id}"), &|c| {
            keep(c.object != id)
        });
        add(false, format!("only object {id}"), &|c| {
            keep(c.object == id)
        });
    }
    for &Open { at, pages, .. } in &open {
        add(false, format!("all but {at}"), &|c| keep(c.at != at));
        add(false, format!("only {at}"), &|c| keep(c.at == at));
        add(false, format!("all from {at} on"), &|c| keep(c.at >= at));
        add(false, format!("all up to {at}"), &|c| keep(c.at <= at));
        if pages > 0 {
            let what = format!("of write {at} the length");
            add(false, what, &|c| only(c, at, Length, Kept));
        }
    }
    for dice in 0..8 {
        add(
            false,
            format!("dice {dice}"),
            &|c| match hash(&(c.at, dice)) % 4 {
                0 | 1 => Kept,
                3 if !c.is_name => Length,
                _ => Lost,
            },
        );
    }
    worlds
}

pub fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
