//! The drawing: for each kind a row of boxes, a line below each box, and an arrow for each message with its name above
//! it. One row holds one message, so texts cannot meet. No font, script or style from elsewhere.

use std::fmt::Write as _;

use super::columns::Columns;
use super::{Flow, FlowKind, Flows};

/// Between the lines of two neighbours, at least, in pixels; longer names need more.
const COLUMN_MIN: i32 = 164;
const BOX_HEIGHT: i32 = 34;
const ROW: i32 = 36;
const MARGIN: i32 = 24;
/// About the width of a letter of a label, and of a name in a box.
const LETTER: i32 = 7;
const NAME_LETTER: i32 = 8;

const STYLE: &str = "\
svg{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-size:12px}\
.paper{fill:#fff}.text{fill:#111827}\
.head{font-size:15px;font-weight:600}.name{font-weight:600;font-size:13px;text-anchor:middle}\
.box{fill:#f1f5f9;stroke:#64748b}.outside{stroke-dasharray:4 3}.life{stroke:#cbd5e1;stroke-width:1}\
.command{stroke:#1d4ed8}.event{stroke:#047857}.feed{stroke:#b45309}.call{stroke:#be123c}\
.command .solid,.command .from{fill:#1d4ed8}.event .from{fill:#047857}.feed .solid,.feed .from{fill:#b45309}.call .from{fill:#be123c}\
.hollow{fill:#fff}.arrow{stroke-width:1.8;fill:none}\
.event .shaft{stroke-dasharray:7 4}.feed .shaft{stroke-dasharray:2 4}.call .shaft{stroke-dasharray:10 4 2 4}\
@media (prefers-color-scheme:dark){.paper,.hollow{fill:#0f172a}.text{fill:#e5e7eb}\
.box{fill:#1e293b;stroke:#94a3b8}.life{stroke:#475569}\
.command{stroke:#93c5fd}.event{stroke:#6ee7b7}.feed{stroke:#fcd34d}.call{stroke:#fda4af}\
.command .solid,.command .from{fill:#93c5fd}.event .from{fill:#6ee7b7}.feed .solid,.feed .from{fill:#fcd34d}.call .from{fill:#fda4af}}";

/// Draws all flows.
pub(super) fn draw(flows: &Flows) -> String {
    let columns = Columns::of(flows);
    let longest = columns.names.iter().map(|name| width(name, NAME_LETTER)).max().unwrap_or(0);
    let mut sheet = Sheet { flows, column: COLUMN_MIN.max(longest + 2 * MARGIN), columns, body: String::new(), y: MARGIN };
    for kind in FlowKind::ALL {
        sheet.section(kind);
    }
    sheet.finish()
}

fn heading(kind: FlowKind) -> &'static str {
    match kind {
        FlowKind::Command => "Commands: the one service that a command belongs to acts",
        FlowKind::Event => "Events: everyone who cares is told",
        FlowKind::Feed => "Feeds: kept by one service, polled by others at their own pace",
        FlowKind::Call => "Calls: a system outside is asked",
    }
}

fn width(text: &str, letter: i32) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(i32::MAX / 64).min(200) * letter
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What is drawn so far, and down to where.
struct Sheet<'f> {
    flows: &'f Flows,
    columns: Columns,
    /// Between two neighbours, in pixels.
    column: i32,
    body: String,
    y: i32,
}

