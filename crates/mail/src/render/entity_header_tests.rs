use super::*;

fn header(fields: &str) -> EntityHeader {
    let raw = format!("{fields}\n\n");
    EntityHeader::read(&Message::new(raw.as_bytes()), "text/plain")
}

#[test]
fn types_as_mail_programs_write_them() {
    let table = [
        ("text/plain", "text/plain"),
        ("TEXT/HTML; charset=utf-8", "text/html"),
        ("text/plain charset=\"utf-8\"", "text/plain"),
        ("text/html, charset=utf-8", "text/html"),
        ("text/plain (comment)", "text/plain"),
        ("text / plain", "text/plain"),
        ("\"text/html\"", "text/html"),
        ("text", "text/plain"),
        ("text/", "text/plain"),
        ("plain/text", "text/plain"),
        ("html", "text/html"),
        ("multipart; boundary=x", "multipart/mixed"),
        ("multipart/mixed boundary=x", "multipart/mixed"),
        ("charset=utf-8", "text/plain"),
        ("", "text/plain"),
        (";;;", "text/plain"),
        ("nonsense", "application/octet-stream"),
        ("a/b/c", "application/octet-stream"),
        ("application/pdf name=a.pdf", "application/pdf"),
        ("x\nContent-Type: text/html", "text/html"),
        ("\nContent-Type: text/html", "text/html"),
        ("x\nContent-Type: y", "application/octet-stream"),
    ];
    for (written, want) in table {
        let found = header(&format!("Content-Type: {written}"));
        assert_eq!(found.mime, want, "{written}");
    }
}

#[test]
fn the_name_of_a_file_is_looked_for_in_both_fields() {
    let table: &[(&str, &str, Option<&str>)] = &[
        (
            "disposition",
            "Content-Disposition: attachment; filename=a.pdf",
            Some("a.pdf"),
        ),
        (
            "type",
            "Content-Type: application/pdf; name=a.pdf",
            Some("a.pdf"),
        ),
        (
            "both",
            "Content-Type: application/pdf; name=b.pdf\nContent-Disposition: attachment; filename=a.pdf",
            Some("a.pdf"),
        ),
        (
            "no name in one",
            "Content-Type: application/pdf; name=b.pdf\nContent-Disposition: attachment; filename=\"..\"",
            Some("b.pdf"),
        ),
        (
            "names changed",
            "Content-Disposition: attachment; name=a.pdf",
            Some("a.pdf"),
        ),
        (
            "names changed back",
            "Content-Type: application/pdf; filename=a.pdf",
            Some("a.pdf"),
        ),
        ("neither", "Content-Type: application/pdf", None),
        (
            "base name last",
            "Content-Disposition: attachment; filename*=utf-8''a%2Fb%5Cc.pdf",
            Some("c.pdf"),
        ),
        (
            "base name last, words",
            "Content-Disposition: attachment; filename=\"=?utf-8?B?YS9iLg==?= =?utf-8?Q?pdf?=\"",
            Some("b.pdf"),
        ),
        (
            "quoted twice",
            "Content-Disposition: attachment; filename=\"\"a.pdf\"\"",
            Some("a.pdf"),
        ),
        // They differ in what nobody can see.
        (
            "marks",
            "Content-Disposition: attachment; filename*=utf-8''a%E2%80%8F.pdf%E2%81%A0",
            Some("a.pdf"),
        ),
    ];
    for (case, fields, want) in table {
        assert_eq!(header(fields).name.as_deref(), *want, "{case}");
    }
}

#[test]
fn long_names_fit_any_disk() {
    for (letter, extension) in [
        ("a", ".pdf"),
        ("ä", ".pdf"),
        ("山", ".pdf"),
        ("👩", "👩👩"),
        ("e\u{301}", ""),
    ] {
        let name = file_name(&format!("{}{extension}", letter.repeat(5000))).unwrap();
        assert!(
            name.len() <= NAME_BYTES && name.chars().count() <= NAME_CHARS,
            "{name}"
        );
        assert!(name.ends_with(extension) && name.contains('~'), "{name}");
    }
    let just = "山".repeat(66);
    assert_eq!(file_name(&just).as_deref(), Some(just.as_str()));
}
