//! The one line of JSON that a module reads first. It holds a stranger's text, so it is kept small and clean. Pure.

use serde_json::{Map, Value};

/// The most bytes of the line. sh reads it byte by byte, 20 ms for each 100 kB.
const MOST: usize = 64 << 10;

/// The most bytes of one string.
const STRING: usize = 1 << 10;

/// The most elements of one list.
const LIST: usize = 100;

/// What a module is told.
#[derive(Clone, Debug, Default)]
pub struct Head(Map<String, Value>);

impl Head {
    /// Says `value` under the name `key`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Head {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// What `first` says, and this besides.
    #[must_use]
    pub fn over(self, mut first: Head) -> Head {
        for (key, value) in self.0 {
            first.0.entry(key).or_insert(value);
        }
        first
    }

    /// Says the fields of `settings`, which are the administrator's own words, under `settings`, and everything else
    /// made small: no string has control characters or more than 1 KiB, no list more than 100 elements. Where
    /// something was left out, `cut` is true. The line ends in LF and has at most 64 KiB.
    ///
    /// # Errors
    /// The settings alone are too long.
    pub fn line(self, settings: &Map<String, Value>) -> Result<String, String> {
        let mut value = Value::Object(self.0);
        let mut cut = false;
        let mut list = LIST;
        let settings_size = serde_json::to_string(settings).map_or(usize::MAX, |text| text.len());
        if settings_size > MOST / 2 {
            return Err(format!("its settings are longer than {} KiB", MOST >> 11));
        }
        let mut string = STRING;
        loop {
            cut |= shorten(&mut value, string, list);
            let Value::Object(fields) = &mut value else {
                return Err("its head is no object".into());
            };
            fields.insert("cut".into(), cut.into());
            let whole = {
                let mut all = fields.clone();
                all.insert("settings".into(), Value::Object(settings.clone()));
                serde_json::to_string(&all).map_err(|e| e.to_string())?
            };
            if whole.len() < MOST {
                return Ok(whole + "\n");
            }
            if string == 0 {
                return Err("its head is too long".into());
            }
            string /= 2;
            list = (list / 2).max(1);
        }
    }
}

/// Makes every string and list in `value` short and clean. True if something was left out.
fn shorten(value: &mut Value, string: usize, list: usize) -> bool {
    match value {
        Value::String(text) => {
            let is_long = text.len() > string;
            if is_long || text.chars().any(char::is_control) {
                *text = clean(text, string);
            }
            is_long
        }
        Value::Array(elements) => {
            let is_long = elements.len() > list;
            elements.truncate(list);
            elements
                .iter_mut()
                .fold(is_long, |cut, element| shorten(element, string, list) | cut)
        }
        Value::Object(fields) => fields
            .values_mut()
            .fold(false, |cut, field| shorten(field, string, list) | cut),
        _ => false,
    }
}

/// The beginning of `text`, at most `most` bytes, with a blank for each control character.
pub fn clean(text: &str, most: usize) -> String {
    let end = text.floor_char_boundary(most);
    text[..end]
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// So many bytes of what a module printed are shown.
const SHOWN: usize = 2 << 10;

/// The beginning of what a module printed.
pub(super) fn shown(said: &[u8]) -> String {
    String::from_utf8_lossy(&said[..said.len().min(SHOWN)]).into_owned()
}

/// So many characters of it are said where one line has to do.
const SAID: usize = 60;

/// The first line of what a module printed in vain, in quotes and with nothing in it that cannot be seen.
pub(super) fn beginning(said: &[u8]) -> String {
    let text = shown(said.trim_ascii_start());
    let line = text.lines().next().unwrap_or_default();
    let seen = line.chars().take(SAID).map(|c| match c {
        '"' | '\'' | '\\' => c.to_string(),
        c => c.escape_debug().to_string(),
    });
    format!("\"{}\"", seen.collect::<String>())
}
