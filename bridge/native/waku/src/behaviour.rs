//! The protocols that the node speaks, put together.

use std::time::Duration;

use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::gossipsub::{self, MessageAuthenticity, MessageId, ValidationMode, Version};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::{Swarm, SwarmBuilder, identify, noise, ping, tcp, yamux};

use crate::config::NodeConfig;
use crate::error::StartError;
use crate::message;
use crate::metadata::{self, MetadataCodec};

/// Gossipsub's protocol id on Waku (11/WAKU2-RELAY).
const RELAY_PROTOCOL: &str = "/vac/waku/relay/2.0.0";

/// Largest gossipsub frame in bytes: a message of the network's limit and a good deal of control beside it.
const MAX_FRAME: usize = 256 * 1024;

/// How long a message may wait for a slow peer. Longer than gossipsub's 5 s: pacing keeps queues short,
/// and on a busy machine late is better than lost.
const QUEUE_TIME: Duration = Duration::from_secs(30);

/// Connections that do not carry a gossipsub mesh are kept too; dead ones are found by ping.
const IDLE_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);

#[derive(NetworkBehaviour)]
pub struct Behaviour {
    pub relay: gossipsub::Behaviour,
    pub metadata: request_response::Behaviour<MetadataCodec>,
    pub identify: identify::Behaviour,
    pub ping: ping::Behaviour,
    limits: connection_limits::Behaviour,
}

/// A swarm ready to listen and dial. Call it inside a tokio runtime.
pub fn swarm(config: &NodeConfig) -> Result<Swarm<Behaviour>, StartError> {
    let limits = ConnectionLimits::default()
        .with_max_pending_incoming(Some(16))
        .with_max_established_incoming(Some(config.max_inbound_peers))
        // Two nodes that dial each other at the same time end up with two connections.
        .with_max_established_per_peer(Some(3));
    let relay = relay()?;
    let swarm = SwarmBuilder::with_existing_identity(config.identity.keypair().clone())
        .with_tokio()
        .with_tcp(
            tcp::Config::default().nodelay(true),
            noise::Config::new,
            yamux::Config::default,
        )
        .map_err(std::io::Error::other)?
        .with_behaviour(|key| Behaviour {
            relay,
            metadata: request_response::Behaviour::new(
                [(metadata::PROTOCOL, ProtocolSupport::Full)],
                request_response::Config::default().with_request_timeout(Duration::from_secs(10)),
            ),
            identify: identify::Behaviour::new(identity_config(key)),
            ping: ping::Behaviour::new(ping::Config::new()),
            limits: connection_limits::Behaviour::new(limits),
        })
        .map_err(std::io::Error::other)?
        .with_swarm_config(|swarm| swarm.with_idle_connection_timeout(IDLE_TIMEOUT))
        .build();
    Ok(swarm)
}

fn identity_config(key: &Keypair) -> identify::Config {
    identify::Config::new("/ipfs/0.1.0".into(), key.public())
        .with_agent_version(concat!("demls-bridge/", env!("CARGO_PKG_VERSION")).into())
}

fn relay() -> Result<gossipsub::Behaviour, StartError> {
    let config = gossipsub::ConfigBuilder::default()
        .protocol_id(RELAY_PROTOCOL, Version::V1_1)
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(|message| MessageId(message::message_id(&message.data).to_vec()))
        .max_transmit_size(MAX_FRAME)
        .duplicate_cache_time(Duration::from_secs(120))
        .heartbeat_initial_delay(Duration::from_millis(100))
        .publish_queue_duration(QUEUE_TIME)
        .forward_queue_duration(QUEUE_TIME)
        .build()
        .map_err(std::io::Error::other)?;
    let relay = gossipsub::Behaviour::new(MessageAuthenticity::Anonymous, config);
    relay.map_err(|problem| StartError::System(std::io::Error::other(problem)))
}
