//! `tickets modules`, and a desk without its parts.

use crate::bench::Bench;
use crate::check::MAIL;
use crate::manager::{shelf, switch};
use crate::transcript::Transcript;

// G1, G2
#[test]
fn manual() {
    let b = Bench::new();
    let mut t = Transcript::new(&b);
    t.mask(env!("CARGO_PKG_VERSION"), "<version>");
    t.step(
        "The parts of a desk, and what each of them adds.",
        "tickets modules\ntickets modules --json",
    );
    b.configure("[parts]\noff = [\"stats\", \"timeline\"]\n");
    t.step(
        "The commands of a part that is switched off are gone.",
        "tickets modules\n\
         tickets --help | grep -c -e stats -e timeline\n\
         tickets stats\n\
         tickets timeline --json\n\
         tickets man stats",
    );
    b.configure("[parts]\noff = [\"search\", \"timeline\", \"stats\", \"archive\"]\n");
    b.put("mail.eml", MAIL.as_bytes());
    t.step(
        "Without any part mail is filed, answered and read.",
        "tickets deliver -f alice@example.net submit@example.org <mail.eml\n\
         tickets list\n\
         tickets close 1",
    );
    b.configure("[parts]\noff = [\"stat\"]\n");
    t.step("A part that there is not is a mistake.", "tickets modules");
    insta::assert_snapshot!("modules", t);
}

// G1, G3, G4
#[test]
fn modules_from_outside() {
    let b = switch::desk();
    shelf::put(&b, "later", &["filter", "dream"], "", "#!/bin/sh\n");
    let mut t = Transcript::new(&b);
    t.mask(env!("CARGO_PKG_VERSION"), "<version>");
    t.mask(b.path("").to_str().unwrap(), "<desk>/");
    t.step(
        "A module that lies on the shelf is off.",
        "tickets modules | tr -s ' '",
    );
    t.step(
        "It is switched on when it is well, and its command stands beside the others.",
        "tickets modules enable spam\n\
         tickets modules enable spam\n\
         grep modules config.toml\n\
         tickets modules | tr -s ' '\n\
         tickets modules --json | tail -n 2\n\
         tickets --help | grep spam\n\
         echo mail | tickets spam --teach 'a  b' -- -x\n\
         tickets spma",
    );
    shelf::put(
        &b,
        "spam",
        &switch::POINTS,
        &switch::MORE.replace('2', "3"),
        switch::SPAM,
    );
    t.step(
        "A newer one may need other data. Until that is made, it is left out.",
        "tickets modules | tr -s ' '\n\
         tickets spam\n\
         tickets modules upgrade\n\
         tickets modules upgrade",
    );
    shelf::set_mode(&shelf::shelf(&b).join("spam/run"), 0o775);
    t.step(
        "One to which others may write is never run.",
        "tickets modules | tr -s ' '\n\
         tickets modules enable spam\n\
         tickets modules disable spam\n\
         tickets modules disable spam\n\
         tickets modules disable stats\n\
         tickets modules enable spma\n\
         grep modules config.toml",
    );
    insta::assert_snapshot!("modules-outside", t);
}
