//! HTML as text, in time and memory that are linear in its length whatever it holds.
//!
//! Nothing is built but a bounded stack of open elements. [`Tokens`] cuts the text into tags, [`Page`]
//! writes lines; here is what each element means to a reader.

mod data;
mod link;
mod open;
mod page;
mod style;
mod table;
mod tokens;

pub(crate) use data::{has_pictures, stated_charset, without_data};

use link::Link;
use open::{Kind, Open};
use page::{Margin, Page};
use style::{gap_of, is_hidden, is_tight, property, value};
use tokens::{Token, Tokens, attribute};

/// Elements that are open deeper than this do nothing.
const DEPTH: usize = 100;

/// A line that stands for a ruler, as Outlook writes it in plain text.
const RULER: &str = "________________________________";

/// The text of `html`: paragraphs, quotations with `> `, lists, tables in columns, links in
/// parentheses, pictures by their alternative text. What a browser does not show is left out, unless
/// nothing would be left.
pub(crate) fn to_text(html: &str) -> String {
    let mut reader = Reader::default();
    reader.read(html);
    let found_an_end = reader.hidden.is_none();
    let text = reader.page.finish();
    if found_an_end && !text.trim().is_empty() {
        return text;
    }
    let mut reader = Reader {
        shows_hidden: true,
        ..Reader::default()
    };
    reader.read(html);
    reader.page.finish()
}

/// Reads tags, and writes the page.
#[derive(Default)]
struct Reader {
    page: Page,
    stack: Vec<Open>,
    /// How many elements are open beyond [`DEPTH`].
    deeper: usize,
    link: Option<Link>,
    /// An element that is not shown, and how many of its name are open in it.
    hidden: Option<(String, usize)>,
    /// Elements that a browser hides are shown.
    shows_hidden: bool,
    /// The line ends around the last paragraph.
    paragraph: usize,
    /// The next text is the first of a `pre` element.
    at_pre: bool,
    /// How many `pre` elements are open.
    pre: usize,
}

impl Reader {
    fn read(&mut self, html: &str) {
        for token in Tokens::of(html) {
            if self.page.is_full() {
                break;
            }
            match token {
                Token::Text(_) if self.hidden.is_some() => {}
                Token::Text(text) => self.text(text),
                Token::Start(name, attributes) => {
                    if self.is_visible(&name, attributes) {
                        self.start(name, attributes);
                    }
                }
                Token::End(name) => match &mut self.hidden {
                    Some((hidden, depth)) if *hidden == name => {
                        *depth -= 1;
                        if *depth == 0 {
                            self.hidden = None;
                        }
                    }
                    Some(_) => {}
                    None => self.end(&name),
                },
            }
        }
        self.end_link();
    }

    fn text(&mut self, text: &str) {
        let text = htmlize::unescape(text);
        if self.pre == 0 {
            return self.page.write(&text);
        }
        let mut text = &*text;
        if std::mem::take(&mut self.at_pre) {
            text = text.strip_prefix("\r\n").unwrap_or(text);
            text = text.strip_prefix('\n').unwrap_or(text);
        }
        self.page.write_as_it_is(text);
    }

    /// False for the tags of elements that a browser does not show.
    fn is_visible(&mut self, name: &str, attributes: &str) -> bool {
        if let Some((hidden, depth)) = &mut self.hidden {
            // A paragraph ends where the next block begins.
            if hidden == "p" && (name == "p" || gap_of(name) > 0) {
                self.hidden = None;
            } else {
                if hidden == name {
                    *depth += 1;
                }
                return false;
            }
        }
        let void = [
            "img", "br", "hr", "input", "meta", "link", "col", "area", "wbr",
        ];
        if self.shows_hidden || !is_hidden(attributes) {
            return true;
        }
        if !void.contains(&name) && !["html", "body"].contains(&name) {
            self.hidden = Some((name.to_owned(), 1));
        }
        false
    }

