//! What the node shows of itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// A connected peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// Peer id.
    pub id: String,
    /// Where the connection goes to or comes from.
    pub address: String,
    /// Its agent string from identify; empty until known. Foreign text: at most 128 characters.
    pub agent: String,
    /// Since when it is connected.
    pub since: SystemTime,
    /// Whether it dialled us.
    pub inbound: bool,
}

/// A snapshot, at most half a second old.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Whether the node's thread runs.
    pub running: bool,
    /// Multiaddrs that others can dial, with `/p2p/<our id>`.
    pub listening: Vec<String>,
    /// Connected peers.
    pub peers: Vec<PeerStatus>,
    /// Peer ids in the gossipsub mesh of the pubsub topic.
    pub mesh: Vec<String>,
    /// Peer ids that take part in the pubsub topic.
    pub subscribed: Vec<String>,
    /// The last trouble in words; empty when there was none.
    pub last_problem: String,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters since the start.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: Counter,)*
        }

        impl Counters {
            /// Names and present values.
            #[must_use]
            pub fn snapshot(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name.get()),)*]
            }
        }
    };
}

counters! {
    /// Messages handed to peers.
    published,
    /// Publishes refused for want of peers.
    no_peers,
    /// Valid messages that came in.
    received,
    /// Of these, of content topics that nobody asked for.
    filtered,
    /// Of these, lost because the application did not take them fast enough.
    dropped,
    /// Messages from the network that were refused.
    invalid,
    /// Messages not sent because a peer was too slow.
    slow_peer,
    /// Attempts to connect.
    dials,
    /// Failed attempts.
    dial_failures,
    /// Peers hung up on because they serve another cluster.
    wrong_cluster,
}

/// One counter.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn add_one(&self) {
        self.add(1);
    }

    /// `count` more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// Present value.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
