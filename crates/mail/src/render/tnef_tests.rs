use super::*;

fn attribute_of(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
    let length = data.len() as u32;
    [
        &[level],
        &id.to_le_bytes()[..],
        &length.to_le_bytes(),
        data,
        &[0, 0],
    ]
    .concat()
}

fn sized(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
    let padding = vec![0; (4 - value.len() % 4) % 4];
    let length = value.len() as u32;
    let head = [kind.to_le_bytes(), id.to_le_bytes()].concat();
    [
        &head,
        &1_u32.to_le_bytes()[..],
        &length.to_le_bytes(),
        value,
        &padding,
    ]
    .concat()
}

fn unicode(id: u16, text: &str) -> Vec<u8> {
    let units: Vec<u8> = text
        .encode_utf16()
        .chain([0])
        .flat_map(u16::to_le_bytes)
        .collect();
    sized(UNICODE, id, &units)
}

fn all(properties: &[Vec<u8>]) -> Vec<u8> {
    [
        &(properties.len() as u32).to_le_bytes()[..],
        &properties.concat(),
    ]
    .concat()
}

fn winmail(attributes: &[Vec<u8>]) -> Vec<u8> {
    [&SIGNATURE.to_le_bytes()[..], &[1, 0], &attributes.concat()].concat()
}

fn packed(text: &[u8]) -> Vec<u8> {
    // Stored as it is.
    [&[0; 8], &b"MELA"[..], &[0; 4], text].concat()
}

#[test]
fn text_and_files_are_found() {
    let number = [&[3, 0, 0x17, 0][..], &7_u32.to_le_bytes()].concat();
    let named = [
        &[0x1e, 0, 1, 0x80][..],
        &[0; 16],
        &[1, 0, 0, 0, 4, 0, 0, 0, b'a', 0, b'b', 0],
        &1_u32.to_le_bytes(),
        &2_u32.to_le_bytes(),
        b"x\0\0\0",
    ]
    .concat();
    let file = |name: &str, mime: &str, bytes: &[u8]| PackedFile {
        name: name.into(),
        mime: mime.into(),
        bytes: bytes.into(),
    };
    let body = |properties: &[Vec<u8>]| winmail(&[attribute_of(1, 0x0006_9003, &all(properties))]);
    let bill = [
        attribute_of(2, 0x0006_9002, &[0; 14]),
        attribute_of(2, 0x0001_8010, b"BILL~1.PDF\0"),
        attribute_of(2, 0x0006_800f, b"%PDF"),
        attribute_of(
            2,
            0x0006_9005,
            &all(&[
                number.clone(),
                unicode(0x3707, "M\u{e4}rz.pdf"),
                sized(STRING8, 0x370e, b"application/pdf\0"),
            ]),
        ),
        attribute_of(2, 0x0006_9002, &[0; 14]),
        attribute_of(2, 0x0001_8010, b"a.txt\0"),
        attribute_of(2, 0x0006_800f, b"abc"),
    ];
    let rtf = br"{\rtf1\ansi\ansicpg1251\fromhtml1{\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}\'cf\'f0 a\par b\u8364?c}";
    let table = [
        ("nothing", winmail(&[]), Winmail::default()),
        (
            "text",
            winmail(&[
                attribute_of(1, 0x0006_9007, &1251_u32.to_le_bytes()),
                attribute_of(1, 0x0002_800c, b"\xcf\xf0\0"),
            ]),
            Winmail {
                text: "\u{41f}\u{440}".into(),
                ..Winmail::default()
            },
        ),
        (
            "properties",
            body(&[number, named, unicode(0x1000, "a\u{e4}")]),
            Winmail {
                text: "a\u{e4}".into(),
                ..Winmail::default()
            },
        ),
        (
            "HTML",
            body(&[sized(0x102, 0x1013, b"<p>a")]),
            Winmail {
                html: b"<p>a".into(),
                ..Winmail::default()
            },
        ),
        (
            "RTF",
            body(&[sized(0x102, 0x1009, &packed(rtf))]),
            Winmail {
                text: "\u{41f}\u{440} a\nb\u{20ac}c".into(),
                ..Winmail::default()
            },
        ),
        (
            "files",
            winmail(&bill),
            Winmail {
                files: vec![
                    file("M\u{e4}rz.pdf", "application/pdf", b"%PDF"),
                    file("a.txt", "", b"abc"),
                ],
                ..Winmail::default()
            },
        ),
    ];
    for (case, bytes, want) in table {
        assert_eq!(read(&bytes), Some(want), "{case}");
        for end in 0..bytes.len() {
            let _ = read(&bytes[..end]);
        }
    }
    assert_eq!(read(b""), None);
    assert_eq!(read(b"Hello, this is text"), None);
}

// The example of MS-OXRTFCP, 4.1.
#[test]
fn rtf_is_unpacked() {
    let packed = [
        &[0x2d, 0, 0, 0, 0x2b, 0, 0, 0][..],
        b"LZFu",
        &[0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0x00, 0x0a, 0x00],
        &[0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42],
        &[0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09],
        &[0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64],
        &[0x7d, 0x0a, 0x80, 0x0f, 0xa0],
    ]
    .concat();
    let rtf = rtf::decompressed(&packed).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&rtf),
        "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    );
    assert_eq!(rtf::to_text(&rtf), "hello world");
}

#[test]
fn rtf_becomes_text() {
    let table: &[(&str, &[u8], &str)] = &[
        (
            "paragraphs",
            br"{\rtf1 a\par\par b\line c\tab d}",
            "a\n\nb\nc\td",
        ),
        (
            "signs",
            br"{\rtf1 \{a\}\\ \ldblquote x\rdblquote\~y}",
            "{a}\\ \u{201c}x\u{201d} y",
        ),
        (
            "Unicode",
            br"{\rtf1\uc2 \u228 ??a\u-10179 ??{\uc0\u8364}b}",
            "\u{e4}a\u{fffd}\u{20ac}b",
        ),
        (
            "what is no text",
            br"{\rtf1{\stylesheet x}{\*\generator y;}{\pict 00ff}a{\info{\title z}}b}",
            "ab",
        ),
        ("groups that never end", br"{{{{a}", "a"),
        ("groups that never began", br"}}}a", "a"),
        ("half a code", br"{\rtf1 a\'f", "af"),
        ("a backslash at the end", b"a\\", "a"),
    ];
    for (case, rtf, want) in table {
        assert_eq!(rtf::to_text(rtf).trim(), *want, "{case}");
    }
    rtf::to_text(&b"{".repeat(1 << 20));
}
