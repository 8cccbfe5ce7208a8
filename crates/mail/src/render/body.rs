//! One part of a mail that is no multipart: what it is called, and its bytes.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::entity_header::Disposition;
use crate::decode::transfer::Encoding;
use crate::decode::{in_charset, is_blank};

/// An entity that is no multipart.
pub(crate) struct BodyPart<'a> {
    /// Its place among the parts of the mail that are no multiparts, from 1.
    pub(crate) number: usize,
    /// `type/subtype` in lower case.
    pub(crate) mime: String,
    pub(crate) charset: String,
    /// Safe as a file name.
    pub(crate) name: Option<String>,
    pub(crate) disposition: Disposition,
    /// `format=flowed` (RFC 3676), and whether `delsp=yes` stands there, too.
    pub(crate) flowed: Option<bool>,
    pub(crate) encoding: Encoding,
    pub(crate) body: Cow<'a, [u8]>,
    /// What [`BodyPart::is_blank`] found.
    pub(crate) blank: OnceCell<bool>,
}

impl<'a> BodyPart<'a> {
    /// A part that stood in no MIME structure. `name` is safe.
    pub(crate) fn new(number: usize, mime: &str, name: Option<String>, body: Vec<u8>) -> Self {
        BodyPart {
            number,
            mime: mime.to_owned(),
            charset: "utf-8".to_owned(),
            disposition: match name {
                Some(_) => Disposition::Attachment,
                None => Disposition::Inline,
            },
            name,
            flowed: None,
            encoding: Encoding::Plain,
            body: Cow::Owned(body),
            blank: OnceCell::new(),
        }
    }

    /// All of [`BodyPart::decoded`], without a copy if nothing was encoded.
    pub(crate) fn content(&self) -> Cow<'a, [u8]> {
        match (self.encoding, &self.body) {
            (Encoding::Plain, Cow::Borrowed(body)) => Cow::Borrowed(body),
            _ => Cow::Owned(self.decoded()),
        }
    }

    /// The bytes, with the transfer encoding undone.
    pub(crate) fn decoded(&self) -> Vec<u8> {
        self.decoded_head(usize::MAX)
    }

    /// At least the first `limit` bytes of [`BodyPart::decoded`], if there are as many. Reads at most
    /// four times as many.
    pub(crate) fn decoded_head(&self, limit: usize) -> Vec<u8> {
        self.encoding.decode_head(&self.body, limit)
    }

    /// The length of [`BodyPart::decoded`].
    pub(crate) fn decoded_len(&self) -> usize {
        self.encoding.decoded_len(&self.body)
    }

    /// True if it shows nothing: white space, or characters that cannot be seen. Of HTML only the
    /// white space counts.
    pub(crate) fn is_blank(&self) -> bool {
        let blank = |limit| {
            let bytes = self.decoded_head(limit);
            match self.mime.as_str() {
                "text/html" => bytes.trim_ascii().is_empty(),
                _ => !in_charset(&self.charset, &bytes).contains(is_visible),
            }
        };
        // Most begin with a word.
        *self
            .blank
            .get_or_init(|| self.body.trim_ascii().is_empty() || blank(256) && blank(usize::MAX))
    }
}

/// True for a character that leaves a mark on the screen.
fn is_visible(c: char) -> bool {
    let filler = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'
            ..='\u{200d}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
    );
    !filler && !c.is_whitespace() && !is_blank(c.encode_utf8(&mut [0; 4]))
}
