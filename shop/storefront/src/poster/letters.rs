//! Comedy and talks: letters of the title, larger than the sheet.

use super::canvas::Canvas;
use super::dice::Dice;
use super::palette::Colour;

/// Words that say little about an event.
const SMALL: [&str; 16] = ["a", "an", "and", "by", "der", "die", "das", "for", "from", "in", "le", "la", "of", "the", "to", "with"];

/// The capitals a poster may show: the initials of the telling words (the wide ones first), and the letters of the word
/// that fits best. Never empty.
fn capitals(title: &str) -> (Vec<char>, Vec<char>) {
    let upper = |word: &str| -> Vec<char> { word.chars().filter_map(|letter| letter.to_uppercase().next()).collect() };
    let words: Vec<&str> = title.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let telling: Vec<&str> =
        words.iter().copied().filter(|word| word.chars().count() > 1 && !SMALL.contains(&word.to_lowercase().as_str())).collect();
    let kept = if telling.is_empty() { words } else { telling };
    let mut initials: Vec<char> = kept.iter().filter_map(|word| upper(word).first().copied()).collect();
    initials.sort_by_key(|initial| *initial == 'I');
    let fits = |word: &&&str| (3..=5).contains(&word.chars().count());
    match kept.iter().filter(fits).max_by_key(|word| word.chars().count()).or(kept.first()) {
        Some(word) => (initials, upper(word)),
        None => (vec!['?'], vec!['?', '!']),
    }
}

pub(super) fn comedy(c: &mut Canvas, d: &mut Dice, title: &str) {
    let (initials, word) = capitals(title);
    match d.below(3) {
        0 => c.lettered(|c| grin(c, d, initials[0])),
        1 => c.lettered(|c| echo(c, d, initials[0])),
        _ => c.lettered(|c| blocks(c, d, &word, true)),
    }
}

pub(super) fn talk(c: &mut Canvas, d: &mut Dice, title: &str) {
    let (initials, word) = capitals(title);
    match d.below(3) {
        0 => c.lettered(|c| bubble(c, d, initials[0])),
        1 => c.lettered(|c| duo(c, d, initials[0], initials.get(1).or(word.get(1)).copied().unwrap_or(initials[0]))),
        _ => c.lettered(|c| blocks(c, d, &word, false)),
    }
}

/// The height of a capital that fills the sheet and leaves it.
fn giant(c: &Canvas) -> f64 {
    if c.upright() { c.w * 1.7 } else { c.h * 1.12 }
}

/// A letter, and a wide grin before it.
fn grin(c: &mut Canvas, d: &mut Dice, letter: char) {
    let (p, lean, side) = (c.p, d.one([-14.0, -8.0, 8.0, 14.0]), d.one([0.28, 0.72]));
    let (size, gaze) = (d.between(0.36, 0.44), (d.one([-1.0, 0.0, 1.0]), d.one([-1.0, 0.0, 1.0])));
    let (letter_at, mouth) = if c.upright() { ((0.5, 0.26), (0.5, 0.66)) } else { ((side, 0.52), (1.0 - side, 0.44)) };
    let at = (c.w * letter_at.0, c.h * letter_at.1);
    c.turned(lean, at, |c| c.letter(letter, at, giant(c), p.ink));
    let (x, y, r) = (c.w * mouth.0, c.h * mouth.1, (c.u * size).min(c.w * 0.44));
    c.half((x, y), r, 2, p.loud);
    c.rect(x - r * 0.74, y, r * 1.48, r * 0.2, p.third);
    c.half((x, y + r * 0.66), r * 0.34, 0, p.second);
    for eye in [x - r * 0.5, x + r * 0.5] {
        let eye = (eye, y - r * 0.36);
        c.disc(eye, r * 0.24, p.shine);
        c.disc((eye.0 + gaze.0 * r * 0.09, eye.1 + gaze.1 * r * 0.09), r * 0.11, p.dark);
    }
}

