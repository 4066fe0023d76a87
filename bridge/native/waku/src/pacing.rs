//! A token bucket: how fast messages leave. No clock: the caller brings the time.
//!
//! Gossipsub gives no receipt, so what is in flight can't be counted directly. The validation queue of a
//! go-waku relay holds 32 messages (go-libp2p-pubsub) and drops what does not fit in silence (measured end to
//! end: 2 % lost at 150 in flight, 15 % without a bound). A burst below that, refilled at a rate that a busy
//! relay keeps up with, bounds them.

use std::time::{Duration, Instant};

/// At most `burst` at once and `per_second` on average.
#[derive(Debug)]
pub struct Pacer {
    burst: f64,
    per_second: f64,
    tokens: f64,
    at: Instant,
}

impl Pacer {
    /// A full bucket. Both numbers are at least 1.
    #[must_use]
    pub fn new(burst: u32, per_second: u32, now: Instant) -> Self {
        let burst = f64::from(burst.max(1));
        Self {
            burst,
            per_second: f64::from(per_second.max(1)),
            tokens: burst,
            at: now,
        }
    }

    /// How long until one may go; zero means now.
    pub fn wait(&mut self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.at);
        self.at = self.at.max(now);
        self.tokens = (self.tokens + passed.as_secs_f64() * self.per_second).min(self.burst);
        if self.tokens >= 1.0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64((1.0 - self.tokens) / self.per_second)
    }

    /// One went.
    pub fn take(&mut self) {
        self.tokens -= 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_then_the_rate_holds() {
        let start = Instant::now();
        let mut pacer = Pacer::new(3, 10, start);
        for _ in 0..3 {
            assert_eq!(pacer.wait(start), Duration::ZERO);
            pacer.take();
        }
        assert_eq!(pacer.wait(start).as_millis(), 100);
        assert_eq!(
            pacer.wait(start + Duration::from_millis(40)).as_millis(),
            60
        );
        assert_eq!(
            pacer.wait(start + Duration::from_millis(101)),
            Duration::ZERO
        );
    }

    #[test]
    fn idling_fills_no_more_than_the_bucket() {
        let start = Instant::now();
        let mut pacer = Pacer::new(2, 1000, start);
        let later = start + Duration::from_secs(60);
        for _ in 0..2 {
            assert_eq!(pacer.wait(later), Duration::ZERO);
            pacer.take();
        }
        assert!(pacer.wait(later) > Duration::ZERO);
    }
}
