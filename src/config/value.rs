//! Value types of the configuration: lists that may be a single word, sizes, spans of time.

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::time::Duration;

/// A word, or a list of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OneOrMore(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OneOrMore;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![word.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMore, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = seq.next_element()? {
                    words.push(word);
                }
                Ok(OneOrMore(words))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A number of bytes: `67108864`, `"64 MiB"`, `"500 kB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let whole = |shift: u32| self.0 >> shift << shift == self.0 && self.0 >> shift > 0;
        match [(30, "GiB"), (20, "MiB"), (10, "KiB")]
            .into_iter()
            .find(|(s, _)| whole(*s))
        {
            Some((shift, unit)) => write!(f, "{} {unit}", self.0 >> shift),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

impl std::str::FromStr for ByteSize {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = number_and_unit(text);
        let factor: u64 = match unit.to_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kib" => 1 << 10,
            "m" | "mib" => 1 << 20,
            "g" | "gib" => 1 << 30,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            _ => return Err(format!("{text:?} is not a size such as \"64 MiB\"")),
        };
        let bytes = number.and_then(|n| n.checked_mul(factor));
        bytes
            .filter(|&b| b > 0)
            .map(ByteSize)
            .ok_or_else(|| format!("{text:?} is not a size such as \"64 MiB\""))
    }
}

/// A span of time: `"14 days"`, `"60 s"`, or a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeSpan(pub(super) Duration);

impl std::str::FromStr for TimeSpan {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = number_and_unit(text);
        let factor: u64 = match unit.to_lowercase().as_str() {
            "" | "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => {
                return Err(format!(
                    "{text:?} is not a span of time such as \"14 days\""
                ));
            }
        };
        let seconds = number.and_then(|n| n.checked_mul(factor));
        seconds
            .map(|s| TimeSpan(Duration::from_secs(s)))
            .ok_or_else(|| format!("{text:?} is not a span of time such as \"14 days\""))
    }
}

fn number_and_unit(text: &str) -> (Option<u64>, &str) {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (text[..digits].parse().ok(), text[digits..].trim())
}

macro_rules! number_or_words {
    ($type:ident, $make:expr, $what:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Either;
                impl Visitor<'_> for Either {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                        f.write_str($what)
                    }
                    fn visit_i64<E: de::Error>(self, n: i64) -> Result<$type, E> {
                        let n = u64::try_from(n).map_err(|_| E::custom("it is negative"))?;
                        Ok($make(n))
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_any(Either)
            }
        }
    };
}

number_or_words!(ByteSize, ByteSize, "a size, such as \"64 MiB\"");
number_or_words!(
    TimeSpan,
    |n| TimeSpan(Duration::from_secs(n)),
    "a span of time, such as \"14 days\""
);

/// The value of a key that nobody sets by mistake.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) enum Risk {
    #[serde(rename = "i know")]
    Known,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans() {
        for (text, want) in [
            ("64 MiB", Some(64 << 20)),
            ("10k", Some(10_240)),
            ("1 GB", Some(1_000_000_000)),
            ("7", Some(7)),
            ("0", None),
            ("MiB", None),
            ("5 apples", None),
            ("99999999999999 GiB", None),
        ] {
            assert_eq!(text.parse::<ByteSize>().ok().map(|s| s.0), want, "{text}");
        }
        for (text, want) in [
            ("14 days", Some(14 * 86_400)),
            ("60s", Some(60)),
            ("x", None),
        ] {
            let span = text.parse::<TimeSpan>().ok().map(|s| s.0.as_secs());
            assert_eq!(span, want, "{text}");
        }
    }
}
