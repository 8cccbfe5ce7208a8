use super::*;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::{fs, io};

/// What [`Ground::settle`] would decide, without becoming anybody.
fn decided(path: &Path) -> String {
    let ground = Ground::of(path).unwrap();
    match ground.user() {
        Ok(None) => "root".into(),
        Ok(Some(uid)) => uid.to_string(),
        Err(e) => crate::error::line(&e),
    }
}

/// A file or directory that one step of the table makes.
fn made(root: &Path, step: &str) -> io::Result<()> {
    let words: Vec<&str> = step.split(' ').collect();
    let (name, uid, rest) = (words[0], words[1].parse().unwrap(), &words[2..]);
    let path = root.join(name);
    match rest {
        ["->", target] => symlink(target.replace("ROOT", root.to_str().unwrap()), &path)?,
        ["file", ..] => fs::write(&path, "")?,
        _ => fs::create_dir(&path)?,
    }
    std::os::unix::fs::lchown(&path, Some(uid), None)?;
    match rest
        .last()
        .and_then(|mode| u32::from_str_radix(mode, 8).ok())
    {
        Some(mode) => fs::set_permissions(&path, fs::Permissions::from_mode(mode)),
        None => Ok(()),
    }
}

// E7
#[test]
fn root_is_whoever_else_has_a_hand_in_the_path() {
    if !is_root() {
        eprintln!("SKIPPED: only root can give files to two users");
        return;
    }
    let table: &[(&str, &[&str], &str, &str)] = &[
        ("root's alone", &["a 0", "a/b 0"], "a/b", "root"),
        ("missing, in root's", &["a 0"], "a/b/c", "root"),
        ("a user's", &["a 0", "a/b 61"], "a/b", "61"),
        (
            "root's file in a user's directory",
            &["a 61", "a/f 0 file"],
            "a/f",
            "61",
        ),
        ("missing, in a user's", &["a 61"], "a/b/c", "61"),
        (
            "a user's file in root's directory",
            &["a 0", "a/f 61 file"],
            "a/f",
            "61",
        ),
        (
            "two users",
            &["a 61", "a/b 62"],
            "a/b",
            "cannot work as root on ROOT/a/b: ROOT/a belongs to user 61, and ROOT/a/b to user 62",
        ),
        (
            "missing, two users",
            &["a 61", "a/b 62"],
            "a/b/c",
            "cannot work as root on ROOT/a/b/c: it does not exist, and ROOT/a belongs to user 61, and ROOT/a/b to user 62",
        ),
        (
            "a user's link to root's",
            &["a 61", "r 0", "a/l 61 -> ROOT/r"],
            "a/l",
            "61",
        ),
        (
            "a user's link, relative, upwards",
            &["a 61", "r 0", "a/l 61 -> ../r"],
            "a/l",
            "61",
        ),
        (
            "a user's link to another's",
            &["a 61", "b 62", "a/l 61 -> ROOT/b"],
            "a/l",
            "cannot work as root on ROOT/a/l: ROOT/a belongs to user 61, and ROOT/b to user 62",
        ),
        ("root's link to a user's", &["b 61", "l 0 -> b"], "l", "61"),
        (
            "a link to nothing, in a user's",
            &["b 61", "b/l 0 -> c"],
            "b/l",
            "61",
        ),
        (
            "a user's link in /tmp",
            &["t 0 1777", "r 0", "t/l 61 -> ROOT/r"],
            "t/l",
            "61",
        ),
        (
            "a link in the middle",
            &["a 61", "r 0", "r/d 0", "a/l 61 -> ROOT/r"],
            "a/l/d",
            "61",
        ),
        ("upwards, out of a user's", &["a 61", "r 0"], "a/../r", "61"),
        (
            "a file in the middle",
            &["a 0", "a/f 0 file"],
            "a/f/x",
            "root",
        ),
        ("root's in /tmp", &["t 0 1777", "t/d 0"], "t/d", "root"),
        ("a user's in /tmp", &["t 0 1777", "t/d 61"], "t/d", "61"),
        (
            "missing, in /tmp",
            &["t 0 1777"],
            "t/d",
            "cannot work as root on ROOT/t/d: it does not exist, and others than root may write to ROOT/t",
        ),
        (
            "missing, in root's in /tmp",
            &["t 0 1777", "t/d 0"],
            "t/d/e",
            "root",
        ),
        (
            "everybody may write",
            &["o 0 777", "o/d 0"],
            "o/d",
            "cannot work as root on ROOT/o/d: others than root may write to ROOT/o",
        ),
        (
            "everybody may write, a user's",
            &["o 0 777", "o/d 61"],
            "o/d",
            "cannot work as root on ROOT/o/d: others than root may write to ROOT/o",
        ),
        (
            "root's file, everybody may write",
            &["f 0 file 666"],
            "f",
            "cannot work as root on ROOT/f: others than root may write to ROOT/f",
        ),
    ];
    for (case, steps, path, want) in table {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for step in *steps {
            made(root, step).unwrap();
        }
        let decided = decided(&root.join(path)).replace(root.to_str().unwrap(), "ROOT");
        let named = |text: &str| {
            text.replace("user 61", &name_of(Uid::from_raw(61)))
                .replace("user 62", &name_of(Uid::from_raw(62)))
        };
        assert_eq!(decided, named(want), "{case}");
    }
    // A group may do the same as everybody else where root would stay root; a user's own group is theirs.
    let dir = tempfile::tempdir().unwrap();
    for (uid, gid) in [(0, 0), (0, 61)] {
        let shared = dir.path().join(format!("{uid}.{gid}"));
        fs::create_dir(&shared).unwrap();
        chown(&shared, Some(uid), Some(gid)).unwrap();
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o775)).unwrap();
        assert_ne!(decided(&shared), "root", "{uid} {gid}");
        let inside = shared.join("d");
        fs::create_dir(&inside).unwrap();
        chown(&inside, Some(62), None).unwrap();
        assert_eq!(decided(&inside), "62");
    }
}

#[test]
fn there_is_an_end_of_links() {
    let dir = tempfile::tempdir().unwrap();
    symlink("b", dir.path().join("a")).unwrap();
    symlink("a", dir.path().join("b")).unwrap();
    let e = Ground::of(&dir.path().join("a")).unwrap_err();
    assert!(
        crate::error::line(&e).ends_with("ELOOP: Too many symbolic links encountered"),
        "{e:#}"
    );
    // From what is not there, nobody knows where it goes up to.
    assert!(Ground::of(&dir.path().join("none/../../etc")).is_err());
}
