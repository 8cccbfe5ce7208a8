//! A desk of its own: that of a user who does nothing else. Root sets it up, for the whole machine.

use crate::commands::text::{of_owner, owner, toml_string, user_of};
use crate::config::{
    Config, DESKS_STORE, DESKS_USER, Lost, MACHINE_FILE, SHARE, Served, is_local_part, other_owner,
    served, served_elsewhere,
};
use crate::error::{Fault, Status, quoted, quoted_path};
use crate::files::absent;
use crate::privilege::{self, Ground};
use crate::store::expect_own_disk;
use anyhow::{Context, Result};
use nix::unistd::User;
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A store for a user, whom root is not yet.
pub struct Own {
    pub user: User,
    pub store: PathBuf,
    missing: bool,
    /// Whoever called sudo, and the configuration of a desk that they have besides.
    pub other: Option<(String, PathBuf)>,
}

impl Own {
    /// Looks whether there can be such a desk; nothing is made.
    ///
    /// # Errors
    /// Status 66 if there is no such user, 77 if the place of the store is somebody else's.
    pub fn look(user: Option<&str>, store: Option<&Path>) -> Result<Own> {
        let store = store.unwrap_or(Path::new(DESKS_STORE));
        let store = std::path::absolute(store)
            .with_context(|| format!("cannot find {}", store.display()))?;
        let name = user.unwrap_or(DESKS_USER);
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
        let elsewhere = "`--dir` names another place";
        let unusable = |dir: &Path| {
            let why = format!("that user cannot use {}", dir.display());
            refused(&why).hint(elsewhere)
        };
        expect_own_disk(&store)?;
        let ground = Ground::of(&store)?;
        let missing = ground.is_missing();
        let why = match store.metadata() {
            Ok(there) if !there.is_dir() => Some("it is no directory"),
            Err(_) if store.is_symlink() => Some("it is a link to nothing"),
            _ => None,
        };
        if let Some(why) = why {
            return Err(refused(why).hint(elsewhere).into());
        }
        match ground.user()? {
            None if missing => {}
            None => {
                let above = store.parent().unwrap_or(&store);
                if let Some(dir) = obstacle(above, &user, false)? {
                    return Err(unusable(&dir).into());
                }
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
            return Err(unusable(&dir).into());
        }
        Ok(Own {
            user,
            store,
            missing,
            other: other(),
        })
    }

    /// Makes the directory of the store where nobody but root can.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make_place(&self) -> Result<()> {
        if !self.missing || Ground::of(&self.store)?.user()?.is_some() {
            return Ok(());
        }
        let doing = || format!("cannot create {}", self.store.display());
        if let Some(above) = self.store.parent() {
            make_public(above).with_context(doing)?;
        }
        DirBuilder::new()
            .mode(0o700)
            .create(&self.store)
            .with_context(doing)?;
        let (uid, gid) = (Some(self.user.uid), Some(self.user.gid));
        nix::unistd::chown(&self.store, uid, gid).with_context(doing)
    }

    /// Lets the mail server pass through the store, and makes root its user.
    ///
    /// # Errors
    /// Its mode cannot be changed.
    pub fn open_store(&self) -> Result<()> {
        let doing = || format!("cannot change the mode of {}", self.store.display());
        Ground::of(&self.store)?.settle()?;
        let mode = std::fs::metadata(&self.store)
            .with_context(doing)?
            .permissions()
            .mode();
        let mode = Permissions::from_mode(mode & 0o7777 | 0o711);
        std::fs::set_permissions(&self.store, mode).with_context(doing)
    }
}

/// Makes the store for the configuration in `file`, as the user whose it is. Another process does: this one has to be
/// root afterwards, and whoever has become a user is that user for good.
///
/// # Errors
/// The program cannot be started; any other status is that of the process, which has said why.
pub fn make_store(file: &Path) -> Result<Status> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = privilege::program(&program);
    command
        .arg("--config")
        .arg(file)
        .args(["init", "--make-store"]);
    // `dir` stands in the file.
    let status = command.env_remove("TICKETS_DIR").status();
    let status = status.with_context(|| format!("cannot start {}", program.display()))?;
    let all = [Status::Ok, Status::NoInput, Status::NoPerm, Status::Config];
    let known = all
        .into_iter()
        .find(|known| Some(*known as i32) == status.code());
    Ok(known.unwrap_or(Status::TempFail))
}

