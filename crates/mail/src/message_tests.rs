use super::*;

fn split(raw: &[u8]) -> (Vec<(String, String)>, String) {
    let m = Message::new(raw);
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    let fields = m.fields().iter().map(|f| (text(f.name), text(f.value)));
    (fields.collect(), text(m.body()))
}

#[test]
fn headers_are_split_wherever_they_end() {
    type Case = (
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
    );
    let table: &[Case] = &[
        (
            "ordinary",
            "A: 1\nB: 2\n\ntext\n",
            &[("A", " 1"), ("B", " 2")],
            "text\n",
        ),
        ("folded", "A: 1\n\t2\n 3\n\nx", &[("A", " 1\n\t2\n 3")], "x"),
        (
            "CRLF",
            "A: 1\r\n 2\r\n\r\nx\r\n",
            &[("A", " 1\r\n 2")],
            "x\r\n",
        ),
        (
            "no empty line",
            "A: 1\njust text\n",
            &[("A", " 1")],
            "just text\n",
        ),
        ("no header", "just text\n", &[], "just text\n"),
        ("empty line first", "\nA: 1\n", &[], "A: 1\n"),
        ("header only", "A: 1", &[("A", " 1")], ""),
        ("blank before colon", "A : 1\n\n", &[("A", " 1")], ""),
        ("blank in name", "A B: 1\n\n", &[], "A B: 1\n\n"),
        ("begins folded", " x\nA: 1\n\n", &[], " x\nA: 1\n\n"),
        ("a line of blanks", "A: 1\n \n\nx", &[("A", " 1\n ")], "x"),
        ("empty", "", &[], ""),
        (
            "quoted From_ line first",
            ">From a@x Sun Nov 22 10:00:00 2026\nA: 1\n\nx",
            &[("A", " 1")],
            "x",
        ),
        (
            "From_ line without a date first",
            "From a@x\nA: 1\n\nx",
            &[("A", " 1")],
            "x",
        ),
        (
            "From_ lines inside",
            "A: 1\n>>From b\nFrom a@x Sun Nov 22 10:00:00 2026 +0100\nB: 2\n 3\n\nx",
            &[("A", " 1"), ("B", " 2\n 3")],
            "x",
        ),
        (
            "with CRLF",
            "A: 1\r\nFrom a@x Sun Nov 22 10:00:00 2026\r\nB: 2\r\n\r\nx",
            &[("A", " 1"), ("B", " 2")],
            "x",
        ),
        (
            "as archives write it",
            "From a at x  Sun Nov 22 10:00:00 2026\nA: 1\n\nx",
            &[("A", " 1")],
            "x",
        ),
        (
            "From_ line last",
            "A: 1\nFrom a@x Sun Nov 22 10:00:00 2026\n\nx",
            &[("A", " 1")],
            "x",
        ),
        (
            "From_ line alone",
            ">From a@x Sun Nov 22 10:00:00 2026\n\nx",
            &[],
            ">From a@x Sun Nov 22 10:00:00 2026\n\nx",
        ),
        (
            "a body that begins right away",
            "A: 1\nFrom here on it burns.\nNote: hot\n",
            &[("A", " 1")],
            "From here on it burns.\nNote: hot\n",
        ),
        (
            "a body of one word",
            "A: 1\nFrom Ann\n\nx",
            &[("A", " 1")],
            "From Ann\n\nx",
        ),
        (
            "a body with a From_ line",
            "A: 1\nFrom a@x Sun Nov 22 10:00:00 2026\nwrote this",
            &[("A", " 1")],
            "From a@x Sun Nov 22 10:00:00 2026\nwrote this",
        ),
        (
            "folded without a blank",
            "Content-Type: multipart/mixed;\nboundary=i;\nname=\"a: b\"\n c\nB: 2\n\nx",
            &[
                (
                    "Content-Type",
                    " multipart/mixed;\nboundary=i;\nname=\"a: b\"\n c",
                ),
                ("B", " 2"),
            ],
            "x",
        ),
        (
            "not to be folded",
            "Content-Type: text/plain\nx=1\n",
            &[("Content-Type", " text/plain")],
            "x=1\n",
        ),
        (
            "not of MIME",
            "Subject: a;\nx=1\n",
            &[("Subject", " a;")],
            "x=1\n",
        ),
    ];
    for (case, raw, fields, body) in table {
        let (got, rest) = split(raw.as_bytes());
        let got: Vec<(&str, &str)> = got.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!((got.as_slice(), rest.as_str()), (*fields, *body), "{case}");
    }
}

#[test]
fn nothing_is_dropped() {
    for raw in ["A: 1\n\ntext", "A: 1\ntext", "text", "A: 1\n \n\nx", "\n\n"] {
        let m = Message::new(raw.as_bytes());
        let header: usize = m.fields().iter().map(|f| f.line.len()).sum();
        let gap = raw.len() - header - m.body().len();
        assert!(gap <= 2, "{raw:?} lost {gap} bytes");
    }
}

#[test]
fn many_from_lines_take_linear_time() {
    let line = "From a@x Sun Nov 22 10:00:00 2026\n";
    let m = format!("A: 1\n{}x", line.repeat(50_000));
    assert_eq!(Message::new(m.as_bytes()).body().len(), m.len() - 5);
    let m = "A: 1\nFrom a\n".repeat(50_000);
    assert_eq!(Message::new(m.as_bytes()).fields().len(), 50_000);
}

#[test]
fn nearest_parent_first() {
    let m = b"References: <a@x> <b@x>\n <c@x>\nIn-Reply-To: <c@x>\n\n";
    assert_eq!(Message::new(m).parents(), ["<c@x>", "<b@x>", "<a@x>"]);
}

#[test]
fn the_nearest_hundred_parents() {
    // The ends count: of the text of a field, of the fields, of the list.
    let ids = |range: std::ops::Range<u32>| range.map(|n| format!(" <{n}@x>\n"));
    let ids = |range| ids(range).collect::<String>();
    let m = format!(
        "References:\n{}References:\n{}\n",
        ids(0..20),
        ids(20..20_000)
    );
    let parents = Message::new(m.as_bytes()).parents();
    assert_eq!((parents.len(), &*parents[0]), (100, "<19999@x>"));
    assert_eq!(parents[99], "<19900@x>");
    let m = format!("References:\n{}References: <y@x>\n\n", ids(0..3));
    let want = ["<y@x>", "<2@x>", "<1@x>", "<0@x>"];
    assert_eq!(Message::new(m.as_bytes()).parents(), want);
}

#[test]
fn many_fields_are_still_a_header() {
    let m = format!("{}Subject: x\n\nbody\n", "a:\n".repeat(FIELDS));
    let m = Message::new(m.as_bytes());
    assert_eq!((m.fields().len(), m.body()), (FIELDS, &b"body\n"[..]));
    assert_eq!(m.subject(), "");
    let m = format!("{}\n", "Cc: a@x\n".repeat(PEOPLE + 1));
    assert_eq!(Message::new(m.as_bytes()).to_cc().len(), PEOPLE);
}
