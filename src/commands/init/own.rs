//! A desk of its own: that of a user who does nothing else. Root sets it up, for the whole machine.

use crate::commands::text::{of_owner, owner, user_of};
use crate::config::{Config, MACHINE_FILE, served};
use crate::error::{Fault, Status, quoted, quoted_path};
use crate::files::absent;
use crate::privilege::{self, Ground};
use crate::store::expect_own_disk;
use anyhow::{Context, Result};
use nix::unistd::User;
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The user, if none is named.
const USER: &str = "tickets";

/// The store, if none is named.
const STORE: &str = "/var/lib/tickets";

/// A store for a user, whom root is not yet.
pub struct Own {
    pub user: User,
    pub store: PathBuf,
    missing: bool,
}

impl Own {
    /// Looks whether there can be such a desk; nothing is made.
    ///
    /// # Errors
    /// Status 66 if there is no such user, 77 if the place of the store is somebody else's.
    pub fn look(user: Option<&str>, store: Option<&Path>) -> Result<Own> {
        let store = store.unwrap_or(Path::new(STORE));
        let store = std::path::absolute(store)
            .with_context(|| format!("cannot find {}", store.display()))?;
        let name = user.unwrap_or(USER);
        let Some(user) = privilege::user(name) else {
            let text = format!("cannot set up a desk: there is no user {name}");
            let hint = format!(
                "`{}useradd --system --create-home --home-dir {} --shell /usr/sbin/nologin {}`",
                privilege::sudo(),
                quoted_path(&store),
                quoted(name)
            );
            return Err(Fault::new(Status::NoInput, text).hint(hint).into());
        };
        let refused = |why: &str| {
            let text = format!(
                "cannot make {} the store of user {name}: {why}",
                store.display()
            );
            Fault::new(Status::NoPerm, text)
        };
        if user.uid.is_root() {
            return Err(refused("no mail server runs a program as root").into());
        }
        expect_own_disk(&store)?;
        let ground = Ground::of(&store)?;
        let missing = ground.is_missing();
        match ground.user()? {
            None if missing => {}
            None => {
                let hint = format!(
                    "`install -d -o {} -g {} -m 711 {}`",
                    quoted(name),
                    user.gid,
                    quoted_path(&store)
                );
                return Err(refused("it is root's").hint(hint).into());
            }
            Some(uid) if uid == user.uid => {}
            Some(_) => {
                let hint = "`tickets init --user NAME`, the user to whom it belongs";
                return Err(refused("it is somebody else's").hint(hint).into());
            }
        }
        if let Some(dir) = obstacle(&store, &user, missing && ground.user()?.is_some())? {
            let why = format!("that user cannot use {}", dir.display());
            let hint = "`--dir` names another place";
            return Err(refused(&why).hint(hint).into());
        }
        Ok(Own {
            user,
            store,
            missing,
        })
    }

    /// Makes the directory of the store, if it is missing, and lets the mail server pass through it.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make_store(&self) -> Result<()> {
        let doing = || format!("cannot create {}", self.store.display());
        let ground = Ground::of(&self.store)?;
        if self.missing && ground.user()?.is_none() {
            // Nobody but root has a hand in this place.
            if let Some(above) = self.store.parent() {
                make_public(above).with_context(doing)?;
            }
            DirBuilder::new()
                .mode(0o700)
                .create(&self.store)
                .with_context(doing)?;
            let (uid, gid) = (Some(self.user.uid), Some(self.user.gid));
            nix::unistd::chown(&self.store, uid, gid).with_context(doing)?;
        }
        // From here on as the user: it is theirs.
        Ground::of(&self.store)?.settle()?;
        std::fs::create_dir_all(&self.store).with_context(doing)?;
        let mode = std::fs::metadata(&self.store)
            .with_context(doing)?
            .permissions()
            .mode();
        let mode = Permissions::from_mode(mode & 0o7777 | 0o711);
        std::fs::set_permissions(&self.store, mode).with_context(doing)
    }
}

/// The first directory on the way to a store through which `user` cannot pass, or in which they would have to make
/// something and may not. It is looked at before anything is written, for afterwards nobody is root to take it back.
fn obstacle(store: &Path, user: &User, makes: bool) -> Result<Option<PathBuf>> {
    let mut makes = makes;
    for dir in store.ancestors() {
        let meta = match std::fs::metadata(dir) {
            Err(e) if absent(&e) => continue,
            meta => meta.with_context(|| format!("cannot look at {}", dir.display()))?,
        };
        // A mail server passes as somebody else, so groups do not count.
        let whole = if makes { 0o3 } else { 0o1 };
        let own = meta.uid() == user.uid.as_raw();
        let bits = if own { meta.mode() >> 6 } else { meta.mode() };
        if bits & whole != whole {
            return Ok(Some(dir.to_owned()));
        }
        makes = false;
    }
    Ok(None)
}

/// Makes a directory that everybody may pass through and read, and those above it.
pub fn make_public(dir: &Path) -> std::io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.exists()).collect();
    for dir in missing
        .into_iter()
        .rev()
        .filter(|dir| !dir.as_os_str().is_empty())
    {
        std::fs::create_dir(dir)?;
        std::fs::set_permissions(dir, Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Whom the desk's mail is told where nobody is named: whoever became root, else root.
pub fn admin() -> String {
    let plain = |name: &String| {
        name.chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
            && !name.is_empty()
    };
    let user = std::env::var("SUDO_USER").ok().filter(plain);
    user.unwrap_or_else(|| "root".into())
}

/// Says no if the store is another user's, as whom the mail server has to start the program.
///
/// # Errors
/// Status 77, and the command that is right.
pub fn is_mine(config: &Config) -> Result<()> {
    let Some(owner) = owner(config).filter(|owner| *owner != user_of(config)) else {
        return Ok(());
    };
    let name = privilege::name_of(owner);
    let dir = config.dir.display();
    let text = format!("cannot write the pieces: the desk in {dir} is that of {name}");
    let hint = format!("`{} init ...` prints them", of_owner(config, owner));
    Err(Fault::new(Status::NoPerm, text).hint(hint).into())
}

/// Says no if a desk is in force already that the new one would take the place of: for root any that root works on,
/// for a user the machine's.
///
/// # Errors
/// Status 77, and the command that goes on all the same.
pub fn nothing_is_in_force() -> Result<()> {
    let own = Config::own_file()?;
    let (there, works, file) = match privilege::is_root() {
        true if own.exists() => (
            format!("root has one, configured in {}", own.display()),
            "tickets".to_owned(),
            PathBuf::from(MACHINE_FILE),
        ),
        true => {
            let desks = served(Path::new("/etc"));
            let Some(desk) = desks.first().filter(|_| !Path::new(MACHINE_FILE).exists()) else {
                return Ok(());
            };
            (
                format!("the mail server brings mail to that of user {}", desk.user),
                desk.command(),
                PathBuf::from(MACHINE_FILE),
            )
        }
        false if !own.exists() && Path::new(MACHINE_FILE).exists() => (
            format!("this machine has one, configured in {MACHINE_FILE}"),
            "sudo tickets".to_owned(),
            own,
        ),
        false => return Ok(()),
    };
    let hint = format!(
        "`{works} list` works on it; `tickets --config {} init` sets up another one",
        quoted_path(&file)
    );
    let text = format!("cannot set up a desk: {there}");
    Err(Fault::new(Status::NoPerm, text).hint(hint).into())
}
