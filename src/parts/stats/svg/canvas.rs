//! Shapes and words as SVG 1.1: plain enough for every browser, word processor and converter.

use crate::screen::xml::escape;
use std::fmt::Write;

/// A picture that is being drawn. Lengths are in pixels.
pub(super) struct Canvas {
    body: String,
    width: f64,
}

/// Which part of a text stands at its point.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Font {
    pub size: u32,
    pub bold: bool,
    pub colour: &'static str,
}

/// The colour of what is to be read.
pub(super) const INK: &str = "#222222";
/// The colour of what explains that.
pub(super) const GREY: &str = "#5f6b76";
/// The colour of grid lines.
pub(super) const GRID: &str = "#dfe4e8";

/// Labels and legends.
pub(super) const SMALL: Font = Font {
    size: 12,
    bold: false,
    colour: GREY,
};

impl Canvas {
    pub(super) fn new(width: f64) -> Canvas {
        Canvas {
            body: String::new(),
            width,
        }
    }

    /// A word or two at a point on its base line.
    pub(super) fn text(&mut self, at: (f64, f64), anchor: Anchor, font: Font, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if font.bold {
            " font-weight=\"bold\""
        } else {
            ""
        };
        let _ = writeln!(
            self.body,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" font-size=\"{}\" fill=\"{}\"{weight}>{}</text>",
            px(at.0),
            px(at.1),
            font.size,
            font.colour,
            escape(text)
        );
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str) {
        let path = format!("M{} {}L{} {}", px(from.0), px(from.1), px(to.0), px(to.1));
        self.stroke(&path, colour, 1.0);
    }

    /// A path that is drawn.
    pub(super) fn stroke(&mut self, path: &str, colour: &str, width: f64) {
        let _ = writeln!(
            self.body,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" \
             stroke-linejoin=\"round\"/>"
        );
    }

    /// A path that is filled.
    pub(super) fn fill(&mut self, path: &str, colour: &str) {
        if !path.is_empty() {
            let _ = writeln!(self.body, "<path d=\"{path}\" fill=\"{colour}\"/>");
        }
    }

    /// A square of a colour and what it means. Returns where the next one may begin.
    pub(super) fn legend(&mut self, at: (f64, f64), colour: &str, text: &str) -> f64 {
        self.fill(&rect(at.0, at.1 - 10.0, 11.0, 11.0), colour);
        self.text((at.0 + 17.0, at.1), Anchor::Start, SMALL, text);
        at.0 + 17.0 + width_of(text, SMALL.size) + 20.0
    }

    /// The whole picture, of this height.
    pub(super) fn finish(self, height: f64, title: &str) -> String {
        let (width, height) = (px(self.width), px(height));
        let title = escape(title);
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" \
             font-family=\"'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif\">\n\
             <title>{title}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
             {}</svg>\n",
            self.body
        )
    }
}

/// The path of a rectangle.
pub(super) fn rect(x: f64, y: f64, width: f64, height: f64) -> String {
    let (x, y, w, h) = (px(x), px(y), px(width), px(height));
    format!("M{x} {y}h{w}v{h}h-{w}z")
}

/// About how wide a text is. Fonts differ, so it is a little too much.
pub(super) fn width_of(text: &str, size: u32) -> f64 {
    use unicode_width::UnicodeWidthStr;
    text.width() as f64 * f64::from(size) * 0.58
}

/// A length in tenths of a pixel.
pub(super) fn px(length: f64) -> String {
    let text = format!("{length:.1}");
    let short = text.strip_suffix(".0").unwrap_or(&text);
    match short {
        "-0" => "0".to_owned(),
        short => short.to_owned(),
    }
}
