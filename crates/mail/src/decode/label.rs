//! Names of charsets, as mail programs write them.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, KOI8_R, KOI8_U, MACINTOSH, SHIFT_JIS, UTF_16BE, UTF_16LE,
    WINDOWS_874,
};

/// What a name of a charset stands for.
#[derive(Clone, Copy)]
pub(super) enum Label {
    /// No charset, or one whose text is better judged by its bytes: UTF-8 and ASCII.
    Unknown,
    Encoding(&'static Encoding),
    /// The upper half of a code page.
    CodePage(&'static str),
    Utf7,
    /// In the stated order, if one is stated.
    Utf16(Option<&'static Encoding>),
    /// ISO-2022-JP, its extensions, -KR and -CN (RFC 1468, 1554, 1557, 1922).
    Iso2022,
    /// RFC 1843.
    Hz,
}

/// No name of a charset is longer.
const LONGEST: usize = 64;

/// Reads the name of a charset. Quotes, blanks, letter case and punctuation make no difference.
pub(super) fn label(name: &str) -> Label {
    if name.len() > LONGEST {
        return Label::Unknown;
    }
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    match plain.as_str() {
        "utf8" | "xutf8" | "unicode11utf8" | "utf8mac" | "utf8mb4" | "usascii" | "ascii"
        | "unknown8bit" | "xuserdefined" => Label::Unknown,
        "utf16" | "ucs2" | "iso10646ucs2" | "unicode" | "csunicode" => Label::Utf16(None),
        "utf16be" | "unicodefffe" => Label::Utf16(Some(UTF_16BE)),
        "utf16le" | "unicodefeff" => Label::Utf16(Some(UTF_16LE)),
        "hz" | "hzgb2312" | "hzgb" => Label::Hz,
        "jis" | "jis7" | "csiso2022jp" | "csiso2022jp2" | "csiso2022kr" => Label::Iso2022,
        "eucjpms" | "ujis" | "eucjpwin" => Label::Encoding(EUC_JP),
        "mskanji" | "sjiswin" => Label::Encoding(SHIFT_JIS),
        "euccn" | "xeuccn" => Label::Encoding(GBK),
        "uhc" | "ksc5601" | "johab" => Label::Encoding(EUC_KR),
        "big5eten" | "big5hkscs2004" => Label::Encoding(BIG5),
        "koi8ru" => Label::Encoding(KOI8_U),
        "macroman" | "mac" => Label::Encoding(MACINTOSH),
        "latin9" => label("iso-8859-15"),
        plain if plain.contains("iso2022") => Label::Iso2022,
        plain if plain.contains("utf7") => Label::Utf7,
        plain => {
            let known = Encoding::for_label_no_replacement(name.as_bytes())
                .or_else(|| Encoding::for_label_no_replacement(plain.as_bytes()));
            match known {
                Some(encoding) => Label::Encoding(encoding),
                None => numbered(plain).unwrap_or(Label::Unknown),
            }
        }
    }
}

/// True if `name` is surely meant for a charset.
pub(super) fn is_name(name: &str) -> bool {
    let unicode = ["utf-8", "utf8", "us-ascii"];
    !matches!(label(name), Label::Unknown)
        || unicode.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// `cp850`, `windows1252`, `xibm437`, `iso88591`, `88591`, and `iso885915windows`.
fn numbered(plain: &str) -> Option<Label> {
    let kinds = [
        "windows",
        "xwindows",
        "win",
        "cp",
        "xcp",
        "ibm",
        "xibm",
        "ms",
        "microsoftcp",
        "dos",
        "codepage",
        "iso",
        "",
    ];
    let number = kinds.iter().find_map(|kind| {
        let rest = plain.strip_prefix(kind)?;
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        rest.get(..digits).filter(|digits| !digits.is_empty())
    })?;
    if let Some(part) = number.strip_prefix("8859").filter(|part| !part.is_empty()) {
        return Encoding::for_label(format!("iso-8859-{part}").as_bytes()).map(Label::Encoding);
    }
    Some(match number {
        "437" => Label::CodePage(CP437),
        "850" => Label::CodePage(CP850),
        "858" => Label::CodePage(CP858),
        "852" => Label::CodePage(CP852),
        "866" => return Encoding::for_label(b"ibm866").map(Label::Encoding),
        "874" => Label::Encoding(WINDOWS_874),
        "932" | "943" => Label::Encoding(SHIFT_JIS),
        "936" | "1386" => Label::Encoding(GBK),
        "949" | "51949" => Label::Encoding(EUC_KR),
        "950" => Label::Encoding(BIG5),
        "1200" => Label::Utf16(Some(UTF_16LE)),
        "1201" => Label::Utf16(Some(UTF_16BE)),
        "10000" => Label::Encoding(MACINTOSH),
        "20866" => Label::Encoding(KOI8_R),
        "21866" => Label::Encoding(KOI8_U),
        "51932" => Label::Encoding(EUC_JP),
        "50220" | "50221" | "50222" | "50225" => Label::Iso2022,
        "54936" => return Encoding::for_label(b"gb18030").map(Label::Encoding),
        "65000" => Label::Utf7,
        "65001" | "646" => Label::Unknown,
        number => {
            // Windows numbers the parts of ISO 8859 from 28591.
            let part = number.parse().ok().and_then(|n: u32| n.checked_sub(28_590));
            let name = match part {
                Some(part @ 1..=16) => format!("iso-8859-{part}"),
                _ => format!("windows-{number}"),
            };
            return Encoding::for_label(name.as_bytes()).map(Label::Encoding);
        }
    })
}

const CP437: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
    áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

const CP850: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
    áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
    ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

const CP858: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
    áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀\
    ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

const CP852: &str = "\
    ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×č\
    áíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐\
    └┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀\
    ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}";
