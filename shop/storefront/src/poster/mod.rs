//! Posters: each event's picture, drawn from its id, category and title as a small self-contained SVG.
//! The same event gives the same bytes everywhere; nothing is loaded, and nothing runs, to show one.

mod arcs;
mod canvas;
mod curtains;
mod dice;
mod dots;
mod family;
mod field;
mod letters;
mod palette;
mod quilt;
mod waves;

use canvas::Canvas;
use dice::Dice;
use family::Family;
use palette::Palette;

/// What a poster is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The event's id: the palette and every parameter of the drawing come from it.
    pub id: [u8; 16],
    /// The event's category, in any case: it chooses the family of composition.
    pub category: &'a str,
    /// The event's title: its letters are drawn for comedy and talks, and it names a labelled poster.
    pub title: &'a str,
}

/// The format of a poster. One event keeps its palette and motif in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// 16:9, for cards and heads of pages.
    Wide,
    /// 1:1, for lists and mail.
    Square,
    /// 1:5, upright: the edge of a ticket or of a basket line.
    Edge,
}

impl Shape {
    /// Width, height and the unit of the motif, in the poster's own units.
    fn extent(self) -> (f64, f64, f64) {
        match self {
            Shape::Wide => (320.0, 180.0, 180.0),
            Shape::Square => (200.0, 200.0, 190.0),
            Shape::Edge => (48.0, 240.0, 112.0),
        }
    }

    fn letter(self) -> char {
        match self {
            Shape::Wide => 'w',
            Shape::Square => 's',
            Shape::Edge => 'e',
        }
    }
}

/// The poster as decoration: hidden from screen readers, for places that name the event beside it. Under 4 KiB.
pub fn poster(event: &Subject<'_>, shape: Shape) -> String {
    draw(event, shape, None)
}

/// The poster as a picture that names itself: `role="img"` and the event's title, cut after 80 characters. Under 4 KiB.
pub fn labelled_poster(event: &Subject<'_>, shape: Shape) -> String {
    draw(event, shape, Some(event.title))
}

fn draw(event: &Subject<'_>, shape: Shape, label: Option<&str>) -> String {
    let mut dice = Dice::of(event.id);
    let palette = Palette::pick(&mut dice);
    let mut canvas = Canvas::new(shape.extent(), palette);
    let (c, d) = (&mut canvas, &mut dice);
    match Family::of(event.category) {
        Family::Arcs => arcs::draw(c, d),
        Family::Curtains => curtains::draw(c, d),
        Family::Dots => dots::draw(c, d),
        Family::Waves => waves::draw(c, d),
        Family::Field => field::draw(c, d),
        Family::Comedy => letters::comedy(c, d, event.title),
        Family::Talk => letters::talk(c, d, event.title),
        Family::Quilt => quilt::draw(c, d),
    }
    canvas.finish(&format!("p{:032x}-{}", u128::from_be_bytes(event.id), shape.letter()), label)
}
