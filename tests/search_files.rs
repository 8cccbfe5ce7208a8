//! `tickets search`, and what happens to the files below it (D9).

use crate::search::{desk, entry, mail, numbers, search};
use std::fs;
use std::process::Stdio;

// D9: what is done to the files by hand is the truth from then on.
#[test]
fn files_changed_by_hand_are_seen() {
    let b = desk();
    assert_eq!(numbers(&b, &["printer"]), "1 4");
    let edited = fs::read_to_string(b.ticket("archived/4")).unwrap();
    b.put(
        "tickets/archived/4",
        edited.replace("printer", "plotter").as_bytes(),
    );
    fs::remove_file(b.ticket("1")).unwrap();
    fs::rename(b.ticket("archived/5"), b.ticket("5")).unwrap();
    b.put(
        "tickets/7",
        &entry(
            0,
            "submit@example.org",
            &mail("eve@example.net", "Hi", "A printer."),
        ),
    );
    assert_eq!(numbers(&b, &["printer"]), "7");
    assert_eq!(numbers(&b, &["plotter"]), "4");
    assert_eq!(numbers(&b, &["toner"]), "2");
    assert_eq!(numbers(&b, &["needle is:open"]), "5");
    b.file(
        "ticket-5",
        mail("dave@example.net", "Re: Hay", "A lighthouse."),
    );
    search(&b, &["lighthouse"]).is(
        0,
        " 5 * now  2  dave@example.net  Hay\n       2  A lighthouse.\n",
        "",
    );
}

// D9: what is kept beside the mboxes can be lost at any time.
#[test]
fn a_lost_or_damaged_full_text_is_made_again() {
    let b = desk();
    let text = b.ticket(".tickets/text.db");
    assert_eq!(numbers(&b, &["printer"]), "1 4");
    fs::remove_file(&text).unwrap();
    assert_eq!(numbers(&b, &["printer"]), "1 4");
    let good = fs::read(&text).unwrap();
    for (case, bytes) in [
        ("no database", b"something else".repeat(1000)),
        ("empty", Vec::new()),
        ("cut short", good[..good.len() / 2].to_vec()),
        ("holes", {
            let mut bytes = good.clone();
            bytes[1000..].fill(0x55);
            bytes
        }),
    ] {
        b.put("tickets/.tickets/text.db", &bytes);
        assert_eq!(numbers(&b, &["printer"]), "1 4", "{case}");
        assert_eq!(numbers(&b, &["toner"]), "1 2", "{case}");
    }
    fs::remove_file(b.ticket(".tickets/index.db")).unwrap();
    assert_eq!(numbers(&b, &["segfault"]), "2");
}

#[test]
fn many_may_be_the_first_to_search() {
    let b = desk();
    let submit = "submit@example.org";
    for number in 10..40 {
        let mail = mail(
            "eve@example.net",
            "Lighthouse",
            &format!("Number {number}."),
        );
        b.put(&format!("tickets/{number}"), &entry(number, submit, &mail));
    }
    for round in 0..5 {
        let _ = fs::remove_file(b.ticket(".tickets/text.db"));
        let searches: Vec<_> = (0..8)
            .map(|_| {
                let mut command = b.command(&["search", "-q", "lighthouse"]);
                let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for search in searches {
            let output = search.wait_with_output().unwrap();
            let found = String::from_utf8_lossy(&output.stdout).lines().count();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!((found, &*said), (30, ""), "round {round}");
        }
        assert_eq!(numbers(&b, &["printer"]), "1 4", "round {round}");
    }
}

// G2: what is off is neither made nor touched, and knows everything when it is on again.
#[test]
fn reindex_makes_no_full_text_while_search_is_off() {
    let b = desk();
    let text = b.ticket(".tickets/text.db");
    let off = |off: &str| b.configure(&format!("[parts]\noff = [{off}]\n"));
    fs::remove_file(&text).unwrap();
    off("\"search\"");
    let counted = "6 tickets, 8 messages\n";
    b.run(&["reindex"], b"").is(0, counted, "");
    let full_text = || {
        let names = fs::read_dir(b.ticket(".tickets")).unwrap();
        let names = names.map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.starts_with("text")).collect();
        names.sort();
        names
    };
    assert_eq!(full_text(), [""; 0]);
    off("");
    assert_eq!(numbers(&b, &["printer"]), "1 4");
    let before = fs::read(&text).unwrap();
    let names = full_text();
    off("\"search\"");
    let late = mail("eve@example.net", "Hi", "Another printer.");
    b.put("tickets/7", &entry(0, "submit@example.org", &late));
    b.run(&["reindex"], b"")
        .is(0, "7 tickets, 9 messages\n", "");
    assert_eq!((full_text(), fs::read(&text).unwrap()), (names, before));
    off("");
    assert_eq!(numbers(&b, &["printer"]), "1 4 7");
}
