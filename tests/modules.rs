//! `tickets modules`, and a desk without its parts.

use crate::bench::Bench;
use crate::check::MAIL;
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
