//! A store on a disk that several hosts share (E9): `shim.c` says what it is.

use crate::bench::{Bench, Ran, finish};
use crate::shim;

const MAIL: &str = "From: ann@example.net\nSubject: x\nMessage-ID: <1@x>\n\nHelp\n";

/// Runs the program where every file system is of this type.
fn on(b: &Bench, kind: &str, args: &[&str], stdin: &str) -> Ran {
    let mut command = b.command(args);
    command
        .env("LD_PRELOAD", shim::library(b))
        .env("SHIM_KIND", kind);
    finish(command, stdin.as_bytes())
}

// E9, A3, F
#[test]
fn no_store_is_made_where_hosts_share_it() {
    let deliver = ["deliver", "-r", "submit@example.org"];
    let (nfs, fuse, ext4) = ("0x6969", "0x65735546", "0xef53");
    for (kind, name) in [(nfs, "NFS"), (fuse, "FUSE"), ("0xff534d42", "CIFS")] {
        let b = Bench::new();
        let store = b.ticket("").display().to_string();
        let store = store.trim_end_matches('/');
        let why = format!(
            "tickets: cannot make a store in {store}: it is on {name}, which several hosts may share, and there mail was \
             lost in experiments\n"
        );
        let hint = "hint: choose a directory on a disk of this machine; `shared_store = \"i know\"` allows it all the \
             same\n";
        on(&b, kind, &deliver, MAIL).is(75, "", &why);
        on(&b, kind, &["import", "/dev/null"], "").is(78, "", &format!("{why}{hint}"));
        let said = on(&b, kind, &["check"], "");
        let fault = format!(
            "FAIL  store: it is on {name}, which several hosts may share, and there mail was lost in experiments\n      \
             mend: move it to a disk of this machine, and set `dir`\n"
        );
        assert!(said.status == 2 && said.stdout.contains(&fault), "{said:?}");
        assert!(!b.ticket("").exists());
        // Elsewhere it is made, and a delivery does not look again.
        on(&b, ext4, &deliver, MAIL).silent();
        let second = MAIL.replace("1@x", "2@x");
        on(&b, kind, &deliver, &second).silent();
        assert_eq!(b.names(), ["1", "2"]);
        assert!(on(&b, kind, &["check"], "").stdout.contains(&fault));
    }
    let b = Bench::new();
    b.configure("shared_store = \"i know\"\n");
    on(&b, nfs, &deliver, MAIL).silent();
    assert_eq!(b.names(), ["1"]);
    let said = on(&b, nfs, &["check"], "").stdout;
    assert!(said.contains("warn  store: it is on NFS, "), "{said}");
    assert!(
        said.contains("\n    shared_store = \"i know\"\n")
            || said.contains("\nshared_store = \"i know\"\n")
    );
    // There is one value only.
    b.configure("shared_store = true\n");
    let ran = b.run(&["list"], b"");
    assert_eq!((ran.status, ran.stdout.as_str()), (78, ""), "{ran:?}");
}
