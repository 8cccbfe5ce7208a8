//! What the programs that are started get of the environment and the open files of this one.

use super::BECAME;
use nix::unistd::{Uid, User};
use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{PathBuf, absolute};
use std::process::Command;
use std::sync::Once;

/// Root's variables that the desk's user gets, with those that begin with `LC_`: how to show things, which programs
/// to show them with, which desk it is. None is a secret, and what they name runs as that user. Any other may hold a
/// password or a key.
const PASSED_ON: [&str; 19] = [
    "PATH",
    "TERM",
    "COLORTERM",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "NO_COLOR",
    "COLUMNS",
    "LINES",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TICKETS_PAGER",
    "PAGER",
    "LESS",
    "LESSCHARSET",
    "VISUAL",
    "EDITOR",
    "TICKETS_CONFIG",
    "TICKETS_DIR",
];

/// A program to be started. Every one is made here: what root's environment holds is not for the user that root has
/// become, so their programs get little of it, and their own `HOME`, `USER`, `LOGNAME` and `SHELL`. Without such a
/// change of user, they get all of it.
///
/// Whoever runs them, and whatever this process was started with, none gets an open file but standard input, output and
/// errors: an MTA, cron or sudo leave some open that this user could not open.
pub fn program(name: impl AsRef<OsStr>) -> Command {
    static KEPT: Once = Once::new();
    KEPT.call_once(|| {
        // It fails only on an old kernel without /proc. Mail goes on there, and root is refused before (T17).
        let _ = terminal::keep_files();
    });
    let mut command = Command::new(name);
    if let Some(uid) = BECAME.get() {
        command.env_clear().envs(passed_on()).envs(home(*uid));
    }
    command.envs(desk());
    command
}

/// Which desk it is, where the environment says so by a path that means another one in another directory.
fn desk() -> impl Iterator<Item = (&'static str, PathBuf)> {
    ["TICKETS_CONFIG", "TICKETS_DIR"]
        .into_iter()
        .filter_map(|name| {
            let path = PathBuf::from(env::var_os(name)?);
            let is_relative = !path.as_os_str().is_empty() && path.is_relative();
            is_relative.then(|| Some((name, absolute(&path).ok()?)))?
        })
}

/// Where this program lies. What stands there now may be another version, which was put in its place.
///
/// # Errors
/// The system does not say.
pub fn own_path() -> io::Result<PathBuf> {
    let path = env::current_exe()?;
    // So the kernel marks the path of what was removed or replaced (proc(5)).
    let marked = path.as_os_str().as_bytes().strip_suffix(b" (deleted)");
    match marked.filter(|_| !path.exists()) {
        Some(path) => Ok(PathBuf::from(OsStr::from_bytes(path))),
        None => Ok(path),
    }
}

fn passed_on() -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os().filter(|(name, _)| {
        let name = name.to_str().unwrap_or_default();
        PASSED_ON.contains(&name) || name.starts_with("LC_")
    })
}

/// What a login would set for this user. A user whom the user database does not know has nothing of that.
fn home(uid: Uid) -> impl Iterator<Item = (&'static str, OsString)> {
    let user = User::from_uid(uid).ok().flatten();
    user.into_iter().flat_map(|user| {
        [
            ("HOME", user.dir.into_os_string()),
            ("USER", user.name.clone().into()),
            ("LOGNAME", user.name.into()),
            ("SHELL", user.shell.into_os_string()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
    })
}