    fn start(&mut self, name: String, attributes: &str) {
        match name.as_str() {
            "br" => self.page.line_break(if self.pre > 0 { 3 } else { 2 }),
            "hr" => self.ruler(),
            "a" => self.begin_link(attributes),
            "img" => self.picture(attributes),
            "p" => {
                self.paragraph = if is_tight(attributes) { 1 } else { 2 };
                self.page.end(self.paragraph);
            }
            "q" => self.page.write("\u{201c}"),
            "div" => self.begin_div(name, attributes),
            "blockquote" => {
                self.page.end(2);
                // Gmail indents with it.
                let style = value(attributes, "style");
                let bare = property(&style, "border").is_some_and(|b| b.starts_with("none"));
                let cited = attribute(attributes, "type").is_some()
                    || value(attributes, "class").contains("quote");
                self.open(
                    name,
                    Kind::Block,
                    match bare && !cited {
                        true => Some(Margin::Indent),
                        false => Some(Margin::Quote),
                    },
                );
            }
            "ul" | "ol" | "menu" | "dir" => {
                let nested = self.stack.iter().any(|o| matches!(o.kind, Kind::List(..)));
                self.page.end(if nested { 1 } else { 2 });
                let start = value(attributes, "start").trim().parse().unwrap_or(1_i64);
                let number = (name == "ol").then_some(start);
                self.open(name, Kind::List(number, 0), None);
            }
            "li" => self.item(attributes),
            "dd" => {
                self.close("dd");
                self.page.end(1);
                self.open(name, Kind::Block, Some(Margin::Indent));
            }
            "dt" => {
                self.close("dd");
                self.page.end(1);
            }
            "dl" => {
                self.page.end(2);
                self.open(name, Kind::Block, None);
            }
            "sup" => self.page.write("^"),
            "s" | "strike" | "del" => self.page.write("[deleted: "),
            "pre" | "listing" => {
                self.page.end(2);
                self.pre += 1;
                self.at_pre = true;
                self.open(name, Kind::Pre, None);
            }
            "table" => {
                self.page.end(1);
                self.open(name, Kind::Table, None);
            }
            "tr" => {
                self.close("tr");
                let row = self.page.begin_row();
                self.open(name, Kind::Row(row, 0, 0), None);
            }
            "td" | "th" => self.cell(name, attributes),
            name => self.page_end_if_block(name),
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "a" => self.end_link(),
            "p" => self.page.end(self.paragraph),
            "br" => self.page.line_break(2),
            "q" => self.page.write("\u{201d}"),
            "s" | "strike" | "del" => self.page.write("]"),
            "blockquote" | "div" | "ul" | "ol" | "menu" | "dir" | "li" | "dd" | "dl" | "pre"
            | "listing" | "table" | "tr" | "td" | "th" => self.close(name),
            name => self.page_end_if_block(name),
        }
    }

    fn page_end_if_block(&mut self, name: &str) {
        match gap_of(name) {
            0 => {}
            gap => self.page.end(gap),
        }
    }

    fn ruler(&mut self) {
        self.page.end(2);
        self.page.write(RULER);
        self.page.end(1);
    }

    fn begin_div(&mut self, name: String, attributes: &str) {
        self.page.end(1);
        let style = value(attributes, "style");
        let solid = |side| property(&style, side).is_some_and(|b| b.starts_with("solid"));
        // Outlook's ways to show where the mail begins that is answered.
        let margin = solid("border-left").then_some(Margin::Quote);
        if solid("border-top") && property(&style, "border") == Some("none") {
            self.ruler();
        }
        self.open(name, Kind::Block, margin);
    }

