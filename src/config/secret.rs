//! Reads the file named by `address_secret`.

use crate::error::{Fault, Status, quoted_path};
use crate::files::open_following;
use crate::ticket::digest::{SHORTEST, Secret};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Bytes that are read at most, since /dev/urandom has no end.
const LIMIT: u64 = 4096;

/// The secret in `file`, without the white space around it.
///
/// # Errors
/// Status 78 if it cannot be read, or is too short.
pub(super) fn read(file: &Path) -> Result<Secret, Fault> {
    let path = file.display();
    let fault = |text: String| {
        let fault = Fault::new(Status::Config, format!("address_secret: {text}"));
        let word = quoted_path(file);
        fault.hint(format!(
            "`(umask 077; head -c 32 /dev/urandom | base64 >{word})` makes one"
        ))
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
                ErrorKind::PermissionDenied => {
                    fault.hint("whoever works on the desk must be able to read it: `tickets check` of its owner says how")
                }
                _ => fault,
            });
        }
        Ok(_) => {}
    }
    let secret = Secret::new(bytes.trim_ascii());
    secret.ok_or_else(|| fault(format!("{path} holds fewer than {SHORTEST} characters")))
}
