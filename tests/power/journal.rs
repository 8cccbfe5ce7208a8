//! What deliveries ask of the disk, in order: the log of strace, read back as changes to files and
//! names.
//!
//! Only what lies in the store is followed. A call that changes the store and is not known here
//! fails the test, so that no change is overlooked when the program learns a new one.

pub use super::event::{Event, Id, Node, ROOT, Stamp};
use super::strace::{self, Call, after, annotated, number, strings, text};
use crate::bench::{Bench, Ran, finish};
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const CALLS: &str = "open,openat,openat2,creat,read,lseek,write,writev,pwrite64,pwritev,pwritev2,\
    ftruncate,truncate,fallocate,fsync,fdatasync,sync,syncfs,link,linkat,rename,renameat,\
    renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,symlink,symlinkat,chmod,fchmod,fchmodat,chown,\
    fchown,lchown,fchownat,utimensat,mmap,copy_file_range,sendfile,splice,statx,fstat,\
    newfstatat,io_uring_setup";

/// An open file, by its descriptor.
struct Open {
    file: Id,
    at: u64,
    append: bool,
}

/// What happened in a store since [`Journal::new`].
pub struct Journal {
    root: PathBuf,
    pub nodes: Vec<Node>,
    /// The names at the beginning: in which directory, which name, for what.
    pub names: Vec<(Id, String, Id)>,
    pub events: Vec<Event>,
    live: HashMap<PathBuf, Id>,
    /// Files without a name, by the path that strace gives them.
    unnamed: HashMap<PathBuf, Id>,
    open: HashMap<i32, Open>,
}

impl Journal {
    /// Begins with what is there, as if all of it was synced.
    pub fn new(bench: &Bench) -> Journal {
        let mut journal = Journal {
            root: fs::canonicalize(bench.path("")).unwrap(),
            nodes: vec![Node {
                is_dir: true,
                ..Node::default()
            }],
            names: Vec::new(),
            events: Vec::new(),
            live: HashMap::new(),
            unnamed: HashMap::new(),
            open: HashMap::new(),
        };
        journal.live.insert(journal.root.clone(), ROOT);
        let store = journal.root.join("tickets");
        if store.exists() {
            journal.take_in(ROOT, &store);
        }
        journal
    }

    fn take_in(&mut self, dir: Id, path: &Path) {
        let meta = fs::symlink_metadata(path).unwrap();
        let bytes = match meta.is_file() {
            true => fs::read(path).unwrap(),
            false => Vec::new(),
        };
        let id = self.nodes.len();
        self.nodes.push(Node {
            is_dir: meta.is_dir(),
            size: bytes.len() as u64,
            bytes,
            stamp: Some((meta.ino(), (meta.ctime(), meta.ctime_nsec()))),
            mapped: false,
        });
        self.names.push((dir, name_of(path), id));
        self.live.insert(path.to_owned(), id);
        if meta.is_dir() {
            let mut below: Vec<_> = fs::read_dir(path).unwrap().map(|e| e.unwrap()).collect();
            below.sort_by_key(|entry| entry.file_name());
            for entry in below {
                self.take_in(id, &entry.path());
            }
        }
    }

    /// Runs the program and adds what it does; `options` are more ones for strace.
    pub fn record(&mut self, bench: &Bench, args: &[&str], stdin: &[u8], options: &[&str]) -> Ran {
        let log = bench.path("strace.log");
        let plain = bench.command(args);
        let mut command = Command::new("strace");
        command
            .args(["-f", "-y", "-xx", "-s", "10000000", "-e", "abbrev=none"])
            .args(["-e", &format!("trace={CALLS}"), "-o"])
            .arg(&log)
            .args(options)
            .arg(plain.get_program())
            .args(plain.get_args());
        bench.as_ordinary_user(&mut command);
        let ran = finish(command, stdin);
        self.open.clear();
        for line in strace::lines(&fs::read_to_string(log).unwrap()) {
            if let Some(call) = Call::read(&line) {
                self.call(&call);
            }
        }
        self.events.push(Event::Ended);
        ran
    }

