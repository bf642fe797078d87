//! The sheet a poster is drawn on: a few figures written as SVG, numbers rounded to one decimal, all text escaped.

use super::palette::{Colour, Palette};
use std::fmt::{self, Display, Write};

/// Longest label, in characters: titles are short, and a poster stays under 4 KiB.
const LABEL: usize = 80;

/// A number as SVG wants it: one decimal at most, rounded by whole numbers so that every platform writes the same.
#[derive(Clone, Copy)]
pub(super) struct N(pub(super) f64);

impl Display for N {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round() as i64;
        let sign = if tenths < 0 { "-" } else { "" };
        match (tenths.abs() / 10, tenths.abs() % 10) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (0, tenth) => write!(f, "{sign}.{tenth}"),
            (whole, tenth) => write!(f, "{sign}{whole}.{tenth}"),
        }
    }
}

/// The sheet: its extent, the unit of the motif, and its colours.
pub(super) struct Canvas {
    pub(super) w: f64,
    pub(super) h: f64,
    /// The motif's unit: about the height of a wide poster.
    pub(super) u: f64,
    pub(super) p: Palette,
    out: String,
}

impl Canvas {
    pub(super) fn new((w, h, u): (f64, f64, f64), p: Palette) -> Self {
        let mut canvas = Self { w, h, u, p, out: String::with_capacity(2048) };
        canvas.rect(0.0, 0.0, w, h, p.ground);
        canvas
    }

    /// Whether the sheet is upright and narrow: a motif that runs along the sheet runs downwards.
    pub(super) fn upright(&self) -> bool {
        self.h > 2.0 * self.w
    }

    /// The point `along` the long side and `across` the short one, both from 0 to 1.
    pub(super) fn at(&self, along: f64, across: f64) -> (f64, f64) {
        if self.upright() { (self.w * across, self.h * along) } else { (self.w * along, self.h * across) }
    }

    pub(super) fn put(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.out.write_fmt(text);
    }

    pub(super) fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, fill: Colour) {
        self.put(format_args!("<path fill=\"{fill}\" d=\"M{} {}h{}v{}h{}z\"/>", N(x), N(y), N(w), N(h), N(-w)));
    }

    pub(super) fn disc(&mut self, (x, y): (f64, f64), r: f64, fill: Colour) {
        self.put(format_args!("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\"/>", N(x), N(y), N(r)));
    }

    pub(super) fn ring(&mut self, (x, y): (f64, f64), r: f64, width: f64, stroke: Colour) {
        self.put(format_args!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{}\"/>",
            N(x),
            N(y),
            N(r),
            N(width)
        ));
    }

    pub(super) fn ellipse(&mut self, (x, y): (f64, f64), rx: f64, ry: f64, fill: Colour) {
        self.put(format_args!("<ellipse cx=\"{}\" cy=\"{}\" rx=\"{}\" ry=\"{}\" fill=\"{fill}\"/>", N(x), N(y), N(rx), N(ry)));
    }

    pub(super) fn fill(&mut self, d: &str, fill: Colour) {
        self.put(format_args!("<path fill=\"{fill}\" d=\"{d}\"/>"));
    }

    /// A line along `d`, with round ends.
    pub(super) fn line(&mut self, d: &str, width: f64, stroke: Colour) {
        self.put(format_args!(
            "<path fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{}\" stroke-linecap=\"round\" d=\"{d}\"/>",
            N(width)
        ));
    }

    pub(super) fn polygon(&mut self, points: &[(f64, f64)], fill: Colour) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{} {}", N(*x), N(*y))).collect();
        self.fill(&format!("M{}z", points.join("L")), fill);
    }

    /// Half a disc, its dome to the top, right, bottom or left (`turn` 0 to 3).
    pub(super) fn half(&mut self, (x, y): (f64, f64), r: f64, turn: u32, fill: Colour) {
        let (dx, dy) = [(r, 0.0), (0.0, r), (-r, 0.0), (0.0, -r)][turn as usize % 4];
        let (r, ax, ay) = (N(r), N(x - dx), N(y - dy));
        self.fill(&format!("M{ax} {ay}A{r} {r} 0 0 1 {} {}z", N(x + dx), N(y + dy)), fill);
    }

    /// A quarter of a disc around a corner: the quarter to the upper right, lower right, lower left, upper left.
    pub(super) fn quarter(&mut self, (x, y): (f64, f64), r: f64, turn: u32, fill: Colour) {
        let (ax, ay, bx, by) = [(0.0, -r, r, 0.0), (r, 0.0, 0.0, r), (0.0, r, -r, 0.0), (-r, 0.0, 0.0, -r)][turn as usize % 4];
        let r = N(r);
        self.fill(&format!("M{} {}L{} {}A{r} {r} 0 0 1 {} {}z", N(x), N(y), N(x + ax), N(y + ay), N(x + bx), N(y + by)), fill);
    }

    /// What `inner` draws, turned by `degrees` around a point.
    pub(super) fn turned(&mut self, degrees: f64, (x, y): (f64, f64), inner: impl FnOnce(&mut Self)) {
        self.put(format_args!("<g transform=\"rotate({} {} {})\">", N(degrees), N(x), N(y)));
        inner(self);
        self.put(format_args!("</g>"));
    }

    /// What `inner` draws, cut off outside a rectangle; coordinates stay those of the sheet.
    pub(super) fn cropped(&mut self, (x, y, w, h): (f64, f64, f64, f64), inner: impl FnOnce(&mut Self)) {
        let (x, y, w, h) = (N(x), N(y), N(w), N(h));
        self.put(format_args!("<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\">"));
        inner(self);
        self.put(format_args!("</svg>"));
    }

    /// One letter, its capitals centred on a point; `size` is the height of a capital.
    pub(super) fn letter(&mut self, letter: char, (x, y): (f64, f64), size: f64, fill: Colour) {
        self.put(format_args!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{fill}\">{}</text>",
            N(x),
            N(y + size / 2.0),
            N(size / 0.72),
            Escaped(&letter.to_string())
        ));
    }

    /// What `inner` draws, with the letters in the boldest face the system has.
    pub(super) fn lettered(&mut self, inner: impl FnOnce(&mut Self)) {
        self.put(format_args!(
            "<g font-family=\"'Arial Black','Helvetica Neue',Arial,sans-serif\" font-weight=\"900\" text-anchor=\"middle\">"
        ));
        inner(self);
        self.put(format_args!("</g>"));
    }

    pub(super) fn finish(self, id: &str, label: Option<&str>) -> String {
        let (w, h, out) = (N(self.w), N(self.h), self.out);
        let head = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{id}\" class=\"poster\" viewBox=\"0 0 {w} {h}\" preserveAspectRatio=\"xMidYMid slice\""
        );
        match label {
            None => format!("{head} aria-hidden=\"true\">{out}</svg>"),
            Some(title) => {
                let title: String = title.chars().take(LABEL).collect();
                format!("{head} role=\"img\" aria-labelledby=\"{id}-t\"><title id=\"{id}-t\">{}</title>{out}</svg>", Escaped(&title))
            }
        }
    }
}

/// Text as XML carries it: marks escaped, characters that XML forbids left out.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\u{fffe}' | '\u{ffff}' => {}
                control if control.is_control() => f.write_char(' ')?,
                plain => f.write_char(plain)?,
            }
        }
        Ok(())
    }
}
