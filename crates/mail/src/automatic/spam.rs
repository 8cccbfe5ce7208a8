//! How filters mark spam.

use crate::message::Message;

/// A header field with which a filter marks spam.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpamSign {
    name: String,
    /// How its value begins in spam, in lower case.
    begins: String,
}

impl SpamSign {
    /// The fields of SpamAssassin, which others write as well.
    pub fn defaults() -> Vec<SpamSign> {
        let sign = |name: &str| SpamSign {
            name: name.to_owned(),
            begins: YES.to_owned(),
        };
        ["X-Spam-Flag", "X-Spam-Status"].map(sign).into()
    }

    /// A sign as it is configured: the name of a field whose value begins with `yes`, in any letter case, or
    /// `Name: beginning` for another value. `None` if that is no field.
    ///
    /// ```
    /// use tickets_mail::{automatic::SpamSign, message::Message};
    ///
    /// let sign = SpamSign::parse("X-DSPAM-Result: Spam").unwrap();
    /// assert!(sign.is_in(&Message::new(b"X-Dspam-Result: spam, 0.9\n\n")));
    /// assert!(!sign.is_in(&Message::new(b"X-Dspam-Result: Innocent\n\n")));
    /// assert_eq!(SpamSign::parse("not a field"), None);
    /// ```
    pub fn parse(text: &str) -> Option<SpamSign> {
        let (name, begins) = text.split_once(':').unwrap_or((text, YES));
        let (name, begins) = (name.trim(), begins.trim().to_lowercase());
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
        (is_name && !begins.is_empty()).then(|| SpamSign {
            name: name.to_owned(),
            begins,
        })
    }

    /// True if `message` has such a field.
    pub fn is_in(&self, message: &Message) -> bool {
        let mut fields = message.all(&self.name);
        fields.any(|field| field.text().trim().to_lowercase().starts_with(&self.begins))
    }
}

impl std::fmt::Display for SpamSign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.begins.as_str() {
            YES => self.name.fmt(f),
            begins => write!(f, "{}: {begins}", self.name),
        }
    }
}

const YES: &str = "yes";
