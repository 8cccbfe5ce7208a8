//! Reads the file named by `address_secret`.

use crate::error::{Fault, Status, quoted, quoted_path};
use crate::files::open_following;
use crate::privilege::{name_of, was_root};
use crate::ticket::digest::{SHORTEST, Secret};
use nix::unistd::Uid;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bytes that are read at most, since /dev/urandom has no end.
const LIMIT: u64 = 4096;

/// The secret in `file`, without the white space around it. If it is `shared`, several users read it.
///
/// # Errors
/// Status 78 if it cannot be read, or is too short.
pub(super) fn read(file: &Path, shared: bool) -> Result<Secret, Fault> {
    let path = file.display();
    let fault = |text: String| {
        let fault = Fault::new(Status::Config, format!("address_secret: {text}"));
        fault.hint(format!("`{}` makes one", making(file)))
    };
    let mut bytes = Vec::new();
    let read = open_following(file).and_then(|f| f.take(LIMIT).read_to_end(&mut bytes));
    match read {
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return Err(fault(format!("there is no {path}")));
        }
        Err(e) => {
            let text = format!("address_secret: cannot read {path}: {e}");
            let fault = Fault::new(Status::Config, text);
            return Err(match e.kind() {
                // Root, too, has become the desk's user by now.
                ErrorKind::PermissionDenied if shared => {
                    fault.hint("whoever works on the desk must be able to read it: `tickets check` of its owner says how")
                }
                ErrorKind::PermissionDenied => {
                    let user = quoted(&name_of(Uid::effective()));
                    fault.hint(format!("sudo chown {user} {}", quoted_path(file)))
                }
                _ => fault,
            });
        }
        Ok(_) => {}
    }
    let secret = Secret::new(bytes.trim_ascii());
    secret.ok_or_else(|| fault(format!("{path} holds fewer than {SHORTEST} characters")))
}

/// A command that makes a secret there, for whoever is told it: root, if this user cannot.
fn making(file: &Path) -> String {
    let (random, word) = ("head -c 32 /dev/urandom | base64", quoted_path(file));
    let me = Uid::effective();
    let above = file.parent().and_then(|above| above.metadata().ok());
    match above {
        Some(above) if above.uid() == me.as_raw() && !was_root() => {
            format!("(umask 077; {random} >{word})")
        }
        _ => {
            let user = quoted(&name_of(me));
            format!("{random} | sudo install -D -o {user} -m 600 /dev/stdin {word}")
        }
    }
}
