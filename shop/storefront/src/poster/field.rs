//! Sport: the lines of a field, seen from above, at an angle.

use super::canvas::{Canvas, N};
use super::dice::Dice;
use super::palette::Colour;

/// The colours of a field: the two halves of its ground, its lines, and what is in play.
#[derive(Clone, Copy)]
struct Kit {
    turf: Colour,
    other: Colour,
    line: Colour,
    ball: Colour,
}

pub(super) fn draw(c: &mut Canvas, d: &mut Dice) {
    let p = c.p;
    let kit = d.one([
        Kit { turf: p.second, other: p.loud, line: p.ink, ball: p.ground },
        Kit { turf: p.loud, other: p.ink, line: p.ground, ball: p.third },
        Kit { turf: p.ink, other: p.second, line: p.ground, ball: p.loud },
        Kit { turf: p.ground, other: p.second, line: p.ink, ball: p.loud },
    ]);
    c.rect(0.0, 0.0, c.w, c.h, kit.turf);
    let (lean, middle) = (d.one([-28.0, -14.0, 14.0, 28.0]), (c.w / 2.0, c.h / 2.0));
    let kind = d.below(4);
    let lean = if c.upright() { lean + 90.0 } else { lean };
    c.turned(lean, middle, |c| match kind {
        0 => pitch(c, d, kit),
        1 => area(c, d, kit),
        2 => track(c, d, kit),
        _ => ball(c, d, kit),
    });
}

/// A disc in play, somewhere along the field.
fn play(c: &mut Canvas, d: &mut Dice, kit: Kit) {
    let (dx, dy) = (d.one([-0.42, -0.3, 0.3, 0.42]), d.one([-0.2, 0.16]));
    let at = (c.w / 2.0 + dx * c.u, c.h / 2.0 + dy * c.u * if c.upright() { 0.5 } else { 1.0 });
    c.disc(at, c.u * 0.085, kit.ball);
}

/// The middle of a pitch: halfway line and circle.
fn pitch(c: &mut Canvas, d: &mut Dice, kit: Kit) {
    let (x, y, u) = (c.w / 2.0 + c.u * d.one([-0.3, -0.1, 0.1, 0.3]), c.h / 2.0, c.u);
    let (reach, line, r) = (u * 3.0, u * 0.035, u * d.between(0.28, 0.36));
    c.rect(x, y - reach, reach, reach * 2.0, kit.other);
    c.line(&format!("M{} {}v{}", N(x), N(y - reach), N(reach * 2.0)), line, kit.line);
    c.ring((x, y), r, line, kit.line);
    c.disc((x, y), line * 1.3, kit.line);
    play(c, d, kit);
}

/// A penalty area with its arc.
fn area(c: &mut Canvas, d: &mut Dice, kit: Kit) {
    let (u, line, side) = (c.u, c.u * 0.035, d.one([-1.0, 1.0]));
    let (x, y) = (c.w / 2.0 - side * u * d.between(0.5, 0.62), c.h / 2.0);
    let (deep, half) = (u * 0.6, u * 0.46);
    c.rect(x - if side > 0.0 { u * 3.0 } else { 0.0 }, y - u * 3.0, u * 3.0, u * 6.0, kit.other);
    let (edge, sweep) = (x + side * deep, if side > 0.0 { 1 } else { 0 });
    let frame = |deep: f64, half: f64| format!("M{} {}h{}v{}h{}", N(x), N(y - half), N(side * deep), N(half * 2.0), N(-side * deep));
    c.line(&format!("M{} {}v{}", N(x), N(y - u * 3.0), N(u * 6.0)), line, kit.line);
    c.line(&frame(deep, half), line, kit.line);
    c.line(&frame(deep * 0.4, half * 0.5), line, kit.line);
    c.line(&format!("M{} {}a{r} {r} 0 0 {sweep} 0 {}", N(edge), N(y - u * 0.2), N(u * 0.4), r = N(u * 0.24)), line, kit.line);
    c.disc((x + side * deep * 0.72, y), line, kit.line);
    c.disc((edge + side * u * d.between(0.2, 0.32), y + u * d.one([-0.16, 0.14])), u * 0.085, kit.ball);
}

/// The bend of a running track.
fn track(c: &mut Canvas, d: &mut Dice, kit: Kit) {
    let (u, side, lanes) = (c.u, d.one([-1.0, 1.0]), 4 + d.below(3));
    let (x, y) = (c.w / 2.0 + side * u * 0.18, c.h / 2.0 + u * 0.04);
    let (outer, inner, line) = (u * 0.68, u * 0.2, u * 0.028);
    let sweep = if side > 0.0 { 1 } else { 0 };
    let bend = |r: f64| {
        let far = -side * u * 3.0;
        format!("M{} {}H{}a{r} {r} 0 0 {sweep} 0 {}H{}", N(x + far), N(y - r), N(x), N(r * 2.0), N(x + far), r = N(r))
    };
    c.fill(&bend(outer), kit.other);
    c.fill(&bend(inner), kit.turf);
    for lane in 0..=lanes {
        c.line(&bend(inner + (outer - inner) * f64::from(lane) / f64::from(lanes)), line, kit.line);
    }
    let runner = inner + (outer - inner) * (f64::from(d.below(lanes / 2 + 1)) + 0.5) / f64::from(lanes);
    let start = x - side * u * d.between(0.0, 0.3);
    let y = y + runner * d.one([-1.0, 1.0]);
    c.disc((start, y), (outer - inner) / f64::from(lanes) * 0.42, kit.ball);
}

/// A ball larger than the field.
fn ball(c: &mut Canvas, d: &mut Dice, kit: Kit) {
    let (u, line, r) = (c.u, c.u * 0.035, c.u * d.between(0.42, 0.5));
    let (x, y) = (c.w / 2.0 + u * d.one([-0.24, 0.0, 0.24]), c.h / 2.0);
    let skin = if kit.ball == kit.turf { kit.other } else { kit.ball };
    let band = u * d.between(0.16, 0.3);
    c.rect(x - u * 3.0, y - band, u * 6.0, band * 2.0, if skin == kit.other { kit.line } else { kit.other });
    c.disc((x, y), r, skin);
    let seam = if skin == kit.line { kit.turf } else { kit.line };
    c.ring((x, y), r, line, seam);
    c.line(&format!("M{} {}v{}M{} {}h{}", N(x), N(y - r), N(r * 2.0), N(x - r), N(y), N(r * 2.0)), line, seam);
    let (dx, dy, bow) = (r * 0.72, r * 0.69, N(r * 0.8));
    for side in [-1.0, 1.0] {
        let sweep = if side > 0.0 { 0 } else { 1 };
        c.line(&format!("M{} {}a{bow} {bow} 0 0 {sweep} 0 {}", N(x + side * dx), N(y - dy), N(dy * 2.0)), line, seam);
    }
}