impl Sheet<'_> {
    fn finish(self) -> String {
        let (width, height) = (self.width(), self.y);
        let services = self.flows.services.len();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
             aria-labelledby=\"title desc\">\n<title id=\"title\">Who sends what to whom</title>\n<desc id=\"desc\">{services} services \
             with their commands, events, feeds and calls to systems outside. Each arrow goes from who sends to who \
             receives.</desc>\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n{}</svg>\n",
            self.body
        )
    }

    /// A name at the last line may stand beside it.
    fn width(&self) -> i32 {
        2 * MARGIN + self.column * i32::try_from(self.columns.names.len().max(1)).unwrap_or(1)
    }

    /// The line of a service or system.
    fn x(&self, name: &str) -> i32 {
        MARGIN + self.column / 2 + self.column * i32::try_from(self.columns.place(name)).unwrap_or(0)
    }

    fn put(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    fn section(&mut self, kind: FlowKind) {
        let flows: Vec<&Flow> = self.flows.flows.iter().filter(|flow| flow.kind == kind).collect();
        if flows.is_empty() {
            return;
        }
        let (sample, text) = (MARGIN + 54, self.y + 12);
        let shaft = arrow(kind, MARGIN, sample, self.y + 7);
        self.put(&format!("<g class=\"arrow {}\">{shaft}</g>", kind.as_str()));
        self.put(&format!("<text class=\"text head\" x=\"{}\" y=\"{text}\">{}</text>", sample + 10, heading(kind)));
        self.y += 28;
        let bottom = self.y + BOX_HEIGHT + ROW * i32::try_from(flows.len()).unwrap_or(0) + 16;
        self.boxes(bottom);
        self.y += BOX_HEIGHT;
        for flow in flows {
            self.y += ROW;
            self.row(flow);
        }
        self.y = bottom + MARGIN;
    }

    fn boxes(&mut self, bottom: i32) {
        let (top, height) = (self.y, BOX_HEIGHT);
        for name in self.columns.names.clone() {
            let (x, wide) = (self.x(name), self.column - MARGIN);
            let (left, text) = (x - wide / 2, top + 22);
            let outside = if self.flows.outside.contains(&name) { " outside" } else { "" };
            let life = top + height;
            self.put(&format!("<line class=\"life\" x1=\"{x}\" y1=\"{life}\" x2=\"{x}\" y2=\"{bottom}\"/>"));
            self.put(&format!("<rect class=\"box{outside}\" x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{height}\" rx=\"6\"/>"));
            self.put(&format!("<text class=\"text name\" x=\"{x}\" y=\"{text}\">{}</text>", escaped(name)));
        }
    }

    /// One message: a dot at each who sends, a head at each who receives, its name above.
    fn row(&mut self, flow: &Flow) {
        let y = self.y;
        let from: Vec<i32> = flow.from.iter().map(|name| self.x(name)).collect();
        let to: Vec<i32> = flow.to.iter().map(|name| self.x(name)).collect();
        let mut drawn = String::new();
        for end in &to {
            let nearest = from.iter().copied().min_by_key(|begin| (begin - end).abs()).unwrap_or(end - 60);
            drawn += &if nearest == *end { turn(flow.kind, nearest, y) } else { arrow(flow.kind, nearest, *end, y) };
        }
        for begin in &from {
            if to.is_empty() {
                let end = begin + 44;
                let _ = write!(drawn, "<path class=\"shaft\" d=\"M{begin} {y}H{end}\"/><path d=\"M{end} {}v10\"/>", y - 5);
            }
            let _ = write!(drawn, "<circle class=\"from\" cx=\"{begin}\" cy=\"{y}\" r=\"3\"/>");
        }
        let (label, title) = (label(flow), escaped(&told(flow)));
        let left = from.iter().chain(&to).copied().min().unwrap_or(MARGIN) + 8;
        let x = left.min(self.width() - MARGIN - width(&label, LETTER));
        self.put(&format!("<g><title>{title}</title><g class=\"arrow {}\">{drawn}</g>", flow.kind.as_str()));
        let (paper, wide) = (y - 19, width(&label, LETTER));
        self.put(&format!("<rect class=\"paper\" x=\"{x}\" y=\"{paper}\" width=\"{wide}\" height=\"13\"/>"));
        self.put(&format!("<text class=\"text label\" x=\"{x}\" y=\"{}\">{}</text></g>", y - 8, escaped(&label)));
    }
}

fn label(flow: &Flow) -> String {
    if flow.to.is_empty() { format!("{} (nobody listens)", flow.short_name()) } else { flow.short_name().to_owned() }
}

/// A sentence for who cannot see the arrow.
fn told(flow: &Flow) -> String {
    let names = |names: &[&str]| if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
    format!("{} {}: from {} to {}", flow.kind.as_str(), flow.name, names(&flow.from), names(&flow.to))
}

/// From one line to another.
fn arrow(kind: FlowKind, from: i32, to: i32, y: i32) -> String {
    let back = if to > from { -1 } else { 1 };
    let shaft = match kind {
        FlowKind::Event => to,
        _ => to + back * 10,
    };
    format!("<path class=\"shaft\" d=\"M{from} {y}H{shaft}\"/>{}", head(kind, to, y, back))
}

/// To itself: out and back to its own line.
fn turn(kind: FlowKind, x: i32, y: i32) -> String {
    let back = y + 11;
    format!("<path class=\"shaft\" d=\"M{x} {y}h22q6 0 6 6q0 5 -6 5H{}\"/>{}", x + 10, head(kind, x, back, 1))
}

/// The tip at `x`, the rest behind it: a full triangle, an open angle, a diamond, a hollow triangle.
fn head(kind: FlowKind, x: i32, y: i32, back: i32) -> String {
    let (half, whole) = (x + back * 6, x + back * 11);
    let (above, below) = (y - 5, y + 5);
    match kind {
        FlowKind::Command => format!("<path class=\"solid\" d=\"M{x} {y}L{whole} {above}V{below}Z\"/>"),
        FlowKind::Event => format!("<path d=\"M{whole} {above}L{x} {y}L{whole} {below}\"/>"),
        FlowKind::Feed => format!("<path class=\"solid\" d=\"M{x} {y}L{half} {above}L{whole} {y}L{half} {below}Z\"/>"),
        FlowKind::Call => format!("<path class=\"hollow\" d=\"M{x} {y}L{whole} {above}V{below}Z\"/>"),
    }
}