    fn item(&mut self, attributes: &str) {
        self.close("li");
        let list = self
            .stack
            .iter_mut()
            .rev()
            .find_map(|open| match &mut open.kind {
                Kind::List(number, count) => Some((number, count)),
                _ => None,
            });
        let (mark, first) = match list {
            None => ("- ".to_owned(), true),
            Some((number, count)) => {
                *count += 1;
                let mark = match number {
                    None => "- ".to_owned(),
                    Some(number) => {
                        *number = value(attributes, "value").trim().parse().unwrap_or(*number);
                        let mark = format!("{number}. ");
                        *number = number.saturating_add(1);
                        mark
                    }
                };
                (mark, *count == 1)
            }
        };
        if self.stack.len() >= DEPTH {
            self.deeper += 1;
            return self.page.end(1);
        }
        self.page.begin_item(mark, first);
        self.stack.push(Open {
            name: "li".into(),
            has_margin: true,
            kind: Kind::Block,
        });
    }

    fn cell(&mut self, name: String, attributes: &str) {
        self.close("td");
        self.close("th");
        let open = self.stack.iter_mut().rev().map(|open| &mut open.kind);
        let row = open.filter_map(|kind| match kind {
            Kind::Row(row, cells, columns) => Some((*row, cells, columns)),
            _ => None,
        });
        if let Some((row, cells, columns)) = { row }.next() {
            self.page.begin_cell(*columns, row);
            let span = value(attributes, "colspan").trim().parse();
            *columns = span.unwrap_or(1_usize).clamp(1, 20);
            *cells += 1;
        } else {
            self.page.end(1);
        }
        self.open(name, Kind::Cell, None);
    }

    fn open(&mut self, name: String, kind: Kind, margin: Option<Margin>) {
        if self.stack.len() >= DEPTH {
            self.deeper += 1;
            self.pre -= usize::from(matches!(kind, Kind::Pre));
            return;
        }
        let has_margin = margin.is_some();
        margin.into_iter().for_each(|margin| self.page.push(margin));
        self.stack.push(Open {
            name,
            has_margin,
            kind,
        });
    }

    /// Closes the innermost open element of that name, and all that are open in it. One outside of
    /// the table cell that is being read stays open, and so does an item of an outer list.
    fn close(&mut self, name: &str) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return self.page.end(1);
        }
        let mut at = self.stack.len();
        while at > 0 {
            at -= 1;
            if self.stack[at].name == name {
                return self.close_from(at);
            }
            if self.stack[at].bars(name) {
                return;
            }
        }
    }

    fn close_from(&mut self, at: usize) {
        for open in self.stack.drain(at..).rev() {
            if open.has_margin {
                self.page.pop();
            }
            match open.kind {
                Kind::Pre => {
                    self.pre -= 1;
                    self.at_pre = false;
                    self.page.end(2);
                }
                Kind::Cell => self.page.end_block(0),
                Kind::Row(row, cells, _) if cells > 1 => self.page.end_row(row),
                Kind::List(..) => self.page.end_block(1),
                Kind::Block if open.name == "blockquote" => self.page.end_block(2),
                Kind::Block if open.name == "div" => self.page.end(1),
                _ => self.page.end_block(1),
            }
        }
    }

    fn begin_link(&mut self, attributes: &str) {
        self.end_link();
        let address = attribute(attributes, "href").and_then(link::address);
        self.link = address.map(Link::new);
        self.page.mark();
    }

    fn end_link(&mut self) {
        if let Some(link) = self.link.take() {
            match link.shown(self.page.since_mark()) {
                link::Shown::Nothing => {}
                link::Shown::Itself(text) => self.page.write(&text),
                link::Shown::Behind(text) => self.page.append(&text),
            }
        }
    }

    fn picture(&mut self, attributes: &str) {
        let alt = value(attributes, "alt");
        let alt = alt.trim();
        if !alt.is_empty() {
            self.page.write(&format!(" [{alt}] "));
        } else if let Some(link) = &mut self.link {
            link.has_picture = true;
        }
    }
}

#[cfg(test)]
#[path = "html/tests.rs"]
mod tests;
