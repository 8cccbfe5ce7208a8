//! Text in XML: feeds and charts hold what strangers wrote.

use mail::decode::clean;

/// `text` in one line, as the content of an element or of a quoted attribute of XML 1.0. [`clean`] leaves
/// no character that XML does not have.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use roxmltree::Document;

    #[test]
    fn every_character_is_one_of_xml_or_left_out() {
        let all: String = ('\0'..=char::MAX).collect();
        let text = escape(&all);
        let document = format!("<a b=\"{text}\" c='{text}'>{text}</a>");
        let document = Document::parse(&document).unwrap();
        let read = document.root_element();
        assert_eq!(read.text(), Some(clean(&all).as_str()));
        assert_eq!(read.attribute("b"), read.text());
        assert_eq!(read.attribute("c"), read.text());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in "(\\PC|[ &<>\"';]|]]>|<!\\[CDATA\\[|&#0;|\\x00|\u{fffe}){0,20}") {
            let document = format!("<a>{}</a>", escape(&text));
            let document = Document::parse(&document).unwrap();
            let read = document.root_element().text().unwrap_or_default();
            prop_assert_eq!(read, clean(&text));
        }
    }
}
