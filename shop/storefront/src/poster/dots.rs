//! Conferences: grids of dots, a signal running through them.

use super::canvas::{Canvas, N};
use super::dice::Dice;
use super::palette::Colour;

/// The grid: dots across, dots down, and the distance between them.
struct Grid {
    across: u32,
    down: u32,
    pitch: f64,
}

impl Grid {
    fn of(c: &Canvas) -> Self {
        let pitch = if c.upright() { 16.0 } else { 20.0 };
        Self { across: (c.w / pitch).round() as u32, down: (c.h / pitch).round() as u32, pitch }
    }

    fn at(&self, column: u32, row: u32) -> (f64, f64) {
        (self.pitch * (f64::from(column) + 0.5), self.pitch * (f64::from(row) + 0.5))
    }

    /// Draws every dot whose size, from 0 to 8, `size` gives: one path for each size.
    fn dots(&self, c: &mut Canvas, colour: Colour, size: impl Fn(f64, f64) -> f64) {
        let mut paths = vec![String::new(); 9];
        for row in 0..self.down {
            for column in 0..self.across {
                let (x, y) = self.at(column, row);
                let step = size(x / c.w, y / c.h).clamp(0.0, 8.0).round() as usize;
                paths[step] += &format!("M{} {}h0", N(x), N(y));
            }
        }
        for (step, path) in paths.iter().enumerate().skip(1).filter(|(_, path)| !path.is_empty()) {
            c.line(path, self.pitch * (0.1 + 0.1 * step as f64), colour);
        }
    }
}

pub(super) fn draw(c: &mut Canvas, d: &mut Dice) {
    let grid = Grid::of(c);
    match d.below(4) {
        0 => eclipse(c, d, &grid),
        1 => slope(c, d, &grid),
        2 => signal(c, d, &grid),
        _ => crossing(c, d, &grid),
    }
}

/// Dots that swell around a disc.
fn eclipse(c: &mut Canvas, d: &mut Dice, grid: &Grid) {
    let (x, y) = (d.one([0.25, 0.5, 0.75]), d.one([0.3, 0.5, 0.7]));
    let (x, outward) = (if c.upright() { 0.5 } else { x }, d.heads());
    let (w, h, u, swell) = (c.w, c.h, c.u, d.between(6.0, 8.0));
    let colour = d.one([c.p.ink, c.p.loud]);
    grid.dots(c, colour, |px, py| {
        let (dx, dy) = ((px - x) * w / u, (py - y) * h / u);
        let far = (dx * dx + dy * dy).sqrt() * swell;
        if outward { far } else { 9.0 - far }
    });
    let disc = if colour == c.p.ink { c.p.loud } else { c.p.ink };
    c.disc((w * x, h * y), u * d.between(0.17, 0.24), disc);
}

/// Dots that grow from one corner, over a half of another colour.
fn slope(c: &mut Canvas, d: &mut Dice, grid: &Grid) {
    let (flip, tip) = (d.heads(), d.heads());
    let (left, right) = if flip { (0.0, c.w) } else { (c.w, 0.0) };
    let (half, growth) = (d.one([c.p.loud, c.p.second]), d.between(3.2, 4.4));
    c.polygon(&[(left, 0.0), (right, c.h), (left, c.h)], half);
    grid.dots(c, c.p.ink, |x, y| {
        let x = if flip { x } else { 1.0 - x };
        (if tip { x + 1.0 - y } else { 2.0 - x - 1.0 + y }) * growth
    });
}

/// An even grid with a loud path stepping through it.
fn signal(c: &mut Canvas, d: &mut Dice, grid: &Grid) {
    let (pale, size) = (d.one([c.p.second, c.p.ink]), d.one([2.0, 3.0]));
    grid.dots(c, pale, |_, _| size);
    let along = if c.upright() { grid.down } else { grid.across };
    let across = if c.upright() { grid.across } else { grid.down };
    let mut level = across / 2;
    let (mut path, mut node) = (String::new(), grid.at(0, 0));
    let step: u32 = d.one([2, 3]);
    for n in (0..along + step).step_by(step as usize) {
        let (x, y) = if c.upright() { grid.at(level, n) } else { grid.at(n, level) };
        path += &match n {
            0 => format!("M{} {}", N(x), N(y)),
            _ if c.upright() => format!("V{}H{}", N(y), N(x)),
            _ => format!("H{}V{}", N(x), N(y)),
        };
        if n <= along / 2 {
            node = (x, y);
        }
        level = match d.below(3) {
            0 => level.saturating_sub(2),
            by if level + by < across => level + by,
            by => across.saturating_sub(1 + by),
        };
    }
    c.line(&path, grid.pitch * 0.7, c.p.loud);
    c.disc(node, grid.pitch * 1.4, c.p.third);
}

/// Two fields of dots, one fading as the other grows.
fn crossing(c: &mut Canvas, d: &mut Dice, grid: &Grid) {
    let (peak, narrow) = (d.between(0.3, 0.7), d.between(9.0, 12.0));
    let (one, other) = d.one([(c.p.loud, c.p.ink), (c.p.ink, c.p.loud), (c.p.second, c.p.ink)]);
    let (upright, lean) = (c.upright(), d.one([-0.4, 0.4, 0.0]));
    let height = move |x: f64, y: f64| {
        let (along, across) = if upright { (y, x) } else { (x, y) };
        8.0 - narrow * 1.6 * (along + lean * (across - 0.5) - peak).abs()
    };
    grid.dots(c, one, height);
    grid.dots(c, other, move |x, y| if height(x, y) < 1.5 { 4.0 } else { 0.0 });
}
