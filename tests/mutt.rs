//! `tickets mutt`: what mutt is started with. The keys are tried with the real one in e2e.

use crate::bench::Bench;
use crate::check::MAIL;
use crate::transcript::Transcript;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// Says how it was started, and where its children would find the desk.
const FAKE: &str = "#!/bin/sh\nfor word in \"$0\" \"$@\"; do echo \"<$word>\"; done\n\
                    echo \"$TICKETS_CONFIG $TICKETS_DIR\"\n";

// E3, E4
#[test]
fn manual() {
    let b = Bench::new();
    b.file("submit", MAIL);
    let mut t = Transcript::new(&b);
    let install = |name: &str| {
        let path = b.path("bin").join(name);
        fs::write(&path, FAKE).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let open = "PATH=$PWD/bin tickets mutt 1";
    t.step("Without mutt it says how to get it.", open);
    install("neomutt");
    t.step(
        "Neomutt will do. It reads the keys of the desk, and its children find the desk.",
        open,
    );
    install("mutt");
    t.step(
        "Mutt is preferred. A ticket is opened wherever it lies.",
        open,
    );
    b.says("close 1", "closed 1  Printer\n");
    t.run(open);
    t.step(
        "Mistakes name the way out.",
        "tickets mutt 7\ntickets mutt x",
    );
    insta::assert_snapshot!("mutt", t);
}
