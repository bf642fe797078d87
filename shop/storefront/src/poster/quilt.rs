//! Everything else: a quilt of cut paper. The square shows the middle of the wide sheet, the edge its middle column.

use super::canvas::Canvas;
use super::dice::Dice;
use super::palette::Colour;

const ROWS: usize = 5;
const COLUMNS: usize = 6;

/// One patch: what is cut, which way it faces, its ground and its paper.
#[derive(Clone, Copy)]
struct Patch {
    cut: u32,
    turn: u32,
    ground: Colour,
    paper: Colour,
}

pub(super) fn draw(c: &mut Canvas, d: &mut Dice) {
    let p = c.p;
    let papers = [(p.ground, p.loud), (p.loud, p.ink), (p.second, p.ground), (p.ink, p.third), (p.ground, p.ink), (p.third, p.ink)];
    let cuts = d.one([[0, 0, 1, 2], [0, 3, 3, 2], [1, 1, 4, 0], [5, 0, 2, 4], [3, 1, 5, 5]]);
    let patches: [[Patch; COLUMNS]; ROWS] = std::array::from_fn(|_| {
        std::array::from_fn(|_| {
            let (ground, paper) = d.one(papers);
            Patch { cut: d.one(cuts), turn: d.below(4), ground, paper }
        })
    });
    // The size of a patch, the first row and column shown, and how many.
    let (side, row, column, rows, columns) = if c.upright() {
        (c.w, 0, 2, 5, 1)
    } else if c.w > c.h {
        (c.h / 3.0, 1, 0, 3, 6)
    } else {
        (c.w / 3.0, 1, 1, 3, 3)
    };
    // A wide sheet cuts its outer columns alike.
    let left = (c.w - side * columns as f64) / 2.0;
    for (y, line) in patches.iter().skip(row).take(rows).enumerate() {
        for (x, patch) in line.iter().skip(column).take(columns).enumerate() {
            sew(c, (left + side * x as f64, side * y as f64), side, *patch);
        }
    }
}

fn sew(c: &mut Canvas, (x, y): (f64, f64), side: f64, patch: Patch) {
    c.rect(x, y, side, side, patch.ground);
    let (middle, half) = ((x + side / 2.0, y + side / 2.0), side / 2.0);
    // The corners in the order of `turn`: the quarter of a disc around each lies in the patch.
    let corners = [(x, y + side), (x, y), (x + side, y), (x + side, y + side)];
    let turn = patch.turn as usize;
    match patch.cut {
        0 => c.quarter(corners[turn], side, patch.turn, patch.paper),
        1 => {
            let base = [(middle.0, y + side), (x, middle.1), (middle.0, y), (x + side, middle.1)][turn];
            c.half(base, half, patch.turn, patch.paper);
        }
        2 => c.disc(middle, half * 0.62, patch.paper),
        3 => c.polygon(&[corners[turn], corners[(turn + 1) % 4], corners[(turn + 2) % 4]], patch.paper),
        4 => {
            c.quarter(corners[turn], half, patch.turn, patch.paper);
            c.quarter(corners[(turn + 2) % 4], half, patch.turn + 2, patch.paper);
        }
        _ => {
            c.quarter(corners[turn], side, patch.turn, patch.paper);
            c.quarter(corners[turn], half, patch.turn, patch.ground);
        }
    }
}
