//! Festivals: waves, hills and a sun.

use super::canvas::{Canvas, N};
use super::dice::Dice;
use super::palette::Colour;

pub(super) fn draw(c: &mut Canvas, d: &mut Dice) {
    match d.below(4) {
        0 => sea(c, d),
        1 => stripes(c, d),
        2 => scales(c, d),
        _ => hills(c, d),
    }
}

/// A wave from `x` to past `end` at height `y`: half a length is `half`, and it swings by `swing`.
fn wave(x: f64, y: f64, end: f64, half: f64, swing: f64) -> String {
    let mut d = format!("M{} {}q{} {} {} 0", N(x), N(y), N(half / 2.0), N(-swing), N(half));
    let mut at = x + half;
    while at < end {
        d += &format!("t{} 0", N(half));
        at += half;
    }
    d
}

fn colours(c: &Canvas, d: &mut Dice) -> [Colour; 4] {
    let p = c.p;
    d.one([[p.second, p.loud, p.ink, p.third], [p.loud, p.ink, p.second, p.ink], [p.third, p.loud, p.second, p.ink]])
}

/// Bands of sea under a sun.
fn sea(c: &mut Canvas, d: &mut Dice) {
    let colours = colours(c, d);
    let sun = (c.w * d.one([0.24, 0.5, 0.76]), c.h * d.between(0.28, 0.36));
    let r = (c.u * d.between(0.24, 0.32)).min(c.w * 0.4);
    c.disc(sun, r, if colours[0] == c.p.loud { c.p.third } else { c.p.loud });
    let (bands, half, swing) = (4, c.u * d.between(0.3, 0.5), c.u * d.between(0.12, 0.2));
    for band in 0..bands {
        let part = f64::from(band) / f64::from(bands);
        let shift = if band % 2 == 0 { 0.0 } else { half };
        let d = wave(-half - shift, c.h * (0.42 + 0.58 * part), c.w, half, swing);
        c.fill(&format!("{d}V{}H{}z", N(c.h), N(-half * 2.0)), colours[band as usize]);
    }
}

/// Thick parallel waves, leaning.
fn stripes(c: &mut Canvas, d: &mut Dice) {
    let colours = colours(c, d);
    let (width, half, lean) = (c.u * d.between(0.1, 0.15), c.u * d.between(0.28, 0.42), d.one([-24.0, -12.0, 0.0, 16.0]));
    let (middle, swing) = ((c.w / 2.0, c.h / 2.0), c.u * d.between(0.22, 0.34));
    let reach = c.w.max(c.h) * 0.7;
    c.turned(if c.upright() { 90.0 + lean } else { lean }, middle, |c| {
        let mut n = -4_i32;
        while n <= 4 {
            let d = wave(middle.0 - reach - half, middle.1 + width * 1.7 * f64::from(n), middle.0 + reach, half, swing);
            c.line(&d, width, colours[n.rem_euclid(3) as usize]);
            n += 1;
        }
    });
}

/// Scales of rings, row over row. Discs of a row that look alike are one path of dots.
fn scales(c: &mut Canvas, d: &mut Dice) {
    let p = c.p;
    let colours = d.one([[p.loud, p.ground, p.second], [p.ink, p.ground, p.loud], [p.second, p.ink, p.third], [p.ink, p.second, p.loud]]);
    let (size, odd, parts) = (d.between(0.3, 0.36), d.below(3), d.one([[1.0, 0.72, 0.44], [1.0, 0.8, 0.6], [1.0, 0.64, 0.36]]));
    let (r, middle) = (if c.upright() { c.w * 0.9 } else { c.u * size }, c.w / 2.0);
    let shine = if colours[2] == p.third { p.loud } else { p.third };
    let (rows, reach) = ((c.h / r * 2.0).ceil() as u32 + 2, (middle / r / 2.0).ceil() as i32);
    c.put(format_args!("<g stroke-linecap=\"round\">"));
    for row in 0..rows {
        let y = r * 0.5 * f64::from(row);
        let spots = (-reach..=reach).map(|column| (column, middle + r * (2.0 * f64::from(column) + f64::from(row % 2))));
        let seen: Vec<(i32, f64)> = spots.filter(|(_, x)| *x > -r && *x < c.w + r).collect();
        let lit = |column: i32| (row as i32 + column).rem_euclid(3) as u32 == odd;
        let all = dots(seen.iter().map(|(_, x)| *x), y);
        let plain = dots(seen.iter().filter(|(column, _)| !lit(*column)).map(|(_, x)| *x), y);
        let shining = dots(seen.iter().filter(|(column, _)| lit(*column)).map(|(_, x)| *x), y);
        let rings =
            [(&all, parts[0], colours[0]), (&all, parts[1], colours[1]), (&plain, parts[2], colours[2]), (&shining, parts[2], shine)];
        for (d, part, colour) in rings.into_iter().filter(|(d, ..)| !d.is_empty()) {
            c.put(format_args!("<path stroke=\"{colour}\" stroke-width=\"{}\" d=\"{d}\"/>", N(r * part * 2.0)));
        }
    }
    c.put(format_args!("</g>"));
}

/// A path of dots at height `y`: lines of no length, which round ends make discs of.
fn dots(places: impl Iterator<Item = f64>, y: f64) -> String {
    let (mut path, mut last) = (String::new(), None);
    for x in places {
        path += &match last {
            None => format!("M{} {}h0", N(x), N(y)),
            Some(last) => format!("m{} 0h0", N(x - last)),
        };
        last = Some(x);
    }
    path
}

/// Banded hills, one before the other.
fn hills(c: &mut Canvas, d: &mut Dice) {
    let p = c.p;
    let sun = c.at(d.one([0.14, 0.5, 0.86]), 0.26);
    c.disc(sun, c.u * 0.15, p.third);
    let places = d.one([[0.2, 0.82, 0.5], [0.78, 0.12, 0.6], [0.5, 0.9, 0.1]]);
    let pairs = [(p.second, p.ground), (p.loud, p.ink), (p.ink, p.loud)];
    for (n, x) in places.into_iter().enumerate() {
        let (r, bands) = (c.u * d.between(0.56, 0.7) * (1.0 - 0.12 * n as f64), 3 + d.below(3));
        for band in 0..bands {
            let colour = if band % 2 == 0 { pairs[n].0 } else { pairs[n].1 };
            c.half((c.w * x, c.h), r * (1.0 - f64::from(band) / f64::from(bands)), 0, colour);
        }
    }
}
