//! Letters as the full-text index wants them, so that a word is found however it was written.
//!
//! The tokenizer (unicode61 of FTS5) folds case and accents, and takes a run of letters for a word.
//! What it does not do is done here, for the text that is indexed and for the query alike: scripts
//! that set no blanks between words get one between any two letters, and a word of theirs is then
//! looked for as a phrase; letters that no accent explains (ø, ß, ﬁ) become plain ones, and those
//! whose accent it does not know (ά); marks that only help to read aloud, and invisible ones, go.

use std::borrow::Cow;
use std::ops::Range;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::properties::{CanonicalDecompositionBorrowed, Decomposed};

/// What becomes of a character in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letter {
    /// It stays.
    Same,
    /// It is a word of its own.
    Alone,
    /// Another character stands for it.
    As(char),
    /// Several do.
    Spelt(&'static str),
    /// Nothing does.
    Nothing,
}

/// Letters with their accents as one character each (NFC): half the world's file names have two.
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// [`composed`] text as it is indexed and asked for.
pub fn searchable(text: &str) -> Cow<'_, str> {
    let Some(plain) = text.bytes().position(|byte| !byte.is_ascii()) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    out.push_str(&text[..plain]);
    let mut blank = text[..plain].ends_with(' ');
    for c in text[plain..].chars() {
        spell(c, &mut blank, |spelt| out.push_str(spelt));
    }
    Cow::Owned(out)
}

/// Gives what stands for `c` after a `blank`, or no blank.
fn spell(c: char, blank: &mut bool, mut give: impl FnMut(&str)) {
    let mut bytes = [0; 4];
    match letter(c) {
        Letter::Same => give(c.encode_utf8(&mut bytes)),
        Letter::Alone => {
            if !*blank {
                give(" ");
            }
            give(c.encode_utf8(&mut bytes));
            give(" ");
        }
        Letter::As(other) => give(other.encode_utf8(&mut bytes)),
        Letter::Spelt(others) => give(others),
        Letter::Nothing => return,
    }
    *blank = c == ' ' || letter(c) == Letter::Alone;
}

/// Before a word that was found, and behind it.
const MARKS: [char; 2] = ['\u{1}', '\u{2}'];

/// Where the words stand in `text` that are marked in `marked`: [`searchable`]`(text)` with U+0001
/// before and U+0002 behind each of them. Ranges of bytes, in order. There are no such characters
/// in `text` itself.
pub fn marks(text: &str, marked: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut rest = marked.chars();
    let mut open: Option<usize> = None;
    let mut last = 0;
    let mut blank = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if letter(c) == Letter::Nothing {
            last = end;
        }
        spell(c, &mut blank, |spelt| {
            for wanted in spelt.chars() {
                for mark in rest.by_ref().take_while(|&next| next != wanted) {
                    match mark {
                        '\u{1}' => open = Some(at),
                        '\u{2}' => found.extend(open.take().map(|open| open..last)),
                        _ => {}
                    }
                }
                if wanted != ' ' || c == ' ' {
                    last = end;
                }
            }
        });
    }
    if rest.as_str().starts_with(MARKS[1]) {
        found.extend(open.map(|open| open..last));
    }
    found
}

/// True for a letter that is a word of its own to the index.
pub fn stands_alone(c: char) -> bool {
    letter(c) == Letter::Alone
}

/// What becomes of `c`.
fn letter(c: char) -> Letter {
    match c {
        '\0'..='\u{ac}' => Letter::Same,
        // Latin, Greek, Cyrillic.
        '\u{ad}' => Letter::Nothing,
        'Æ' | 'æ' => Letter::Spelt("ae"),
        'Œ' | 'œ' => Letter::Spelt("oe"),
        'ß' | 'ẞ' => Letter::Spelt("ss"),
        'Þ' | 'þ' => Letter::Spelt("th"),
        'Ø' | 'ø' => Letter::As('o'),
        'Ð' | 'ð' | 'Đ' | 'đ' => Letter::As('d'),
        'Ł' | 'ł' => Letter::As('l'),
        'ı' => Letter::As('i'),
        'ﬀ' => Letter::Spelt("ff"),
        'ﬁ' => Letter::Spelt("fi"),
        'ﬂ' => Letter::Spelt("fl"),
        'ﬃ' => Letter::Spelt("ffi"),
        'ﬄ' => Letter::Spelt("ffl"),
        'Ё' | 'ё' => Letter::As('е'),
        // Accents that the tokenizer leaves on (Greek), and those that stand alone.
        '\u{300}'..='\u{36f}' => Letter::Nothing,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Letter::As(without_accent(c)),
        // Full-width forms, which Japanese keyboards make.
        '\u{ff10}'..='\u{ff5a}' => half_width(c),
        '\u{ae}'..='\u{590}' => Letter::Same,
        // Hebrew and Arabic: vowel points, the stretcher, the forms of alef.
        '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' => {
            Letter::Nothing
        }
        '\u{610}'..='\u{61a}' | '\u{61c}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' => {
            Letter::Nothing
        }
        'آ' | 'أ' | 'إ' | 'ٱ' => Letter::As('ا'),
        '\u{5be}'..='\u{dff}' => Letter::Same,
        // Thai, Lao, Burmese, Khmer: no blanks between words. Digits make numbers.
        '\u{e50}'..='\u{e59}' | '\u{ed0}'..='\u{ed9}' => Letter::Same,
        '\u{e00}'..='\u{eff}' => Letter::Alone,
        '\u{1040}'..='\u{1049}' | '\u{17e0}'..='\u{17e9}' => Letter::Same,
        '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => Letter::Alone,
        // Korean, where particles are written on to words.
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}' => Letter::Alone,
        // Marks of direction and the like.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => {
            Letter::Nothing
        }
        '\u{feff}' => Letter::Nothing,
        // Chinese and Japanese.
        '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{318f}' | '\u{31a0}'..='\u{31ff}' => {
            Letter::Alone
        }
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' => {
            Letter::Alone
        }
        '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}' => Letter::Alone,
        _ => Letter::Same,
    }
}

/// The letter that `c` is an accent on.
fn without_accent(mut c: char) -> char {
    loop {
        match CanonicalDecompositionBorrowed::new().decompose(c) {
            Decomposed::Expansion(letter, _) | Decomposed::Singleton(letter) => c = letter,
            Decomposed::Default => return c,
        }
    }
}

/// The half-width letter or digit for a full-width one.
fn half_width(c: char) -> Letter {
    let half = u32::from(c).checked_sub(0xfee0).and_then(char::from_u32);
    match half {
        Some(half) if half.is_ascii_alphanumeric() => Letter::As(half),
        _ => Letter::Same,
    }
}
