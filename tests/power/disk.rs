//! What lies on the disk after a power cut, given what became of each change that was not synced.

use super::journal::{Event, Id, Journal, ROOT, Stamp};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SECTOR: usize = 512;
const PAGE: u64 = 4096;

/// What became of a change that was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Kept,
    Lost,
    /// The file has its new length, but where it grew there are zeros.
    Length,
    /// The first half of the bytes, and the file ends there.
    Head,
    /// The first half of the bytes, and zeros up to the new length.
    HeadAndLength,
    /// The second half of the bytes, behind zeros.
    Tail,
    /// All but the bytes on this page of the file, counted from where the write began.
    Hole(u64),
    /// Only the bytes on this page.
    Island(u64),
    /// Of a rename: the new name is there, and the old one still.
    Both,
}

/// What became of the pages of a file that was mapped to be changed: any may have been written
/// at any time.
#[derive(Clone, Copy, Debug)]
pub enum Mapped {
    Gone,
    Old,
    Zeros,
    Garbage,
}

/// A file or directory that lies there after the cut.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    Dir,
    /// All names of one file have one `id`.
    File {
        id: Id,
        bytes: Arc<Vec<u8>>,
        stamp: Option<Stamp>,
    },
}

/// All that lies there, by its path beside the directory of the store.
pub type Tree = BTreeMap<PathBuf, Item>;

/// A change that was not synced.
#[derive(Clone, Debug)]
pub struct Open {
    /// Which event it is.
    pub at: usize,
    /// The file or directory whose sync would make it last.
    pub object: Id,
    /// It is about a name.
    pub is_name: bool,
    pub is_move: bool,
    /// Over how many pages of the file it writes; 0 if it writes none.
    pub pages: u64,
    /// Of a rename: the new name is synced, only the old one may still be there.
    is_half_done: bool,
}

/// A disk on which the changes of a journal were made.
pub struct Disk<'j> {
    journal: &'j Journal,
    /// What the program saw of a file after a change of it, and before the next.
    stamps: HashMap<(usize, Id), Stamp>,
}

