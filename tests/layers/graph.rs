//! Which file uses what of which other file.

use super::source::{Import, Named, Source};
use std::collections::{BTreeMap, BTreeSet};

/// Files by their paths from the root, with their texts.
pub type Texts = BTreeMap<String, String>;

/// Where a module lies: its crate, and its path in it.
type Place = Vec<String>;

/// One file that the compiler reads for the program; files of tests are none.
pub struct File {
    pub source: Source,
    pub place: Place,
}

/// A file uses something of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub from: String,
    pub line: usize,
    /// The path as it is written.
    pub path: String,
    pub to: String,
}

/// All files of the crates, and what they use of each other.
pub struct Graph {
    pub files: BTreeMap<String, File>,
    places: BTreeMap<Place, String>,
    pub arrows: BTreeSet<Arrow>,
}

impl Graph {
    /// Reads crates from `texts`; each has a name and the path of its first file.
    pub fn read(texts: &Texts, crates: &[(&str, &str)]) -> Graph {
        let mut graph = Graph {
            files: BTreeMap::new(),
            places: BTreeMap::new(),
            arrows: BTreeSet::new(),
        };
        for (name, root) in crates {
            graph.add(texts, root, vec![(*name).to_owned()]);
        }
        let mut arrows = BTreeSet::new();
        for (from, file) in &graph.files {
            for named in graph.used(file) {
                if let Some(to) = graph.file_of(&file.place, &named.path, 0)
                    && to != *from
                {
                    arrows.insert(Arrow {
                        from: from.clone(),
                        line: named.line,
                        path: named.path.join("::"),
                        to,
                    });
                }
            }
        }
        graph.arrows = arrows;
        graph
    }

    fn add(&mut self, texts: &Texts, path: &str, place: Place) {
        let text = texts.get(path).unwrap_or_else(|| panic!("no {path}"));
        let source = Source::read(text);
        let (dir, name) = path.rsplit_once('/').expect("a path has a directory");
        let below = match name {
            "lib.rs" | "main.rs" | "mod.rs" => dir,
            _ => path.trim_end_matches(".rs"),
        };
        let parts = source.parts.iter().map(|part| &part.path[1]);
        for module in source.modules.iter().chain(parts) {
            let files = ["", "/mod"].map(|end| format!("{below}/{module}{end}.rs"));
            let file = files.iter().find(|file| texts.contains_key(*file));
            let file = file.unwrap_or_else(|| panic!("{path}: no file for {module}"));
            self.add(texts, file, inside(&place, module));
        }
        self.places.insert(place.clone(), path.to_owned());
        self.files.insert(path.to_owned(), File { source, place });
    }

    /// What a file names of others. To re-export something is not to use it.
    fn used<'a>(&self, file: &'a File) -> Vec<&'a Named> {
        let source = &file.source;
        let used = |import: &&Import| !import.exported || source.words.contains(&import.alias);
        let imports = source.imports.iter().filter(used);
        (imports.map(|import| &import.target))
            .chain(&source.paths)
            .chain(&source.parts)
            .collect()
    }

    /// Every path of a file, with the names that it imported written out: `fs::read` becomes
    /// `std::fs::read`.
    pub fn written_out(&self, file: &File) -> Vec<Named> {
        let imports = file.source.imports.iter().map(|i| i.target.clone());
        let paths = file.source.paths.iter().flat_map(|named| {
            let mut ways: Vec<Named> = (file.source.imports.iter())
                .filter(|import| import.alias == named.path[0])
                .map(|import| Named {
                    path: [&import.target.path[..], &named.path[1..]].concat(),
                    line: named.line,
                })
                .collect();
            ways.push(named.clone());
            ways
        });
        imports.chain(paths).collect()
    }

    /// The file in which that lies which `path` names in the module at `home`; `None` if it is a
    /// module itself or lies in none of these crates.
    fn file_of(&self, home: &[String], path: &[String], depth: usize) -> Option<String> {
        assert!(depth < 20, "{path:?} in {home:?} leads nowhere");
        let (first, mut rest) = path.split_first()?;
        let mut at: Place = match first.as_str() {
            "crate" => home[..1].to_vec(),
            "self" => home.to_vec(),
            "super" => home[..home.len() - 1].to_vec(),
            name => {
                let imports = &self.files[&self.places[home]].source.imports;
                let mut named = imports.iter().filter(|import| import.alias == name);
                // `use mail;` is no way from `mail` to anywhere else.
                if let Some(import) = named.find(|import| import.target.path[0] != name) {
                    let whole = [&import.target.path[..], rest].concat();
                    return self.file_of(home, &whole, depth + 1);
                }
                let child = inside(home, name);
                match self.places.contains_key(&child) {
                    true => child,
                    false => vec![name.to_owned()],
                }
            }
        };
        self.places.get(&at)?;
        while let Some((name, more)) = rest.split_first() {
            if name == "super" {
                at.pop();
                rest = more;
                continue;
            }
            let child = inside(&at, name);
            if self.places.contains_key(&child) {
                at = child;
                rest = more;
                continue;
            }
            // An item; perhaps one that the module has from elsewhere.
            let file = &self.places[&at];
            let imports = &self.files[file].source.imports;
            let own = imports.iter().find(|import| import.alias == *name);
            return match own {
                Some(import) => {
                    let whole = [&import.target.path[..], more].concat();
                    self.file_of(&at, &whole, depth + 1)
                }
                None => Some(file.clone()),
            };
        }
        None
    }

    /// Sets of files each of which leads to every other.
    pub fn circles(&self) -> Vec<BTreeSet<&str>> {
        let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for arrow in &self.arrows {
            next.entry(&arrow.from).or_default().insert(&arrow.to);
        }
        // The files to which arrows lead from one, at once or on a way.
        let reached = |from| {
            let mut seen = BTreeSet::new();
            let mut todo = vec![from];
            while let Some(file) = todo.pop() {
                let next = next.get(file).into_iter().flatten().copied();
                todo.extend(next.filter(|to| seen.insert(*to)));
            }
            seen
        };
        let reached: BTreeMap<&str, BTreeSet<&str>> = (self.files.keys())
            .map(|file| (file.as_str(), reached(file.as_str())))
            .collect();
        let mut circles: Vec<BTreeSet<&str>> = Vec::new();
        for (file, there) in &reached {
            let back = there.iter().filter(|other| reached[*other].contains(file));
            let circle: BTreeSet<&str> = back.copied().collect();
            if !circle.is_empty() && !circles.contains(&circle) {
                circles.push(circle);
            }
        }
        circles
    }

    /// The arrows inside a set of files, one for each pair of files, as lines for people.
    pub fn within(&self, files: &BTreeSet<&str>) -> String {
        let mut pairs = BTreeSet::new();
        let inside = |a: &&Arrow| files.contains(a.from.as_str()) && files.contains(a.to.as_str());
        let arrows = self.arrows.iter().filter(inside);
        let arrows = arrows.filter(|a| pairs.insert((&a.from, &a.to)));
        arrows.map(|a| format!("  {a}\n")).collect()
    }
}

/// The place of a module in another.
fn inside(place: &[String], module: &str) -> Place {
    [place, &[module.to_owned()]].concat()
}

impl std::fmt::Display for Arrow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Arrow {
            from,
            line,
            path,
            to,
        } = self;
        write!(f, "{from}:{line} uses {path} of {to}")
    }
}
