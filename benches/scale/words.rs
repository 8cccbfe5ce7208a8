//! Vocabularies: words that people write to a support desk, and a long tail of others, with the frequencies
//! of Zipf's law.

use super::languages::{ALL, Language};
use super::random::Random;

/// The number of words of each vocabulary.
const COUNT: usize = 50_000;
/// Words that are in no vocabulary. [`super::thread`] places them in a known number of tickets.
pub const NEEDLES: [&str; 2] = ["quillwort", "zephyrine"];

/// A language with its words, most frequent first.
pub struct Vocabulary {
    pub language: &'static Language,
    words: Vec<String>,
    pub first_names: Vec<&'static str>,
    pub last_names: Vec<&'static str>,
}

impl Vocabulary {
    /// The vocabularies of all languages, each with its weight.
    pub fn all() -> Vec<(u32, Vocabulary)> {
        let vocabulary = |language| Vocabulary::new(language);
        ALL.iter().map(|l| (l.share, vocabulary(l))).collect()
    }

    fn new(language: &'static Language) -> Vocabulary {
        let mut words: Vec<String> = split(language.words)
            .into_iter()
            .map(String::from)
            .collect();
        let syllables = split(language.syllables);
        let mut random = Random::new(0x50F7, words.len() as u64);
        while words.len() < COUNT {
            // Rare words are longer, except in languages without spaces between words.
            let length = match (language.blank, words.len()) {
                ("", _) => 2,
                (_, 0..2000) => random.between(2, 3),
                _ => random.between(2, 4),
            };
            words.push((0..length).map(|_| *random.pick(&syllables)).collect());
        }
        Vocabulary {
            language,
            words,
            first_names: split(language.first_names),
            last_names: split(language.last_names),
        }
    }

    pub fn word(&self, random: &mut Random) -> &str {
        &self.words[random.rank(COUNT)]
    }

    /// A few words without a full stop, for a Subject.
    pub fn title(&self, random: &mut Random) -> String {
        let mut title = capital(self.word(random));
        for _ in 0..random.between(1, 5) {
            title.push_str(self.language.blank);
            title.push_str(self.word(random));
        }
        title
    }

    /// Text of about `length` characters in short lines that end in LF.
    pub fn text(&self, random: &mut Random, length: usize) -> String {
        let mut page = Page::new(length, self.language.blank);
        while page.length < length {
            for left in (0..random.between(4, 17)).rev() {
                let mut word = match random.below(40) {
                    0 => token(random),
                    _ => self.word(random).to_owned(),
                };
                if page.new_sentence {
                    word = capital(&word);
                }
                page.new_sentence = left == 0;
                match random.below(12) {
                    _ if left == 0 => word.push_str(self.language.stop),
                    0 => word.push_str(self.language.comma),
                    _ => {}
                }
                page.put(&word);
            }
            if random.below(6) == 0 {
                page.paragraph();
            }
        }
        page.end()
    }
}

fn split(words: &'static str) -> Vec<&'static str> {
    words.split_whitespace().collect()
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

/// Words that are in no dictionary, but in most mails to a support desk: numbers, hosts, errors.
fn token(random: &mut Random) -> String {
    let number = random.below(100_000);
    match random.below(8) {
        0 => format!("{number}"),
        1 => format!(
            "{}-{number:05}",
            random.pick(&["RE", "INV", "SO", "KD", "ORD"])
        ),
        2 => format!("0x{:08X}", random.next() as u32),
        3 => format!("192.0.2.{}", number % 256),
        4 => format!("srv{}.example.com", number % 3000),
        5 => format!("https://www.example.com/order/{number}?lang={}", number % 7),
        6 => format!("{}.{:02}", number % 1000, number % 100),
        _ => format!("v{}.{}.{}", number % 12, number % 10, number % 31),
    }
}

/// Breaks text into lines.
struct Page {
    text: String,
    blank: &'static str,
    /// The number of characters of the line and of the whole text.
    column: usize,
    length: usize,
    new_sentence: bool,
}

impl Page {
    fn new(length: usize, blank: &'static str) -> Page {
        Page {
            text: String::with_capacity(length * 2 + 200),
            blank,
            column: 0,
            length: 0,
            new_sentence: true,
        }
    }

    fn put(&mut self, word: &str) {
        let chars = word.chars().count();
        // Wide characters take two columns.
        let width = if self.blank.is_empty() { 36 } else { 74 };
        if self.column > 0 && self.column + chars > width {
            self.text.push('\n');
            self.column = 0;
        } else if self.column > 0 {
            self.text.push_str(self.blank);
        }
        self.text.push_str(word);
        self.column += chars + self.blank.len();
        self.length += chars + self.blank.len();
    }

    fn paragraph(&mut self) {
        self.text.push_str("\n\n");
        self.column = 0;
    }

    fn end(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text.push('\n');
        self.text
    }
}
