//! Pseudo-random numbers that are the same in every run: a ticket's mail depends only on the seed and its
//! number, whichever thread writes it.

/// SplitMix64 (Steele, Lea, Flood 2014): one addition and three multiplications a number.
pub struct Random(u64);

impl Random {
    /// The numbers of `stream`, which are independent of those of other streams.
    pub fn new(seed: u64, stream: u64) -> Random {
        let mut random = Random(seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        random.next();
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to 1, but never 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True with this probability, in percent.
    pub fn percent(&mut self, percent: f64) -> bool {
        self.unit() * 100.0 < percent
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of `from`, chosen by weight.
    pub fn weighted<'a, T>(&mut self, from: &'a [(u32, T)]) -> &'a T {
        let sum: u32 = from.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(sum as usize) as u32;
        for (weight, item) in from {
            if left < *weight {
                return item;
            }
            left -= weight;
        }
        unreachable!("the weights changed")
    }

    /// A rank from 0 to `count - 1` with the frequencies of Zipf's law: the second occurs half as often as the
    /// first, the third a third as often.
    pub fn rank(&mut self, count: usize) -> usize {
        let rank = ((count + 1) as f64).powf(self.unit()) as usize;
        rank.saturating_sub(1).min(count - 1)
    }

    /// A log-normal number: half of all are below `median`, and few are far above.
    pub fn size(&mut self, median: f64, sigma: f64) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        median * (sigma * normal).exp()
    }
}
