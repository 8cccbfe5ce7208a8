//! What we write, split by crates that were written by others (D2).

use std::io::Write;

use tickets::mail::entry::{Trace, encode};
use tickets::mail::mbox::entries;

const MAILS: &[&[u8]] = &[
    b"Subject: plain\n\nbody\n",
    b"Subject: From_\r\n\r\nFrom eve@x Mon Jan  1 00:00:00 2024\r\n>From here\r\n\r\n\r\n",
    b"From the start\n\nFrom \n",
    b"Content-Length: 3\n\nFrom eve@x Mon Jan  1 00:00:00 2024\nend",
    b"",
];

#[test]
fn other_crates_find_as_many_entries() {
    // D2
    let file: Vec<u8> = MAILS
        .iter()
        .flat_map(|raw| {
            encode(
                &Trace {
                    sender: None,
                    filed_under: "submit@example.org",
                    at: 0,
                },
                raw,
            )
        })
        .collect();
    assert_eq!(entries(&file, 0).count(), MAILS.len());
    assert_eq!(
        mail_parser::mailbox::mbox::MessageIterator::new(&file[..]).count(),
        MAILS.len()
    );

    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(&file).unwrap();
    let reader = mbox_reader::MboxFile::from_file(on_disk.path()).unwrap();
    // It yields an entry only when it meets the next From_ line, so the last one is always missing.
    assert_eq!(reader.iter().count(), MAILS.len() - 1);
}
