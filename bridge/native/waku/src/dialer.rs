//! When to dial which configured peer. Pure: the caller brings time and noise, and does the dialling.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libp2p::PeerId;

use crate::address::PeerAddress;
use crate::backoff::Backoff;

/// A connection that held this long was a good one: the next loss starts the backoff afresh. A shorter one
/// (another cluster, say: hung up within milliseconds) counts as one more failure.
pub const STABLE: Duration = Duration::from_secs(10);

/// The configured peers and what to do about each.
#[derive(Debug)]
pub struct Dialer {
    backoff: Backoff,
    peers: BTreeMap<PeerId, Peer>,
}

#[derive(Debug)]
struct Peer {
    addresses: Vec<PeerAddress>,
    failures: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting(Instant),
    Dialling,
    Connected(Instant),
}

impl Dialer {
    /// All peers are due at once. Several addresses of one peer are dialled together.
    #[must_use]
    pub fn new(addresses: Vec<PeerAddress>, backoff: Backoff, now: Instant) -> Self {
        let mut peers: BTreeMap<PeerId, Peer> = BTreeMap::new();
        for address in addresses {
            let fresh = || Peer {
                addresses: Vec::new(),
                failures: 0,
                state: State::Waiting(now),
            };
            peers
                .entry(address.peer)
                .or_insert_with(fresh)
                .addresses
                .push(address);
        }
        Self { backoff, peers }
    }

    /// When the next peer is due; None while there is nothing to dial.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        let waiting = self.peers.values().filter_map(|peer| match peer.state {
            State::Waiting(at) => Some(at),
            _ => None,
        });
        waiting.min()
    }

    /// Peers to dial now. Each must be answered by `connected` or `failed`.
    pub fn due(&mut self, now: Instant) -> Vec<(PeerId, Vec<PeerAddress>)> {
        let mut due = Vec::new();
        for (id, peer) in &mut self.peers {
            if matches!(peer.state, State::Waiting(at) if at <= now) {
                peer.state = State::Dialling;
                due.push((*id, peer.addresses.clone()));
            }
        }
        due
    }

    /// A connection to `id` stands, whoever dialled. Peers that are not configured are ignored.
    pub fn connected(&mut self, id: &PeerId, now: Instant) {
        if let Some(peer) = self.peers.get_mut(id) {
            peer.state = State::Connected(now);
        }
    }

    /// The last connection to `id` is gone.
    pub fn lost(&mut self, id: &PeerId, now: Instant, noise: u64) {
        let Some(peer) = self.peers.get_mut(id) else {
            return;
        };
        if matches!(peer.state, State::Connected(since) if now.saturating_duration_since(since) >= STABLE)
        {
            peer.failures = 0;
        }
        peer.retry(&self.backoff, now, noise);
    }

    /// An attempt at `id` failed. Ignored unless it was ours: a connection may have come in meanwhile.
    pub fn failed(&mut self, id: &PeerId, now: Instant, noise: u64) {
        let Some(peer) = self.peers.get_mut(id) else {
            return;
        };
        if peer.state == State::Dialling {
            peer.retry(&self.backoff, now, noise);
        }
    }
}

impl Peer {
    fn retry(&mut self, backoff: &Backoff, now: Instant, noise: u64) {
        self.failures = self.failures.saturating_add(1);
        self.state = State::Waiting(now + backoff.wait(self.failures, noise));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: u64 = u64::MAX;

    fn dialer(now: Instant) -> (Dialer, PeerId) {
        let id = PeerId::random();
        let address = |port: u16| {
            format!("/ip4/127.0.0.1/tcp/{port}/p2p/{id}")
                .parse()
                .unwrap()
        };
        let backoff = Backoff {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(8),
        };
        (Dialer::new(vec![address(1), address(2)], backoff, now), id)
    }

    fn wait(dialer: &Dialer, now: Instant) -> u64 {
        dialer.next_at().unwrap().duration_since(now).as_secs()
    }

    #[test]
    fn one_attempt_at_a_time_with_all_addresses() {
        let now = Instant::now();
        let (mut dialer, id) = dialer(now);
        let due = dialer.due(now);
        assert_eq!((due.len(), due[0].0, due[0].1.len()), (1, id, 2));
        assert!(dialer.due(now).is_empty());
        assert_eq!(dialer.next_at(), None);
    }

    #[test]
    fn failures_back_off() {
        let now = Instant::now();
        let (mut dialer, id) = dialer(now);
        let mut at = now;
        for wanted in [1, 2, 4, 8, 8] {
            assert_eq!(dialer.due(at).len(), 1);
            dialer.failed(&id, at, FULL);
            assert_eq!(wait(&dialer, at), wanted);
            at += Duration::from_secs(wanted);
        }
    }

    #[test]
    fn only_a_stable_connection_clears_the_failures() {
        let now = Instant::now();
        let (mut dialer, id) = dialer(now);
        dialer.connected(&id, now);
        dialer.lost(&id, now + Duration::from_millis(5), FULL);
        dialer.due(now + STABLE);
        dialer.connected(&id, now + STABLE);
        let soon = now + STABLE + Duration::from_secs(1);
        dialer.lost(&id, soon, FULL);
        assert_eq!(wait(&dialer, soon), 2, "flapping keeps backing off");
        dialer.connected(&id, soon);
        let later = soon + STABLE;
        dialer.lost(&id, later, FULL);
        assert_eq!(wait(&dialer, later), 1);
    }

    #[test]
    fn a_failed_dial_does_not_disturb_an_inbound_connection() {
        let now = Instant::now();
        let (mut dialer, id) = dialer(now);
        dialer.due(now);
        dialer.connected(&id, now);
        dialer.failed(&id, now, FULL);
        assert_eq!(dialer.next_at(), None);
        dialer.lost(&PeerId::random(), now, FULL);
        assert_eq!(dialer.next_at(), None);
    }
}
