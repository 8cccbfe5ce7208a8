//! The log of `strace -f -y -xx -e abbrev=none`, taken apart.

use std::collections::HashMap;
use std::path::PathBuf;

/// A call that did not fail: `name(args) = result`.
pub struct Call<'a> {
    pub name: &'a str,
    pub args: Vec<&'a str>,
    pub result: &'a str,
    pub line: &'a str,
}

impl<'a> Call<'a> {
    /// `None` if it failed, or is none.
    pub fn read(line: &'a str) -> Option<Call<'a>> {
        let (call, result) = line.rsplit_once(" = ")?;
        let (name, args) = call.trim_end().split_once('(')?;
        let worked = !result.starts_with("-1 ") && !result.starts_with('?');
        worked.then(|| Call {
            name,
            args: split(args.strip_suffix(')').unwrap_or(args)),
            result,
            line,
        })
    }
}

/// The lines of a log without process numbers, each call in one piece, in the order they ended.
pub fn lines(log: &str) -> Vec<String> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut whole = Vec::new();
    for line in log.lines() {
        let (pid, line) = line.split_once(' ').unwrap();
        let line = line.trim_start();
        if let Some(start) = line.strip_suffix(" <unfinished ...>") {
            begun.insert(pid, start);
        } else if let Some((_, end)) = line.split_once(" resumed>") {
            whole.push(format!("{}{end}", begun.remove(pid).unwrap()));
        } else {
            whole.push(line.to_owned());
        }
    }
    whole
}

/// The arguments of a call, which are set apart by commas that stand in no bracket.
fn split(args: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, byte) in args.bytes().enumerate() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => {
                found.push(args[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(args[start..].trim());
    found
}

/// The strings in an argument, of which strace writes every byte as `\x41`.
pub fn strings(arg: &str) -> Vec<Vec<u8>> {
    arg.split('"').skip(1).step_by(2).map(bytes).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.split("\\x").skip(1);
    digits.map(|d| u8::from_str_radix(d, 16).unwrap()).collect()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The path in `5<path>`.
pub fn annotated(arg: &str) -> PathBuf {
    let path = arg
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    path.map(|(path, _)| text(&bytes(path)).into())
        .unwrap_or_default()
}

pub fn after<'a>(line: &'a str, mark: &str) -> &'a str {
    line.split_once(mark).unwrap_or_else(|| panic!("{line}")).1
}

/// The number that an argument begins with.
pub fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(arg: &str) -> T {
    let end = arg.find(|c: char| !c.is_ascii_digit() && c != '-');
    arg[..end.unwrap_or(arg.len())].parse().unwrap()
}
