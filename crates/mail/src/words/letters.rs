//! Letters as the full-text index takes them, so that a word is found however it is written.
//!
//! The tokenizer (`unicode61` of FTS5) folds case and accents, and takes a run of letters for a word.
//! The rest is done here, for the indexed text and the query alike:
//! - Scripts without blanks between words get a blank between any two letters. A word of theirs is
//!   then searched as a phrase.
//! - Letters that are no accented ones to Unicode (ø, ß, ﬁ), or to the tokenizer (ά), become plain.
//! - Vowel points and other marks that need not be written, and invisible characters, are removed.

use std::borrow::Cow;
use std::ops::Range;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::properties::{CanonicalDecompositionBorrowed, Decomposed};

/// How a character is indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// As it is.
    Same,
    /// As a word of its own.
    Alone,
    /// As another character.
    As(char),
    /// As several characters.
    Spelt(&'static str),
    /// Not at all.
    Nothing,
}

/// `text` in Unicode's form NFC: a letter with its accent is one character. Names of files often come
/// in another form.
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// [`composed`] text in the form in which it is indexed and searched.
///
/// ```
/// use tickets_mail::words::searchable;
///
/// assert_eq!(searchable("Smørrebrød"), "Smorrebrod");
/// assert_eq!(searchable("東京に"), " 東 京 に ");
/// ```
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

/// Calls `give` with what `c` is indexed as. `blank` says whether a blank stands before it, and is
/// updated.
fn spell(c: char, blank: &mut bool, mut give: impl FnMut(&str)) {
    let mut bytes = [0; 4];
    match spelling(c) {
        Spelling::Same => give(c.encode_utf8(&mut bytes)),
        Spelling::Alone => {
            if !*blank {
                give(" ");
            }
            give(c.encode_utf8(&mut bytes));
            give(" ");
        }
        Spelling::As(other) => give(other.encode_utf8(&mut bytes)),
        Spelling::Spelt(others) => give(others),
        Spelling::Nothing => return,
    }
    *blank = c == ' ' || spelling(c) == Spelling::Alone;
}

/// Stand before and behind a word that was found.
const MARKS: [char; 2] = ['\u{1}', '\u{2}'];

/// Where the found words stand in `text`, as ranges of bytes, in order.
///
/// `marked` is [`searchable`]`(text)` with U+0001 before and U+0002 behind each found word, as FTS5's
/// `highlight()` sets them. `text` itself holds no such characters.
///
/// ```
/// use tickets_mail::words::{marks, searchable};
///
/// let text = "Auf der Straße";
/// assert_eq!(searchable(text), "Auf der Strasse");
/// assert_eq!(marks(text, "Auf der \u{1}Strasse\u{2}"), [8..15]);
/// ```
pub fn marks(text: &str, marked: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut rest = marked.chars();
    let mut open: Option<usize> = None;
    let mut last = 0;
    let mut blank = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if spelling(c) == Spelling::Nothing {
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

/// True for a letter that [`searchable`] makes a word of its own.
pub fn stands_alone(c: char) -> bool {
    spelling(c) == Spelling::Alone
}

/// How `c` is indexed.
fn spelling(c: char) -> Spelling {
    match c {
        '\0'..='\u{ac}' => Spelling::Same,
        // Latin, Greek, Cyrillic.
        '\u{ad}' => Spelling::Nothing,
        'Æ' | 'æ' => Spelling::Spelt("ae"),
        'Œ' | 'œ' => Spelling::Spelt("oe"),
        'ß' | 'ẞ' => Spelling::Spelt("ss"),
        'Þ' | 'þ' => Spelling::Spelt("th"),
        'Ø' | 'ø' => Spelling::As('o'),
        'Ð' | 'ð' | 'Đ' | 'đ' => Spelling::As('d'),
        'Ł' | 'ł' => Spelling::As('l'),
        'ı' => Spelling::As('i'),
        'ﬀ' => Spelling::Spelt("ff"),
        'ﬁ' => Spelling::Spelt("fi"),
        'ﬂ' => Spelling::Spelt("fl"),
        'ﬃ' => Spelling::Spelt("ffi"),
        'ﬄ' => Spelling::Spelt("ffl"),
        'Ё' | 'ё' => Spelling::As('е'),
        // Accents that stand alone, and those that the tokenizer does not know (Greek).
        '\u{300}'..='\u{36f}' => Spelling::Nothing,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Spelling::As(without_accent(c)),
        // Full-width forms, as Japanese keyboards type them.
        '\u{ff10}'..='\u{ff5a}' => half_width(c),
        '\u{ae}'..='\u{590}' => Spelling::Same,
        // Hebrew and Arabic: vowel points, the tatweel that stretches words, the forms of alef.
        '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' => {
            Spelling::Nothing
        }
        '\u{610}'..='\u{61a}' | '\u{61c}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' => {
            Spelling::Nothing
        }
        'آ' | 'أ' | 'إ' | 'ٱ' => Spelling::As('ا'),
        '\u{5be}'..='\u{dff}' => Spelling::Same,
        // Thai, Lao, Burmese, Khmer: no blanks between words. Digits still form numbers.
        '\u{e50}'..='\u{e59}' | '\u{ed0}'..='\u{ed9}' => Spelling::Same,
        '\u{e00}'..='\u{eff}' => Spelling::Alone,
        '\u{1040}'..='\u{1049}' | '\u{17e0}'..='\u{17e9}' => Spelling::Same,
        '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => Spelling::Alone,
        // Korean, where particles are joined to words.
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}' => Spelling::Alone,
        // Marks of direction and the like.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => {
            Spelling::Nothing
        }
        '\u{feff}' => Spelling::Nothing,
        // Chinese and Japanese.
        '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{318f}' | '\u{31a0}'..='\u{31ff}' => {
            Spelling::Alone
        }
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' => {
            Spelling::Alone
        }
        '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}' => Spelling::Alone,
        _ => Spelling::Same,
    }
}

/// The letter under the accents of `c`.
fn without_accent(mut c: char) -> char {
    loop {
        match CanonicalDecompositionBorrowed::new().decompose(c) {
            Decomposed::Expansion(letter, _) | Decomposed::Singleton(letter) => c = letter,
            Decomposed::Default => return c,
        }
    }
}

/// The half-width letter or digit for a full-width one.
fn half_width(c: char) -> Spelling {
    let half = u32::from(c).checked_sub(0xfee0).and_then(char::from_u32);
    match half {
        Some(half) if half.is_ascii_alphanumeric() => Spelling::As(half),
        _ => Spelling::Same,
    }
}
