//! Concerts: arcs and discs. Records, overlapping discs, rainbows of sound.

use super::canvas::{Canvas, N};
use super::dice::Dice;
use super::palette::Colour;

pub(super) fn draw(c: &mut Canvas, d: &mut Dice) {
    match d.below(6) {
        0 => record(c, d),
        1 => slipped(c, d),
        2 => rainbow(c, d),
        3 => lens(c, d),
        4 => duet(c, d),
        _ => crescendo(c, d),
    }
}

/// Four accents in an order of the event's own, the ink first.
fn order(c: &Canvas, d: &mut Dice) -> [Colour; 4] {
    let p = c.p;
    d.one([[p.ink, p.loud, p.second, p.third], [p.ink, p.second, p.loud, p.third], [p.loud, p.ink, p.third, p.second]])
}

/// A record, large enough to leave the sheet.
fn record(c: &mut Canvas, d: &mut Dice) {
    let colours = order(c, d);
    let centre = c.at(d.one([0.12, 0.34, 0.66, 0.88]), d.one([0.3, 0.5, 0.72]));
    let (rings, r) = (4 + d.below(3), c.u * d.between(0.72, 0.95));
    for ring in 0..rings {
        let part = 1.0 - f64::from(ring) * 0.78 / f64::from(rings);
        c.disc(centre, r * part, if ring % 2 == 0 { colours[0] } else { c.p.ground });
    }
    let label = r * 0.74 * (1.0 - 0.78 * f64::from(rings - 1) / f64::from(rings));
    c.disc(centre, label, colours[1]);
    c.disc(centre, label * 0.56, colours[2]);
    c.disc(centre, r * 0.05, c.p.ground);
}

/// Rings cut in two, the halves slipped past each other by one ring.
fn slipped(c: &mut Canvas, d: &mut Dice) {
    let colours = order(c, d);
    let (rings, r, level) = (3 + d.below(3), c.u * d.between(0.5, 0.62), d.heads());
    let (x, y) = c.at(d.one([0.36, 0.5, 0.64]), 0.5);
    let slip = r / f64::from(rings) * d.one([1.0, -1.0]);
    let (turns, a, b) =
        if level { ([0, 2], (x - slip / 2.0, y), (x + slip / 2.0, y)) } else { ([3, 1], (x, y - slip / 2.0), (x, y + slip / 2.0)) };
    for ring in 0..rings {
        let part = r * (1.0 - f64::from(ring) / f64::from(rings));
        let (one, other) = if ring % 2 == 0 { (colours[0], colours[1]) } else { (c.p.ground, c.p.ground) };
        c.half(a, part, turns[0], one);
        c.half(b, part, turns[1], other);
    }
    c.disc(c.at(d.one([0.08, 0.92]), d.one([0.2, 0.8])), c.u * 0.09, colours[2]);
}

/// Concentric domes rising from the foot, under a disc.
fn rainbow(c: &mut Canvas, d: &mut Dice) {
    let colours = order(c, d);
    let x = d.one([0.3, 0.5, 0.7]);
    let (bands, r) = (4 + d.below(3), c.u * d.between(0.72, 0.86));
    let sun = d.between(0.13, 0.2) * c.u;
    let (sun_x, sun_y) = (if x < 0.4 { 0.82 } else { 0.18 }, d.between(0.22, 0.34));
    c.disc((c.w * sun_x, c.h * sun_y), sun, colours[2]);
    for band in 0..bands {
        let colour = [colours[0], colours[1], c.p.ground, colours[3]][band as usize % 4];
        c.half((c.w * x, c.h), r * (1.0 - f64::from(band) / f64::from(bands)), 0, colour);
    }
}

/// Two discs, and what they share.
fn lens(c: &mut Canvas, d: &mut Dice) {
    let colours = d.one([[c.p.loud, c.p.second, c.p.ink], [c.p.ink, c.p.loud, c.p.third], [c.p.second, c.p.ink, c.p.loud]]);
    let (r, apart, across) = (c.u * d.between(0.4, 0.5), d.between(0.5, 0.72), d.one([0.42, 0.5, 0.58]));
    let (half, reach) = (r * apart, c.w.max(c.h));
    let (one, other) = (c.at(0.5 - half / reach, across), c.at(0.5 + half / reach, across));
    c.disc(one, r, colours[0]);
    c.disc(other, r, colours[1]);
    let chord = (r * r - half * half).sqrt();
    let (x, y) = c.at(0.5, across);
    let (dx, dy) = if c.upright() { (-chord, 0.0) } else { (0.0, chord) };
    let (ax, ay, bx, by, r_) = (N(x - dx), N(y - dy), N(x + dx), N(y + dy), N(r));
    c.fill(&format!("M{ax} {ay}A{r_} {r_} 0 0 1 {bx} {by}A{r_} {r_} 0 0 1 {ax} {ay}z"), colours[2]);
    let (inner, side) = (r * d.between(0.3, 0.5), d.heads());
    c.ring(if side { one } else { other }, inner, r * 0.12, c.p.ground);
    c.disc(if side { other } else { one }, r * 0.1, c.p.ground);
}

/// Two sets of rings from opposite corners.
fn duet(c: &mut Canvas, d: &mut Dice) {
    let colours = order(c, d);
    let (down, width) = (d.heads(), c.u * d.between(0.066, 0.09));
    let (near, far) = if down { ((0.0, 0.0), (c.w, c.h)) } else { ((0.0, c.h), (c.w, 0.0)) };
    let (first, last) = (3 + d.below(2), 4 + d.below(3));
    for ring in 0..first {
        c.ring(near, width * (2.5 + 2.0 * f64::from(ring)), width, colours[1]);
    }
    c.disc(near, width * 1.4, colours[1]);
    let size = width * (2.0 * f64::from(last) + 2.0);
    c.disc(far, size, c.p.ground);
    for ring in 0..last {
        c.ring(far, size - width * (0.5 + 2.0 * f64::from(ring)), width, colours[0]);
    }
    c.disc(far, width * 1.6, colours[2]);
}

/// Discs that grow along the sheet, each over the last.
fn crescendo(c: &mut Canvas, d: &mut Dice) {
    let colours = order(c, d);
    let size = c.u.min(c.w.max(c.h) * 0.72);
    let (rising, back, count) = (d.one([-1.0, 0.0, 1.0]), d.heads(), 4 + d.below(2));
    for step in 0..count {
        let part = f64::from(step) / f64::from(count - 1);
        let along = 0.1 + 0.68 * part;
        let centre = c.at(if back { 1.0 - along } else { along }, 0.5 + rising * 0.16 * (0.5 - part));
        let r = size * (0.09 + 0.36 * part * part);
        c.disc(centre, r, colours[step as usize % 4]);
        if step + 1 == count {
            c.disc(centre, r * 0.62, c.p.ground);
            c.disc(centre, r * 0.28, colours[(step as usize + 1) % 4]);
        }
    }
}
