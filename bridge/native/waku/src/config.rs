//! Settings of a node. Every default names its unit and where it comes from.

use std::net::IpAddr;
use std::time::Duration;

use crate::address::PeerAddress;
use crate::backoff::Backoff;
use crate::error::StartError;
use crate::identity::Identity;

/// What a node is started with.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// The node's key.
    pub identity: Identity,
    /// Address to listen on. Loopback unless somebody decides otherwise.
    pub listen_address: IpAddr,
    /// TCP port; 0 takes any free one.
    pub port: u16,
    /// Peers to keep connected to.
    pub peers: Vec<PeerAddress>,
    /// `/waku/2/rs/<cluster>/<shard>`.
    pub pubsub_topic: String,
    /// Waits between attempts at one peer. Our choice: 0.25 s, then doubling, at most 30 s.
    pub redial: Backoff,
    /// Publishes accepted but not yet answered. A go-waku relay's queues hold 32 messages.
    pub max_in_flight: usize,
    /// Messages per second that leave on average, in bursts of `max_in_flight`. Our choice: a relay that
    /// stands still for 15 ms (24 in a burst, 32 in a queue) loses nothing.
    pub publish_rate: u32,
    /// Received messages that wait for the application.
    pub max_waiting: usize,
    /// Bytes of received messages that wait for the application.
    pub max_waiting_bytes: usize,
    /// Established inbound connections.
    pub max_inbound_peers: u32,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            identity: Identity::random(),
            listen_address: IpAddr::from([127, 0, 0, 1]),
            port: 0,
            peers: Vec::new(),
            pubsub_topic: "/waku/2/rs/15/1".into(),
            redial: Backoff {
                first: Duration::from_millis(250),
                longest: Duration::from_secs(30),
            },
            max_in_flight: 24,
            publish_rate: 500,
            max_waiting: 8_192,
            max_waiting_bytes: 64 * 1024 * 1024,
            max_inbound_peers: 64,
        }
    }
}

impl NodeConfig {
    /// Cluster and shard of the pubsub topic (WAKU2-RELAY-SHARDING, static shards).
    ///
    /// # Errors
    /// When the topic is not a static shard's.
    pub fn shard(&self) -> Result<(u32, u32), StartError> {
        let parts: Vec<&str> = self.pubsub_topic.split('/').collect();
        let numbers = match parts.as_slice() {
            ["", "waku", "2", "rs", cluster, shard] => {
                cluster.parse::<u16>().ok().zip(shard.parse::<u16>().ok())
            }
            _ => None,
        };
        let numbers = numbers.filter(|(_, shard)| *shard < 1024);
        numbers
            .map(|(cluster, shard)| (cluster.into(), shard.into()))
            .ok_or_else(|| StartError::Config {
                key: "pubsub_topic",
                problem: format!(
                    "{:?} is not of the form /waku/2/rs/<cluster>/<shard>",
                    self.pubsub_topic
                ),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shard_is_read_from_the_topic() {
        let config = |topic: &str| NodeConfig {
            pubsub_topic: topic.into(),
            ..NodeConfig::default()
        };
        assert_eq!(NodeConfig::default().shard().unwrap(), (15, 1));
        assert_eq!(
            config("/waku/2/rs/65535/1023").shard().unwrap(),
            (65535, 1023)
        );
        for bad in [
            "",
            "/waku/2/default-waku/proto",
            "/waku/2/rs/15",
            "/waku/2/rs/15/1024",
            "/waku/2/rs/-1/0",
        ] {
            assert!(config(bad).shard().is_err(), "{bad}");
        }
    }
}
