//! Exponential backoff with jitter. No clock, no random source: the caller brings both.

use std::time::Duration;

/// First and longest wait between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Wait before the second attempt, without jitter.
    pub first: Duration,
    /// The wait doubles up to this.
    pub longest: Duration,
}

impl Backoff {
    /// Wait after `failures` failures in a row (1 = the first). `noise` is any uniform random number; it
    /// scales the wait to between a half and the whole, so that peers cut off together do not come back
    /// together.
    #[must_use]
    pub fn wait(&self, failures: u32, noise: u64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a fraction for jitter needs no precision"
        )]
        let fraction = noise as f64 / u64::MAX as f64;
        whole.mul_f64(0.5 + fraction / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_millis(200),
        longest: Duration::from_secs(30),
    };

    #[test]
    fn doubles_up_to_the_longest() {
        let waits: Vec<_> = (1..=10)
            .map(|n| BACKOFF.wait(n, u64::MAX).as_millis())
            .collect();
        assert_eq!(
            waits,
            [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]
        );
    }

    #[test]
    fn jitter_takes_up_to_half_away() {
        assert_eq!(BACKOFF.wait(2, 0).as_millis(), 200);
        assert_eq!(BACKOFF.wait(2, u64::MAX).as_millis(), 400);
        assert_eq!(BACKOFF.wait(2, u64::MAX / 2).as_millis(), 300);
    }

    #[test]
    fn extreme_counts_do_not_overflow() {
        assert_eq!(BACKOFF.wait(0, u64::MAX), BACKOFF.first);
        assert_eq!(BACKOFF.wait(u32::MAX, u64::MAX), BACKOFF.longest);
    }
}
