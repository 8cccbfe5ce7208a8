//! Bytes that are likely to break an mbox, for property tests.

use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes as hostile as a mail can be for an mbox: From_ lines, runs of `>`, lines of about 8191 bytes.
pub(crate) fn nasty_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "\n", "\n\n", "\r\n", "\r", ">", ">>", "From ", ">From ", "\nFrom ", "\n>From ", "\0", ":", " ", "\t",
            "\nFrom eve@example.org Mon Jan  1 00:00:00 2024\n", "Subject: x\n", "Status: RO\n", "status : D\r\n",
            "X-Held-Status: z\n", "Content-Length: 3\n", "X-IMAP: 1 1\n", "X-Tickets-Entry: size=1\n", "\n folded\n",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..8),
        1 => (prop::sample::select(b"q>".to_vec()), 8180..8200usize).prop_map(|(byte, len)| vec![byte; len]),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}
