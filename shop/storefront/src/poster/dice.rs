//! The parameters of a drawing: FNV-1a (64 bits) over the event's id seeds SplitMix64. No other source of variety.

pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn of(id: [u8; 16]) -> Self {
        Self(id.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number below `n`, which is above 0.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        (((self.next() >> 32) * u64::from(n)) >> 32) as u32
    }

    /// A number from `low` to `high`, on one of 17 even steps.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * f64::from(self.below(17)) / 16.0
    }

    pub(super) fn heads(&mut self) -> bool {
        self.below(2) == 0
    }

    /// One of `options`, which are copied so that a caller may list them in place.
    pub(super) fn one<T: Copy, const N: usize>(&mut self, options: [T; N]) -> T {
        options[self.below(N as u32) as usize]
    }
}