/// Whoever called sudo, and the configuration of their own desk, if they have one.
fn other() -> Option<(String, PathBuf)> {
    let user = privilege::user(&privilege::caller()?).filter(|user| !user.uid.is_root())?;
    let file = Config::file_in(&user.dir);
    file.exists().then_some((user.name, file))
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
    let user = std::env::var("SUDO_USER").ok();
    let user = user.filter(|name| is_local_part(name));
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
/// and that of `user`, for whom root sets up a desk; for a user the machine's, that of another to whom the store `dir`
/// belongs, and that of another to which the mail server below `etc` brings mail. One of `user` whose configuration is
/// gone is that very desk, and one of which neither configuration nor store is left is none.
///
/// # Errors
/// Status 77, and the command that goes on all the same.
pub fn nothing_is_in_force(user: Option<&str>, etc: &Path, dir: Option<&Path>) -> Result<()> {
    let own = Config::own_file()?;
    let named = user.and_then(privilege::user);
    let has_file = |user: &User| Config::file_in(&user.dir).exists();
    let machines = Path::new(MACHINE_FILE);
    let (there, works, file) = match privilege::is_root() {
        true if own.exists() => (
            format!("root has one, configured in {}", own.display()),
            "tickets".to_owned(),
            machines.to_owned(),
        ),
        true if !machines.exists() && named.as_ref().is_some_and(has_file) => {
            return named.map_or(Ok(()), |user| Err(has_one(&user, dir).into()));
        }
        true => {
            let desks = served(Path::new("/etc"));
            let is_it =
                |desk: &Served| desk.is_without_configuration_of(user.unwrap_or(DESKS_USER));
            let is_free = |desk: &Served| is_it(desk) || desk.is_gone();
            if desks.iter().all(is_free) || machines.exists() {
                return Ok(());
            }
            return Err(is_served(&desks).into());
        }
        false if !own.exists() && machines.exists() => (
            format!("this machine has one, configured in {MACHINE_FILE}"),
            "sudo tickets".to_owned(),
            own,
        ),
        false if own.exists() => return Ok(()),
        false => return not_anothers(etc, dir, &own),
    };
    Err(in_force(&there, &format!("`{works} list` works on it"), &file).into())
}

/// Says no where a user would have a second configuration for the store of somebody else, or a desk to which no mail
/// comes.
fn not_anothers(etc: &Path, dir: Option<&Path>, own: &Path) -> Result<()> {
    if let Some((dir, owner)) = dir.and_then(|dir| Some((dir, other_owner(dir)?))) {
        let name = privilege::name_of(owner);
        let there = format!("the store in {} is that of {name}", dir.display());
        return Err(in_force(&there, SHARE, own).into());
    }
    if let Some(lost) = Lost::own().filter(|_| dir.is_none()) {
        let text = format!("cannot set up a desk: {}", lost.what());
        return Err(Fault::new(Status::NoPerm, text).hint(lost.hint()).into());
    }
    let Some(desk) = served_elsewhere(etc) else {
        return Ok(());
    };
    let there = format!("the mail server brings mail to that of user {}", desk.user);
    let works = format!("`{} list` works on it, and {SHARE}", desk.command());
    Err(in_force(&there, &works, own).into())
}

/// The user for whom root sets up a desk of the machine has one already, of which the new one would know nothing.
fn has_one(user: &User, dir: Option<&Path>) -> Fault {
    let file = Config::file_in(&user.dir);
    let there = format!("{} has one, configured in {}", user.name, file.display());
    let store = dir.map_or_else(|| user.dir.join("tickets"), Path::to_owned);
    let store = std::path::absolute(&store).unwrap_or(store);
    let path = quoted_path(&file);
    let moved = format!(
        "`sudo install -D -m 644 {path} {MACHINE_FILE} && sudo rm {path}`, with `dir = {}` in it, makes it the machine's",
        toml_string(&store.to_string_lossy())
    );
    in_force(&there, &moved, Path::new(MACHINE_FILE))
}

fn in_force(there: &str, works: &str, file: &Path) -> Fault {
    let another = format!(
        "`tickets --config {} init` sets up another one",
        quoted_path(file)
    );
    let text = format!("cannot set up a desk: {there}");
    Fault::new(Status::NoPerm, text).hint(format!("{works}; {another}"))
}

/// Names the desks to which mail is brought, and what is wrong with a user who cannot have one.
fn is_served(desks: &[Served]) -> Fault {
    let file = Path::new(MACHINE_FILE);
    let odd = desks
        .iter()
        .find_map(|desk| Some((desk, desk.user().err()?)));
    if let Some((desk, why)) = odd {
        let there = format!("the mail server's pieces name user {}: {why}", desk.user);
        let correct = format!("correct the user in {}", desk.file.display());
        return in_force(&there, &correct, file);
    }
    let that = if desks.len() == 1 { "that" } else { "those" };
    let users: Vec<String> = desks
        .iter()
        .map(|it| format!("of user {}", it.user))
        .collect();
    let there = format!(
        "the mail server brings mail to {that} {}",
        users.join(" and ")
    );
    let works: Vec<String> = desks
        .iter()
        .map(|it| format!("`{} list`", it.command()))
        .collect();
    in_force(&there, &format!("{} works on it", works.join(" or ")), file)
}
