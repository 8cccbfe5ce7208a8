//! Shared by the fuzz targets: which panics count, which text is harmless, and pseudo-random choices.
//!
//! An input is always a mail (or an mbox), never a record of parameters. So a finding is a mail that can
//! be delivered, and every mail of `tests/corpus` is an input. Further parameters of a target come from
//! fields of the mail or from [`Choices`].

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hasher};
use std::panic::{PanicHookInfo, catch_unwind, resume_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `target` on an input.
///
/// libfuzzer-sys ends the process at every panic, but the program expects panics of two libraries and
/// catches them. So a panic only counts if it starts in our own code or is not caught.
pub fn run(input: &[u8], target: fn(&[u8])) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The hook of libfuzzer-sys; it does not return.
        let finding = take_hook();
        set_hook(Box::new(move |panic| match is_of_a_library(panic) {
            true => LAST.with_borrow_mut(|last| *last = panic.to_string()),
            false => finding(panic),
        }));
    });
    if let Err(panic) = catch_unwind(|| target(input)) {
        LAST.with_borrow(|last| eprintln!("nobody caught this: {last}"));
        resume_unwind(panic);
    }
}

fn is_of_a_library(panic: &PanicHookInfo) -> bool {
    let file = panic.location().map(|at| at.file()).unwrap_or_default();
    file.contains("/registry/") || file.starts_with("/rustc/")
}

/// Pseudo-random numbers that depend only on the input.
pub struct Choices(u64);

impl Choices {
    /// The choices for `input`.
    pub fn of(input: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(input);
        Choices(hasher.finish())
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        // Knuth's MMIX generator; only its high bits are good.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

/// `bytes` with LF for each CRLF.
pub fn with_lf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        if byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            out.push(byte);
        }
    }
    out
}

/// Panics if `text` contains something that must reach no terminal and no header: a control character
/// that is not `allowed`, a directional override, or a code point that is not a character.
#[track_caller]
pub fn assert_harmless(text: &str, allowed: &[char]) {
    let harmful = |c: &char| {
        let hidden = matches!(*c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        let separator = matches!(*c, '\u{2028}' | '\u{2029}');
        let no_character = u32::from(*c) & 0xfffe == 0xfffe;
        (c.is_control() || hidden || separator || no_character) && !allowed.contains(c)
    };
    let found = text.chars().find(harmful);
    assert_eq!(found, None, "in {text:?}");
}

/// Panics unless `text` is one harmless line without blanks at its ends.
#[track_caller]
pub fn assert_one_line(text: &str) {
    assert_harmless(text, &[]);
    assert_eq!(text.trim_matches(' '), text);
}

/// Panics unless `address` is `local-part@domain` and is parsed as exactly that address.
#[track_caller]
pub fn assert_one_address(address: &str) {
    assert_harmless(address, &[]);
    assert!(address.len() <= 512, "{address:?}");
    let (local, domain) = address.rsplit_once('@').expect("an @");
    assert!(!local.is_empty() && !domain.is_empty(), "{address:?}");
    assert!(!domain.contains(char::is_whitespace), "{address:?}");
    let bare = |c: char| c.is_whitespace() || "<>,;()".contains(c);
    assert!(
        local.starts_with('"') || !local.contains(bare),
        "{address:?}"
    );
    assert_eq!(domain.to_ascii_lowercase(), domain);
    let again = tickets::mail::decode::mailboxes(format!("<{address}>").as_bytes());
    let again: Vec<_> = again.into_iter().map(|mailbox| mailbox.address).collect();
    assert_eq!(again, [address]);
}
