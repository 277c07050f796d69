/// Random numbers that are a function of what they were made from: the generator PCG-DXSM with 128 bits of state, which
/// is also the one of the Go SDK, so that both draw the same numbers. Made by [`Context::random`](crate::Context::random).
#[derive(Debug, Clone)]
pub struct Random {
    high: u64,
    low: u64,
}

impl Random {
    pub(crate) fn new() -> Self {
        Random { high: 0x9e37_79b9_7f4a_7c15, low: 0xd1b5_4a32_d192_ed03 }
    }

    pub(crate) fn mix(&mut self, value: u64) {
        self.high = scramble(self.high ^ value);
        self.low = scramble(self.low.wrapping_add(value));
    }

    pub(crate) fn mix_bytes(&mut self, bytes: &[u8]) {
        self.mix(bytes.len() as u64);
        for byte in bytes {
            self.mix(u64::from(*byte));
        }
    }

    /// A number of 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;
        const INCREMENT: u128 = 0x5851_f42d_4c95_7f2d_1405_7b7e_f767_814f;
        const CHEAP: u64 = 0xda94_2042_e4dd_58b5;
        let state =
            (u128::from(self.high) << 64 | u128::from(self.low)).wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT);
        (self.high, self.low) = ((state >> 64) as u64, state as u64);
        let mut number = self.high;
        number ^= number >> 32;
        number = number.wrapping_mul(CHEAP);
        number ^= number >> 48;
        number.wrapping_mul(self.low | 1)
    }

    /// A number from 0 up to but not including `end`, all of them alike.
    ///
    /// # Panics
    ///
    /// If `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        assert!(end > 0, "there is no number below 0");
        if end.is_power_of_two() {
            return self.next_u64() & (end - 1);
        }
        let mut product = u128::from(self.next_u64()) * u128::from(end);
        if (product as u64) < end {
            let first = end.wrapping_neg() % end;
            while (product as u64) < first {
                product = u128::from(self.next_u64()) * u128::from(end);
            }
        }
        (product >> 64) as u64
    }

    /// A number from 0 up to but not including 1.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() << 11 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The finalizer of SplitMix64: every bit of the value influences every bit of the result.
fn scramble(mut value: u64) -> u64 {
    value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}