impl<'j> Disk<'j> {
    pub fn new(journal: &'j Journal) -> Disk<'j> {
        let mut last: HashMap<Id, usize> = HashMap::new();
        let mut stamps = HashMap::new();
        for (at, event) in journal.events.iter().enumerate() {
            match event {
                Event::Seen { file, stamp } => {
                    if let Some(&change) = last.get(file) {
                        stamps.insert((change, *file), *stamp);
                    }
                }
                other => {
                    if let Some(file) = changed(other) {
                        last.insert(file, at);
                    }
                }
            }
        }
        Disk { journal, stamps }
    }

    /// The changes before event `cut` that no sync before it covers, in order.
    pub fn open(&self, cut: usize) -> Vec<Open> {
        let mut open = Vec::new();
        let mut synced: HashSet<Id> = HashSet::new();
        for (at, event) in self.journal.events[..cut].iter().enumerate().rev() {
            if let Event::Synced { file } = event {
                synced.insert(*file);
            }
            let (object, is_name) = match event {
                Event::Data { file, .. } | Event::Size { file, .. } => (*file, false),
                Event::Name { dir, .. } | Event::Unname { dir, .. } => (*dir, true),
                Event::Move { from, .. } => (from.0, true),
                _ => continue,
            };
            if synced.contains(&object) || self.journal.nodes[object].mapped {
                continue;
            }
            let target = match event {
                Event::Move { to, .. } => Some(to.0),
                _ => None,
            };
            open.push(Open {
                at,
                object,
                is_name,
                is_move: target.is_some(),
                pages: pages(event),
                is_half_done: target.is_some_and(|dir| synced.contains(&dir)),
            });
        }
        open.reverse();
        open
    }

    /// What lies there after a cut before event `cut`. `fates` names what was not wholly kept.
    pub fn tree(&self, cut: usize, fates: &HashMap<usize, Fate>, mapped: Mapped) -> Tree {
        let Journal { nodes, events, .. } = self.journal;
        let mut bytes: Vec<Vec<u8>> = nodes.iter().map(|n| n.bytes.clone()).collect();
        let mut stamps: Vec<Option<Stamp>> = nodes.iter().map(|n| n.stamp).collect();
        let start = self.journal.names.iter();
        let mut names: BTreeMap<(Id, String), Id> = start
            .map(|(dir, name, file)| ((*dir, name.clone()), *file))
            .collect();
        let half_done = self.open(cut).into_iter().filter(|o| o.is_half_done);
        let half_done: HashSet<usize> = half_done.map(|o| o.at).collect();
        for (at, event) in events[..cut].iter().enumerate() {
            let fate = match fates.get(&at) {
                Some(Fate::Lost) if half_done.contains(&at) => Fate::Both,
                Some(Fate::Lost) => continue,
                Some(fate) => *fate,
                None => Fate::Kept,
            };
            let Some(file) = changed(event) else { continue };
            match event {
                Event::Data { at, bytes: new, .. } => write(&mut bytes[file], *at, new, fate),
                Event::Size { size, .. } => bytes[file].resize(*size as usize, 0),
                Event::Name { dir, name, .. } => {
                    names.insert((*dir, name.clone()), file);
                }
                Event::Unname { dir, name, .. } => forget(&mut names, (*dir, name.clone()), file),
                Event::Move { from, to, .. } => {
                    if fate != Fate::Both {
                        forget(&mut names, from.clone(), file);
                    }
                    names.insert(to.clone(), file);
                }
                _ => {}
            }
            stamps[file] = self.stamps.get(&(at, file)).copied();
        }
        let mut files: Vec<Option<Item>> = Vec::new();
        for (id, bytes) in bytes.into_iter().enumerate() {
            let node = &nodes[id];
            let (bytes, stamp) = match node.mapped {
                true => (mapped.bytes(&node.bytes, bytes.len()), None),
                false => (Some(bytes), stamps[id]),
            };
            let bytes = bytes.map(Arc::new);
            files.push(match node.is_dir {
                true => Some(Item::Dir),
                false => bytes.map(|bytes| Item::File { id, bytes, stamp }),
            });
        }
        let mut tree = Tree::new();
        grow(&mut tree, &names, &files, ROOT, Path::new(""));
        tree
    }
}

/// Adds what has a name below a directory.
fn grow(
    tree: &mut Tree,
    names: &BTreeMap<(Id, String), Id>,
    files: &[Option<Item>],
    dir: Id,
    path: &Path,
) {
    for ((_, name), &id) in names.range((dir, String::new())..(dir + 1, String::new())) {
        let path = path.join(name);
        if let Some(item) = &files[id] {
            tree.insert(path.clone(), item.clone());
        }
        grow(tree, names, files, id, &path);
    }
}

impl Mapped {
    fn bytes(self, old: &[u8], size: usize) -> Option<Vec<u8>> {
        match self {
            Mapped::Gone => None,
            Mapped::Old => Some(old.to_vec()),
            Mapped::Zeros => Some(vec![0; size]),
            Mapped::Garbage => {
                let noise = |i: usize| (i.wrapping_mul(0x9e37_79b9) >> 11) as u8;
                Some((0..size).map(noise).collect())
            }
        }
    }
}

/// Writes as much as `fate` says.
fn write(file: &mut Vec<u8>, at: u64, new: &[u8], fate: Fate) {
    let start = at as usize;
    let end = start + new.len();
    let middle = match start + new.len() / 2 {
        // A sector is written or not. Where the file grows, its length may be anything.
        middle if fate == Fate::Tail || middle < file.len() => {
            (middle / SECTOR * SECTOR).max(start)
        }
        middle => middle,
    };
    let on_page = |page: u64| {
        let page = at / PAGE + page;
        let from = ((page * PAGE) as usize).clamp(start, end);
        (from, ((page + 1) * PAGE) as usize)
    };
    let (length, kept) = match fate {
        Fate::Head => (middle, vec![(start, middle)]),
        Fate::HeadAndLength => (end, vec![(start, middle)]),
        Fate::Tail => (end, vec![(middle, end)]),
        Fate::Hole(page) => {
            let (from, to) = on_page(page);
            (end, vec![(start, from), (to.min(end), end)])
        }
        Fate::Island(page) => {
            let (from, to) = on_page(page);
            (end, vec![(from, to.min(end))])
        }
        Fate::Length => (end, vec![]),
        Fate::Kept | Fate::Lost | Fate::Both => (end, vec![(start, end)]),
    };
    if file.len() < length {
        file.resize(length, 0);
    }
    for (from, to) in kept {
        file[from..to].copy_from_slice(&new[from - start..to - start]);
    }
}

fn forget(names: &mut BTreeMap<(Id, String), Id>, name: (Id, String), file: Id) {
    if names.get(&name) == Some(&file) {
        names.remove(&name);
    }
}

/// The file whose inode an event changes.
fn changed(event: &Event) -> Option<Id> {
    match event {
        Event::Data { file, .. }
        | Event::Size { file, .. }
        | Event::Touch { file }
        | Event::Name { file, .. }
        | Event::Unname { file, .. }
        | Event::Move { file, .. } => Some(*file),
        Event::Synced { .. } | Event::Seen { .. } | Event::Sent { .. } | Event::Ended => None,
    }
}

fn pages(event: &Event) -> u64 {
    match event {
        Event::Data { at, bytes, .. } if !bytes.is_empty() => {
            (at + bytes.len() as u64 - 1) / PAGE - at / PAGE + 1
        }
        _ => 0,
    }
}
