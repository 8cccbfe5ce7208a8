//! `tickets show --save` (E2): what is attached, as files in a directory.

use crate::bench::Bench;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A desk with a ticket of two messages. Their attachments have names that other programs choke on.
fn desk() -> Bench {
    let part = |name: &str, text: &str| {
        format!(
            "--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=\"{name}\"\n\n{text}\n"
        )
    };
    let long = format!("{}.pdf", "\u{1f5a8}".repeat(110));
    let mail = |id: u32, parts: &[String]| {
        format!(
            "From: alice@example.net\nSubject: Bills\nMessage-ID: <{id}@example.net>\n\
             Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHere.\n{}--b--\n",
            parts.concat()
        )
    };
    let b = Bench::new();
    let enclosed =
        "--b\nContent-Type: message/rfc822\n\nSubject: old\nContent-Type: application/x\n\nx\n";
    let first = [
        part("bill.pdf", "one"),
        part("bill.pdf", "two"),
        part("../../../../etc/passwd", "three"),
        part("-rf", "four"),
        part("", "five"),
        part(&long, "six"),
        enclosed.to_owned(),
    ];
    b.file("submit", mail(1, &first));
    b.file(
        "ticket-1",
        mail(2, &[part("BILL.PDF", "seven"), part("bill-2.pdf", "eight")]),
    );
    b
}

/// The files in a directory, by name; a link is `-> TARGET`.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let read = |entry: fs::DirEntry| {
        let content = match fs::read_link(entry.path()) {
            Ok(target) => format!("-> {}", target.display()),
            Err(_) => fs::read_to_string(entry.path()).unwrap(),
        };
        (entry.file_name().into_string().unwrap(), content)
    };
    entries.map(read).collect()
}

// E2, E4
#[test]
fn all_attachments_of_a_ticket() {
    let b = desk();
    let dir = b.path("out");
    let shown = dir.display().to_string();
    let ran = b.run(&["show", "1", "--save", &shown], b"");
    let cut = format!("{}~{}.pdf", "\u{1f5a8}".repeat(36), "\u{1f5a8}".repeat(12));
    let want = format!(
        "1.2: {shown}/bill.pdf, application/pdf, 3 B\n\
         1.3: {shown}/bill-2.pdf, application/pdf, 3 B\n\
         1.4: {shown}/passwd, application/pdf, 5 B\n\
         1.5: {shown}/_rf, application/pdf, 4 B\n\
         1.6: {shown}/part-1.6, application/pdf, 4 B\n\
         1.7: {shown}/{cut}, application/pdf, 3 B\n\
         1.8: {shown}/old.eml, message/rfc822, 43 B\n\
         1.9: {shown}/part-1.9, application/x, 1 B\n\
         2.2: {shown}/BILL.PDF, application/pdf, 5 B\n\
         2.3: {shown}/bill-2-2.pdf, application/pdf, 5 B\n"
    );
    assert_eq!((ran.status, ran.stdout, ran.stderr.as_str()), (0, want, ""));
    let found = files(&dir);
    assert_eq!(found["bill.pdf"], "one");
    assert_eq!(found["bill-2.pdf"], "two");
    assert_eq!(found["passwd"], "three");
    assert_eq!(found["bill-2-2.pdf"], "eight");
    assert_eq!(
        found["old.eml"],
        "Subject: old\nContent-Type: application/x\n\nx"
    );
    assert_eq!(found.len(), 10);

    // Again: nothing is overwritten.
    let ran = b.run(&["show", "1", "2", "--save", &shown], b"");
    let want = format!(
        "2.2: {shown}/BILL-2.PDF, application/pdf, 5 B\n\
         2.3: {shown}/bill-2-3.pdf, application/pdf, 5 B\n"
    );
    assert_eq!((ran.status, ran.stdout, ran.stderr.as_str()), (0, want, ""));
    let again = files(&dir);
    assert_eq!(again.len(), 12);
    assert!(found.iter().all(|(name, text)| again[name] == *text));
}

// E2: what lies in the directory may be a trap.
#[test]
fn no_link_is_followed() {
    // T11
    let b = desk();
    b.make_dir("out");
    b.put("precious", b"mine");
    for (name, target) in [("bill.pdf", "../precious"), ("passwd", "../nothing")] {
        std::os::unix::fs::symlink(target, b.path("out").join(name)).unwrap();
    }
    let dir = b.path("out").display().to_string();
    let ran = b.run(&["show", "1", "1", "--save", &dir], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let found = files(&b.path("out"));
    assert_eq!(found["bill.pdf"], "-> ../precious");
    assert_eq!(found["bill-2.pdf"], "one");
    assert_eq!(found["bill-3.pdf"], "two");
    assert_eq!(found["passwd"], "-> ../nothing");
    assert_eq!(found["passwd-2"], "three");
    assert_eq!(fs::read_to_string(b.path("precious")).unwrap(), "mine");
    assert!(!b.path("nothing").exists());
}

// E4
#[test]
fn mistakes_are_said() {
    let b = desk();
    b.put("file", b"x");
    let root = b.path("").display().to_string();
    let root = root.trim_end_matches('/');
    for (args, status, stderr) in [
        (
            vec!["show", "1", "--save", "file"],
            66,
            "tickets: cannot save to file: Not a directory (os error 20)\n".to_owned(),
        ),
        (
            vec!["show", "1", "--save", "no/such"],
            66,
            "tickets: cannot save to no/such: No such file or directory (os error 2)\n".to_owned(),
        ),
        (
            vec!["show", "1", "--save", "out", "--raw"],
            64,
            String::new(),
        ),
    ] {
        let mut command = b.command(&args);
        command.current_dir(root);
        let ran = crate::bench::finish(command, b"");
        assert_eq!((ran.status, ran.stdout.as_str()), (status, ""), "{args:?}");
        if !stderr.is_empty() {
            assert_eq!(ran.stderr, stderr, "{args:?}");
        }
    }
    assert!(!b.path("out").exists());
    let b = Bench::new();
    b.file("submit", "From: alice@example.net\n\nhi\n");
    let dir = b.path("out").display().to_string();
    let ran = b.run(&["show", "1", "--save", &dir], b"");
    assert_eq!(
        (ran.status, ran.stdout.as_str(), ran.stderr.as_str()),
        (0, "", "tickets: nothing is attached\n")
    );
}