/// One letter, said four times.
fn echo(c: &mut Canvas, d: &mut Dice, letter: char) {
    let p = c.p;
    let colours = d.one([[p.third, p.second, p.loud, p.ink], [p.second, p.ink, p.third, p.loud], [p.loud, p.third, p.ink, p.second]]);
    let (dx, dy, lean) = (d.one([-1.0, 1.0]) * d.between(0.09, 0.14), d.one([-0.07, 0.07, 0.0]), d.one([-12.0, -6.0, 6.0, 12.0]));
    let middle = (c.w / 2.0, c.h / 2.0);
    c.turned(lean, middle, |c| {
        for (n, colour) in colours.into_iter().enumerate() {
            let step = n as f64 - 1.5;
            let at = if c.upright() {
                (middle.0 + dy * c.w * step, middle.1 + dx * 2.4 * c.u * step)
            } else {
                (middle.0 + dx * c.u * 1.3 * step, middle.1 + dy * c.u * step)
            };
            c.letter(letter, at, giant(c), colour);
        }
    });
}

/// A speech bubble with a letter that does not fit.
fn bubble(c: &mut Canvas, d: &mut Dice, letter: char) {
    let (p, left) = (c.p, d.heads());
    let (fill, ink) = d.one([(p.loud, p.ink), (p.ink, p.loud), (p.second, p.ink)]);
    let (w, h) = if c.upright() { (c.w * 0.84, c.h * 0.5) } else { (c.w * 0.74, c.h * 0.66) };
    let (x, y) = (
        if c.upright() {
            (c.w - w) / 2.0
        } else if left {
            c.w * 0.08
        } else {
            c.w * 0.18
        },
        c.h * 0.1,
    );
    let tail = if left { x + w * 0.24 } else { x + w * 0.76 };
    let lean = c.w.min(c.u) * if left { -0.1 } else { 0.1 };
    let (right, foot, root) = (x + w, y + h, c.w.min(c.u) * 0.1);
    let tip = (tail + lean, foot + c.u * 0.22);
    c.polygon(&[(x, y), (right, y), (right, foot), (tail + root, foot), tip, (tail - root, foot), (x, foot)], fill);
    let spot = c.at(if left { 0.9 } else { 0.1 }, 0.84);
    let spot = if c.upright() { (c.w / 2.0, c.h * 0.88) } else { spot };
    c.disc(spot, c.u * 0.1, p.third);
    let lean = d.one([-8.0, 8.0]);
    let at = (x + w * d.one([0.36, 0.5, 0.64]), y + h * 0.55);
    let size = if c.upright() { c.w * 1.5 } else { h * 1.35 };
    c.cropped((x, y, w, h), |c| c.turned(lean, at, |c| c.letter(letter, at, size, ink)));
}

/// Two initials, one before the other.
fn duo(c: &mut Canvas, d: &mut Dice, one: char, other: char) {
    let p = c.p;
    let (back, front) = d.one([(p.loud, p.ink), (p.second, p.ink), (p.ink, p.loud)]);
    let (near, sink) = (d.between(0.26, 0.34), d.between(0.0, 0.14));
    let size = giant(c);
    c.disc(c.at(0.5, 0.5), c.u * 0.3, p.third);
    c.letter(one, c.at(near, 0.5 - sink), size, back);
    c.letter(other, c.at(1.0 - near, 0.5 + sink), size, front);
}

/// The letters of a word, one to a block, each cut by its block.
fn blocks(c: &mut Canvas, d: &mut Dice, word: &[char], funny: bool) {
    let p = c.p;
    let pairs: [(Colour, Colour); 4] = [(p.loud, p.ink), (p.ink, p.ground), (p.ground, p.loud), (p.second, p.ink)];
    let count = word.len().clamp(2, 5);
    let start = d.below(4) as usize;
    let (w, h) = if c.upright() { (c.w, c.h / count as f64) } else { (c.w / count as f64, c.h) };
    for n in 0..count {
        let (x, y) = if c.upright() { (0.0, h * n as f64) } else { (w * n as f64, 0.0) };
        let (ground, ink) = pairs[(start + n) % 4];
        let lean = if funny { d.one([-16.0, -9.0, 9.0, 16.0]) } else { 0.0 };
        let drop = d.one([0.3, 0.42, 0.58, 0.7]);
        let at = (x + w / 2.0, y + h * if funny { 0.5 } else { drop });
        let size = if c.upright() { c.w * 1.25 } else { w * 1.25 };
        let letter = word[n % word.len()];
        c.cropped((x, y, w, h), |c| {
            c.rect(x, y, w, h, ground);
            c.turned(lean, at, |c| c.letter(letter, at, size, ink));
        });
    }
}