    /// Takes in one call that did not fail.
    fn call(&mut self, call: &Call) {
        let Call {
            name,
            args,
            result,
            line,
        } = call;
        let arg = |at: usize| args[at];
        match *name {
            "open" | "creat" | "openat" => {
                self.opened(
                    result,
                    match *name {
                        "open" => arg(1),
                        "openat" => arg(2),
                        _ => "O_CREAT|O_TRUNC",
                    },
                );
            }
            "read" | "lseek" => {
                let file = self.by_descriptor(arg(0));
                if let Some(open) = self.open.get_mut(&number(arg(0)))
                    && Some(open.file) == file
                {
                    let count: u64 = number(result);
                    open.at = if *name == "read" {
                        open.at + count
                    } else {
                        count
                    };
                }
            }
            "write" | "writev" => self.written(arg(0), arg(1), None, number(result)),
            "pwrite64" => self.written(arg(0), arg(1), Some(number(arg(3))), number(result)),
            "ftruncate" => self.resized(self.by_descriptor(arg(0)), number(arg(1))),
            "truncate" => self.resized(self.at(&self.path(None, arg(0))), number(arg(1))),
            "fallocate" => {
                if let Some(file) = self.by_descriptor(arg(0)) {
                    assert_eq!(arg(1), "0", "{line}");
                    let end = number::<u64>(arg(2)) + number::<u64>(arg(3));
                    self.resized(Some(file), end.max(self.nodes[file].size));
                }
            }
            "fsync" | "fdatasync" => {
                if let Some(file) = self.by_descriptor(arg(0)) {
                    self.events.push(Event::Synced { file });
                }
            }
            "sync" | "syncfs" => {
                let all = 0..self.nodes.len();
                self.events.extend(all.map(|file| Event::Synced { file }));
            }
            "link" => self.linked(&self.path(None, arg(0)), self.path(None, arg(1))),
            "linkat" => {
                let from = self.path(Some(arg(0)), arg(1));
                self.linked(&from, self.path(Some(arg(2)), arg(3)));
            }
            "rename" => self.renamed(self.path(None, arg(0)), self.path(None, arg(1))),
            "renameat" | "renameat2" => {
                assert!(!line.contains("RENAME_EXCHANGE"), "{line}");
                let from = self.path(Some(arg(0)), arg(1));
                self.renamed(from, self.path(Some(arg(2)), arg(3)));
            }
            "unlink" | "rmdir" => self.unlinked(self.path(None, arg(0))),
            "unlinkat" => self.unlinked(self.path(Some(arg(0)), arg(1))),
            "mkdir" => self.created(self.path(None, arg(0)), true),
            "mkdirat" => self.created(self.path(Some(arg(0)), arg(1)), true),
            "chmod" | "chown" | "lchown" => self.touched(self.at(&self.path(None, arg(0)))),
            "fchmod" | "fchown" => self.touched(self.by_descriptor(arg(0))),
            "fchmodat" | "fchownat" | "utimensat" => {
                self.touched(match arg(1) {
                    "NULL" | "\"\"" => self.by_descriptor(arg(0)),
                    path => self.at(&self.path(Some(arg(0)), path)),
                });
            }
            "mmap" if arg(3).contains("MAP_SHARED") && arg(2).contains("PROT_WRITE") => {
                if let Some(file) = self.by_descriptor(arg(4)) {
                    self.nodes[file].mapped = true;
                }
            }
            "mmap" => {}
            "fstat" => self.seen(self.by_descriptor(arg(0)), line),
            "statx" | "newfstatat" => {
                let file = match arg(1) {
                    "\"\"" => self.by_descriptor(arg(0)),
                    path => self.at(&self.path(Some(arg(0)), path)),
                };
                self.seen(file, line);
            }
            _ => {
                let target = match *name {
                    "sendfile" | "pwritev" | "pwritev2" => self.by_descriptor(arg(0)),
                    "copy_file_range" | "splice" => self.by_descriptor(arg(2)),
                    "symlink" => self.dir_of(&self.path(None, arg(1))),
                    "symlinkat" => self.dir_of(&self.path(Some(arg(1)), arg(2))),
                    _ => panic!("not asked for: {line}"),
                };
                assert_eq!(target, None, "not known to the journal: {line}");
            }
        }
    }

    /// Takes in what the program saw of a file: stat(2) tells the nanoseconds in a field of their own.
    fn seen(&mut self, file: Option<Id>, line: &str) {
        let Some(file) = file else { return };
        let (ino, sec, nsec) = match line.contains("stx_ino=") {
            true => ("stx_ino=", "stx_ctime={tv_sec=", "tv_nsec="),
            false => ("st_ino=", "st_ctime=", "st_ctime_nsec="),
        };
        let ctime = after(line, sec);
        let stamp = (
            number(after(line, ino)),
            (number(ctime), number(after(ctime, nsec))),
        );
        self.events.push(Event::Seen { file, stamp });
    }

