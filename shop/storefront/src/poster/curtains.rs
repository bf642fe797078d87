//! Theatre, opera and dance: curtains, spotlights, and someone in them.

use super::canvas::{Canvas, N};
use super::dice::Dice;

pub(super) fn draw(c: &mut Canvas, d: &mut Dice) {
    match d.below(4) {
        0 => drapes(c, d),
        1 => beams(c, d),
        2 => valance(c, d),
        _ => mask(c, d),
    }
}

/// A figure standing at a point: a head over shoulders.
fn figure(c: &mut Canvas, (x, foot): (f64, f64), size: f64) {
    let dark = c.p.dark;
    c.disc((x, foot - size * 0.72), size * 0.2, dark);
    let (r, left) = (N(size * 0.3), N(x - size * 0.3));
    c.fill(&format!("M{left} {}v{}a{r} {r} 0 0 1 {} 0v{}z", N(foot), N(-size * 0.18), N(size * 0.6), N(size * 0.18)), dark);
}

/// Parted curtains.
fn drapes(c: &mut Canvas, d: &mut Dice) {
    let (cloth, fold) = d.one([(c.p.loud, c.p.ink), (c.p.second, c.p.ink), (c.p.loud, c.p.second)]);
    let (folds, opening, moon) = (3 + d.below(3), d.between(0.3, 0.38), d.one([c.p.third, c.p.loud, c.p.second]));
    let moon = if moon == cloth || moon == fold { c.p.third } else { moon };
    let (r, x) = (c.u * d.between(0.24, 0.34), c.w * d.one([0.46, 0.5, 0.54]));
    c.disc((x, c.h * 0.46), r.min(c.w * 0.4), moon);
    let floor = c.h * 0.86;
    c.rect(0.0, floor, c.w, c.h - floor, c.p.ink);
    for side in [-1.0, 1.0] {
        for n in (1..=folds).rev() {
            let part = f64::from(n) / f64::from(folds);
            let edge = if side < 0.0 { 0.0 } else { c.w };
            let (top, bottom) = (edge - side * c.w * 0.5 * part, edge - side * c.w * opening * part * 0.62);
            let d = format!(
                "M{} 0H{}Q{} {} {} {}H{}z",
                N(edge),
                N(top),
                N(bottom + (top - bottom) * 0.1),
                N(c.h * 0.42),
                N(bottom),
                N(c.h),
                N(edge)
            );
            c.fill(&d, if n % 2 == 1 { cloth } else { fold });
        }
    }
}

/// Spotlights over a dark floor.
fn beams(c: &mut Canvas, d: &mut Dice) {
    let floor = c.h * d.between(0.72, 0.8);
    let base = c.p.second;
    c.rect(0.0, floor, c.w, c.h - floor, base);
    let lights = d.one([[c.p.loud, c.p.third], [c.p.third, c.p.loud]]);
    let (near, far) = (d.between(0.28, 0.4), d.between(0.6, 0.74));
    let ends = if d.heads() { [(far, near), (near, far)] } else { [(0.5 - near, near), (0.5 + near, far)] };
    for (n, (from, to)) in ends.into_iter().enumerate() {
        let (x, r, lamp) = (c.w * to, (c.u * 0.26).min(c.w * 0.34), c.u * 0.04);
        let y = floor + c.h * 0.08;
        c.polygon(&[(c.w * from - lamp, 0.0), (c.w * from + lamp, 0.0), (x + r, y), (x - r, y)], lights[n]);
        c.ellipse((x, y), r, r * 0.22, lights[n]);
    }
    // Who stands in a slanting beam stands a little towards its lamp.
    let at = c.w * (ends[1].1 + (ends[1].0 - ends[1].1) * 0.13);
    let size = (c.u * d.between(0.36, 0.46)).min(c.w * 0.8);
    figure(c, (at, floor + c.h * 0.09), size);
}

/// A scalloped valance over stripes, and a spot.
fn valance(c: &mut Canvas, d: &mut Dice) {
    let (cloth, trim) = d.one([(c.p.loud, c.p.ink), (c.p.second, c.p.loud), (c.p.ink, c.p.loud)]);
    let scallops = if d.heads() { 5 } else { 6 };
    let scallops = if c.upright() { 2 } else { scallops };
    let (wide, drop) = (c.w / f64::from(scallops), c.h * d.between(0.11, 0.16));
    let stripes = scallops * 2;
    let stripe = c.w / f64::from(stripes);
    for n in (0..stripes).step_by(2) {
        c.rect(stripe * f64::from(n), 0.0, stripe, c.h, cloth);
    }
    let spot = (c.w * d.one([0.3, 0.5, 0.7]), c.h * 0.7);
    let spot = if c.upright() { (c.w / 2.0, spot.1) } else { spot };
    let r = (c.u * d.between(0.34, 0.42)).min(c.w * 0.44);
    let light = if cloth == c.p.shine { c.p.loud } else { c.p.shine };
    c.disc(spot, r, light);
    figure(c, (spot.0, spot.1 + r), r * 1.5);
    for (row, colour) in [(1.0, trim), (0.0, light)] {
        c.rect(0.0, 0.0, c.w, drop * (0.45 + row * 0.5), colour);
        for n in 0..=scallops {
            let shift = if row > 0.0 { 0.0 } else { 0.5 };
            c.half((wide * (f64::from(n) + 0.5 - shift), drop * (0.38 + row * 0.5)), wide / 2.0, 2, colour);
        }
    }
}

/// A face in two halves, one glad and one not.
fn mask(c: &mut Canvas, d: &mut Dice) {
    let (one, other) = d.one([(c.p.loud, c.p.ink), (c.p.ink, c.p.second), (c.p.second, c.p.loud)]);
    let (r, place) = ((c.u * d.between(0.38, 0.44)).min(c.w * 0.46), d.one([0.32, 0.5, 0.68]));
    let (x, y) = (c.w * if c.upright() { 0.5 } else { place }, c.h * 0.5);
    c.rect(x, 0.0, c.w - x, c.h, other);
    c.half((x, y), r, 3, one);
    c.half((x, y), r, 1, c.p.ground);
    let (eye, glad) = (r * 0.16, d.heads());
    c.half((x - r * 0.42, y - r * 0.12), eye, if glad { 0 } else { 2 }, c.p.ground);
    c.half((x + r * 0.42, y - r * 0.12), eye, if glad { 2 } else { 0 }, other);
    let (bend, wide) = (r * 0.3 * if glad { 1.0 } else { -1.0 }, r * 0.56);
    let mouth = y + r * 0.4;
    c.line(&format!("M{} {}q0 {} {} {}", N(x - wide), N(mouth), N(bend), N(wide - r * 0.07), N(bend)), r * 0.12, c.p.ground);
    c.line(&format!("M{} {}q0 {} {} {}", N(x + wide), N(mouth), N(-bend), N(r * 0.07 - wide), N(-bend)), r * 0.12, other);
}
