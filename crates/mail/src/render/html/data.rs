//! What a page says before it is read: its charset, and pictures.

use super::tokens::{Token, Tokens};

/// `html` without the contents of `data:` addresses, which are pictures and can be very long.
pub(crate) fn without_data(html: Vec<u8>) -> Vec<u8> {
    let finder = memchr::memmem::Finder::new(b"base64,");
    if finder.find(&html).is_none() {
        return html;
    }
    let mut out = Vec::with_capacity(html.len());
    let mut rest = &html[..];
    while let Some(at) = finder.find(rest) {
        let (before, data) = rest.split_at(at + b"base64,".len());
        let digits = |b: &u8| b.is_ascii_alphanumeric() || b"+/=%\r\n".contains(b);
        let end = data.iter().position(|b| !digits(b)).unwrap_or(data.len());
        let head = &before[before.len().saturating_sub(100)..];
        out.extend_from_slice(before);
        // Anything that merely resembles one is text.
        let is_data = memchr::memmem::find(head, b"data:").is_some();
        out.extend_from_slice(&data[..if is_data { 0 } else { end }]);
        rest = &data[end..];
    }
    out.extend_from_slice(rest);
    out
}

/// The charset that a page states in its `meta` element.
pub(crate) fn stated_charset(html: &[u8]) -> Option<String> {
    let head = &html[..html.len().min(4096)];
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let metas = head.match_indices("<meta").map(|(at, _)| &head[at..]);
    let mut tags = metas.map(|meta| meta.split('>').next().unwrap_or_default());
    tags.find_map(|tag| {
        let (_, value) = tag.split_once("charset")?;
        let value = value.trim_start().strip_prefix('=')?;
        let value = value.trim_start_matches(['"', '\'', ' ']);
        let end = value.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c));
        let name = &value[..end.unwrap_or(value.len())];
        (!name.is_empty()).then(|| name.to_owned())
    })
}

/// True if `html` may show something that is no text.
pub(crate) fn has_pictures(html: &str) -> bool {
    let visible = ["img", "svg", "object", "embed", "video", "audio", "canvas"];
    let mut tags = Tokens::of(html);
    tags.any(|token| matches!(&token, Token::Start(name, _) if visible.contains(&name.as_str())))
}