    fn opened(&mut self, result: &str, flags: &str) {
        let path = annotated(result);
        if !self.is_in_store(&path) {
            return;
        }
        let has = |flag: &str| flags.split('|').any(|f| f == flag);
        if has("O_TMPFILE") {
            let id = self.new_node(false);
            self.unnamed.insert(path.clone(), id);
        } else if has("O_CREAT") && !self.live.contains_key(&path) {
            self.created(path.clone(), false);
        }
        let file = self
            .at(&path)
            .unwrap_or_else(|| panic!("{}", path.display()));
        if has("O_TRUNC") && self.nodes[file].size > 0 {
            self.resized(Some(file), 0);
        }
        let append = has("O_APPEND");
        let open = Open {
            file,
            at: 0,
            append,
        };
        self.open.insert(number(result), open);
    }

    fn written(&mut self, descriptor: &str, data: &str, at: Option<u64>, count: u64) {
        let Some(file) = self.by_descriptor(descriptor) else {
            return;
        };
        let size = self.nodes[file].size;
        let open = self.open.get_mut(&number(descriptor)).unwrap();
        let begin = at.unwrap_or(if open.append { size } else { open.at });
        if at.is_none() {
            open.at = begin + count;
        }
        let mut bytes = strings(data).concat();
        bytes.truncate(count as usize);
        assert_eq!(bytes.len() as u64, count, "{data}");
        self.nodes[file].size = size.max(begin + count);
        let at = begin;
        self.events.push(Event::Data { file, at, bytes });
    }

    fn resized(&mut self, file: Option<Id>, size: u64) {
        if let Some(file) = file {
            self.nodes[file].size = size;
            self.events.push(Event::Size { file, size });
        }
    }

    fn touched(&mut self, file: Option<Id>) {
        if let Some(file) = file {
            self.events.push(Event::Touch { file });
        }
    }

    fn created(&mut self, path: PathBuf, is_dir: bool) {
        if let Some(dir) = self.dir_of(&path) {
            let file = self.new_node(is_dir);
            let name = name_of(&path);
            self.events.push(Event::Name { dir, name, file });
            self.live.insert(path, file);
        }
    }

    fn linked(&mut self, from: &Path, to: PathBuf) {
        let Some(dir) = self.dir_of(&to) else { return };
        let descriptor = from.strip_prefix("/proc/self/fd").ok();
        let file = match descriptor {
            Some(number) => self.open[&number.to_str().unwrap().parse().unwrap()].file,
            None => self.at(from).unwrap(),
        };
        let name = name_of(&to);
        self.events.push(Event::Name { dir, name, file });
        self.live.insert(to, file);
    }

    fn renamed(&mut self, from: PathBuf, to: PathBuf) {
        if to.parent() == Some(&self.root.join("sent")) {
            let name = name_of(&to);
            return self.events.push(Event::Sent { name });
        }
        let (Some(from_dir), Some(to_dir)) = (self.dir_of(&from), self.dir_of(&to)) else {
            return;
        };
        let file = self.live.remove(&from).unwrap();
        assert!(!self.nodes[file].is_dir, "a directory was moved: {from:?}");
        self.events.push(Event::Move {
            from: (from_dir, name_of(&from)),
            to: (to_dir, name_of(&to)),
            file,
        });
        self.live.insert(to, file);
    }

    fn unlinked(&mut self, path: PathBuf) {
        if let Some(dir) = self.dir_of(&path) {
            let file = self.live.remove(&path).unwrap();
            let name = name_of(&path);
            self.events.push(Event::Unname { dir, name, file });
            self.unnamed.insert(path, file);
        }
    }

    fn new_node(&mut self, is_dir: bool) -> Id {
        self.nodes.push(Node {
            is_dir,
            ..Node::default()
        });
        self.nodes.len() - 1
    }

    fn is_in_store(&self, path: &Path) -> bool {
        path.starts_with(self.root.join("tickets"))
    }

    /// The directory in which a name of the store lies.
    fn dir_of(&self, path: &Path) -> Option<Id> {
        let dir = self.is_in_store(path).then(|| path.parent())??;
        Some(self.live[dir])
    }

    fn at(&self, path: &Path) -> Option<Id> {
        self.live.get(path).or(self.unnamed.get(path)).copied()
    }

    /// The file behind `5<path>`; one that has lost its name is `5<path>(deleted)`.
    fn by_descriptor(&self, arg: &str) -> Option<Id> {
        let path = annotated(arg);
        match arg.ends_with("(deleted)") {
            true => self.unnamed.get(&path).copied(),
            false => self.live.get(&path).copied(),
        }
    }

    /// A path, seen from the directory `AT_FDCWD<path>` or `5<path>`.
    fn path(&self, dir: Option<&str>, arg: &str) -> PathBuf {
        let path = PathBuf::from(text(&strings(arg).concat()));
        match dir {
            Some(dir) if path.is_relative() => annotated(dir).join(path),
            _ => path,
        }
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
