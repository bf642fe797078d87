//! Twelve curated palettes, each worn in one of three ways: light, dark, or loud.

use super::dice::Dice;

/// A colour as `#rrggbb`.
pub(super) type Colour = &'static str;

/// The colours of one poster, by the part they play.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    /// The paper.
    pub(super) ground: Colour,
    /// Farthest from the paper in lightness.
    pub(super) ink: Colour,
    /// The accent that carries the motif.
    pub(super) loud: Colour,
    /// The accent beside it.
    pub(super) second: Colour,
    /// For small things that shine.
    pub(super) third: Colour,
    /// The brightest accent, whatever part it plays: what light falls in.
    pub(super) shine: Colour,
    /// The darkest of them, which stands out from both accents.
    pub(super) dark: Colour,
}

const PALETTES: [[Colour; 5]; 12] = [
    ["#f4ead5", "#1b1b1e", "#e4402b", "#1f5fa8", "#f2b632"],
    ["#f6e7d8", "#2a1a3e", "#ff5a36", "#0f8b8d", "#ffc145"],
    ["#eaf0e4", "#10302b", "#f25c05", "#2e9c6a", "#f7c6d4"],
    ["#fbe3df", "#1e1e50", "#e6286b", "#2f6fde", "#ffd23f"],
    ["#e9ecf2", "#0b2545", "#ff4d2e", "#6c8ef5", "#ffd166"],
    ["#f7f0c6", "#1a1a1a", "#e8368f", "#00a087", "#f7a51b"],
    ["#ece3f7", "#231942", "#7b2cbf", "#ff7b54", "#ffd56b"],
    ["#dff1f0", "#0a2e36", "#e63946", "#16a5a5", "#ffb703"],
    ["#f5e6cc", "#3b1c14", "#c8452b", "#5b8e7d", "#f0a64b"],
    ["#fff1e0", "#14213d", "#fca311", "#1d7874", "#e5524a"],
    ["#e6edf5", "#101418", "#2340e8", "#ff6b35", "#9bd1ff"],
    ["#f4f2e4", "#0d3b2e", "#12a150", "#ff5c8a", "#ffd84d"],
];

impl Palette {
    pub(super) fn pick(dice: &mut Dice) -> Self {
        let [light, dark, loud, second, third] = dice.one(PALETTES);
        let shine = third;
        match dice.below(3) {
            0 => Self { ground: light, ink: dark, loud, second, third, shine, dark },
            1 => Self { ground: dark, ink: light, loud, second, third, shine, dark },
            _ => Self { ground: loud, ink: dark, loud: light, second: third, third: second, shine, dark },
        }
    }
}
