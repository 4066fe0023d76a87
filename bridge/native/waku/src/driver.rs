//! The loop that drives the swarm. It owns the swarm; everything else reaches it through queues.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use libp2p::core::ConnectedPoint;
use libp2p::futures::StreamExt;
use libp2p::gossipsub::{self, IdentTopic, MessageAcceptance, PublishError as GossipError};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, identify, ping, request_response};
use prost::Message as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use crate::behaviour::{self, Behaviour, BehaviourEvent};
use crate::config::NodeConfig;
use crate::dialer::Dialer;
use crate::error::{PublishError, StartError};
use crate::message::{self, WakuMessage};
use crate::metadata::Metadata;
use crate::node::Shared;
use crate::pacing::Pacer;
use crate::status::PeerStatus;

/// How often the mesh is looked at: gossipsub changes it at heartbeats, without an event.
const STATUS_EVERY: Duration = Duration::from_millis(500);

/// How long a stopping node waits for what it sent to leave, and for its connections to close.
const LINGER: Duration = Duration::from_millis(300);

/// A message to publish; the outcome is reported under `token`.
pub struct Publish {
    pub token: u64,
    pub message: WakuMessage,
}

pub struct Driver {
    swarm: Swarm<Behaviour>,
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Publish>,
    topic: IdentTopic,
    metadata: Metadata,
    dialer: Dialer,
    resolving: JoinSet<(PeerId, Vec<Multiaddr>)>,
    pacer: Pacer,
    peers: HashMap<PeerId, PeerStatus>,
    noise: RandomState,
}

/// Tells the application when the loop ends, even by a panic.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ended();
    }
}

impl Driver {
    /// Build the swarm and wait until it listens.
    pub async fn listen(
        config: NodeConfig,
        shared: Arc<Shared>,
        commands: mpsc::Receiver<Publish>,
    ) -> Result<Self, StartError> {
        let (cluster, shard) = config.shard()?;
        let mut swarm = behaviour::swarm(&config)?;
        let topic = IdentTopic::new(&config.pubsub_topic);
        swarm
            .behaviour_mut()
            .relay
            .subscribe(&topic)
            .map_err(std::io::Error::other)?;
        open_listener(&mut swarm, &config).await?;
        let now = Instant::now();
        let burst = u32::try_from(config.max_in_flight).unwrap_or(u32::MAX);
        let mut driver = Self {
            swarm,
            shared,
            commands,
            topic,
            metadata: Metadata {
                cluster_id: Some(cluster),
                shards: vec![shard],
            },
            dialer: Dialer::new(config.peers, config.redial, now),
            resolving: JoinSet::new(),
            pacer: Pacer::new(burst, config.publish_rate, now),
            peers: HashMap::new(),
            noise: RandomState::new(),
        };
        driver.show();
        Ok(driver)
    }

    /// Run until told to stop, then hang up in an orderly way.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let _ending = Ending(Arc::clone(&self.shared));
        let mut tick = tokio::time::interval(STATUS_EVERY);
        loop {
            let pause = self.pacer.wait(Instant::now());
            let paced = Instant::now() + pause;
            let dial_at = self.dialer.next_at();
            tokio::select! {
                // `stop` fails when the handle is dropped: that is a stop too.
                _ = stop.changed() => break,
                event = self.swarm.select_next_some() => self.on_event(event),
                Some(command) = self.commands.recv(), if pause.is_zero() => self.publish(command),
                () = sleep_until(paced.into()), if !pause.is_zero() => {}
                Some(resolved) = self.resolving.join_next() => {
                    if let Ok((peer, addresses)) = resolved { self.dial(peer, addresses); }
                }
                () = sleep_until(dial_at.unwrap_or(paced).into()), if dial_at.is_some() => self.dial_due(),
                _ = tick.tick() => self.show(),
            }
        }
        self.close().await;
    }

    async fn close(mut self) {
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            self.publish(command);
        }
        self.poll_until(|_| false).await;
        let peers: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            // An error means that it has gone already.
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        self.poll_until(|swarm| swarm.connected_peers().next().is_none())
            .await;
        self.peers.clear();
        self.show();
    }

    async fn poll_until(&mut self, done: impl Fn(&Swarm<Behaviour>) -> bool) {
        let _ = timeout(LINGER, async {
            while !done(&self.swarm) && self.swarm.connected_peers().next().is_some() {
                let event = self.swarm.select_next_some().await;
                self.on_event(event);
            }
        })
        .await;
    }

    fn publish(&mut self, Publish { token, mut message }: Publish) {
        self.pacer.take();
        let relay = &mut self.swarm.behaviour_mut().relay;
        let outcome = loop {
            match relay.publish(self.topic.hash(), message.encode_to_vec()) {
                Ok(_) => break Ok(()),
                // Gossipsub remembers what it has sent and swallows the very same bytes, also when the first
                // attempt reached nobody. A retry must go out, so it differs by a nanosecond.
                Err(GossipError::Duplicate) => {
                    message.timestamp = message.timestamp.wrapping_add(1)
                }
                Err(GossipError::NoPeersSubscribedToTopic) => break Err(PublishError::NoPeers),
                Err(GossipError::AllQueuesFull(_)) => break Err(PublishError::Busy),
                Err(_) => {
                    break Err(PublishError::TooLarge {
                        size: message.encoded_len(),
                        limit: message::MAX_PUBLISHED,
                    });
                }
            }
        };
        match outcome {
            Ok(()) => self.shared.counters.published.add_one(),
            Err(PublishError::NoPeers) => self.shared.counters.no_peers.add_one(),
            Err(_) => {}
        }
        self.shared.answer(token, outcome);
    }

    fn dial_due(&mut self) {
        for (peer, addresses) in self.dialer.due(Instant::now()) {
            self.resolving.spawn(async move {
                let mut found = Vec::new();
                for address in addresses {
                    found.extend(address.resolve().await);
                }
                (peer, found)
            });
        }
    }

    fn dial(&mut self, peer: PeerId, addresses: Vec<Multiaddr>) {
        self.shared.counters.dials.add_one();
        match self
            .swarm
            .dial(DialOpts::peer_id(peer).addresses(addresses).build())
        {
            // It connected to us while its name was being resolved.
            Ok(()) | Err(DialError::DialPeerConditionFalse(_)) => {}
            Err(DialError::NoAddresses) => self.dial_failed(peer, "its host name is unknown"),
            Err(error) => self.dial_failed(peer, &error.to_string()),
        }
    }

    fn dial_failed(&mut self, peer: PeerId, problem: &str) {
        self.shared.counters.dial_failures.add_one();
        let noise = self.noise();
        self.dialer.failed(&peer, Instant::now(), noise);
        self.problem(format!("cannot connect to {peer}: {problem}"));
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Relay(event)) => self.on_relay(event),
            SwarmEvent::Behaviour(BehaviourEvent::Metadata(event)) => self.on_metadata(event),
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received {
                peer_id,
                info,
                ..
            })) => {
                if let Some(peer) = self.peers.get_mut(&peer_id) {
                    peer.agent = info
                        .agent_version
                        .chars()
                        .filter(|c| !c.is_control())
                        .take(128)
                        .collect();
                }
            }
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event {
                connection,
                result: Err(ping::Failure::Timeout),
                ..
            })) => {
                self.swarm.close_connection(connection);
            }
            SwarmEvent::ConnectionEstablished {
                peer_id,
                endpoint,
                num_established,
                ..
            } if num_established.get() == 1 => self.on_connected(peer_id, &endpoint),
            SwarmEvent::ConnectionClosed {
                peer_id,
                num_established: 0,
                ..
            } => {
                self.peers.remove(&peer_id);
                let noise = self.noise();
                self.dialer.lost(&peer_id, Instant::now(), noise);
                self.show();
            }
            SwarmEvent::OutgoingConnectionError {
                peer_id: Some(peer),
                error,
                ..
            } => {
                self.dial_failed(peer, &error.to_string());
            }
            SwarmEvent::ListenerClosed {
                reason: Err(error), ..
            }
            | SwarmEvent::ListenerError { error, .. } => {
                self.problem(format!("listener: {error}"));
            }
            _ => {}
        }
    }

    fn on_connected(&mut self, peer: PeerId, endpoint: &ConnectedPoint) {
        let status = PeerStatus {
            id: peer.to_string(),
            address: endpoint.get_remote_address().to_string(),
            agent: String::new(),
            since: SystemTime::now(),
            inbound: endpoint.is_listener(),
        };
        self.peers.insert(peer, status);
        self.dialer.connected(&peer, Instant::now());
        self.problem(String::new());
        self.swarm
            .behaviour_mut()
            .metadata
            .send_request(&peer, self.metadata.clone());
        self.show();
    }

    fn on_metadata(&mut self, event: request_response::Event<Metadata, Metadata>) {
        // A peer without the protocol is tolerated: gossipsub's topic keeps clusters apart all the same.
        let request_response::Event::Message { peer, message, .. } = event else {
            return;
        };
        match message {
            request_response::Message::Request { channel, .. } => {
                // An error means that the peer no longer waits.
                let _ = self
                    .swarm
                    .behaviour_mut()
                    .metadata
                    .send_response(channel, self.metadata.clone());
            }
            request_response::Message::Response { response, .. } => {
                if response.cluster_id != self.metadata.cluster_id {
                    self.shared.counters.wrong_cluster.add_one();
                    let theirs = response
                        .cluster_id
                        .map_or("none".into(), |id| id.to_string());
                    self.problem(format!("{peer} serves another cluster ({theirs})"));
                    let _ = self.swarm.disconnect_peer_id(peer);
                }
            }
        }
    }

    fn on_relay(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message {
                propagation_source,
                message_id,
                message,
            } => {
                let accepted = message::accept(&message.data);
                let verdict = if accepted.is_ok() {
                    MessageAcceptance::Accept
                } else {
                    MessageAcceptance::Reject
                };
                let relay = &mut self.swarm.behaviour_mut().relay;
                relay.report_message_validation_result(&message_id, &propagation_source, verdict);
                match accepted {
                    Ok(accepted) => self.deliver(accepted, message.data.len()),
                    Err(_) => self.shared.counters.invalid.add_one(),
                }
            }
            gossipsub::Event::SlowPeer {
                failed_messages, ..
            } => {
                let lost = failed_messages.priority + failed_messages.non_priority;
                self.shared.counters.slow_peer.add(lost as u64);
            }
            gossipsub::Event::Subscribed { .. } | gossipsub::Event::Unsubscribed { .. } => {
                self.show()
            }
            gossipsub::Event::GossipsubNotSupported { .. } => {}
        }
    }

    fn deliver(&self, message: WakuMessage, size: usize) {
        let counters = &self.shared.counters;
        counters.received.add_one();
        if !self
            .shared
            .wanted
            .read()
            .expect("no panic while locked")
            .contains(&message.content_topic)
        {
            counters.filtered.add_one();
        } else if self.shared.inbox.push(message, size) {
            self.shared.waker.wake();
        } else {
            counters.dropped.add_one();
        }
    }

    /// Refresh the snapshot that the application reads.
    fn show(&mut self) {
        let own = *self.swarm.local_peer_id();
        let topic = self.topic.hash();
        let relay = &self.swarm.behaviour().relay;
        let mesh = relay.mesh_peers(&topic).map(PeerId::to_string).collect();
        let takes_part = relay
            .all_peers()
            .filter(|(_, topics)| topics.contains(&&topic));
        let subscribed = takes_part.map(|(peer, _)| peer.to_string()).collect();
        let address = |at: &Multiaddr| at.clone().with(Protocol::P2p(own)).to_string();
        let listening = self.swarm.listeners().map(address).collect();
        let mut status = self.shared.status.lock().expect("no panic while locked");
        status.mesh = mesh;
        status.subscribed = subscribed;
        status.listening = listening;
        status.peers = self.peers.values().cloned().collect();
    }

    fn problem(&self, text: String) {
        self.shared
            .status
            .lock()
            .expect("no panic while locked")
            .last_problem = text;
    }

    /// A random number for jitter; the standard library's hasher keys are random enough for that.
    fn noise(&self) -> u64 {
        let mut hasher = self.noise.build_hasher();
        hasher.write_u64(self.shared.counters.dial_failures.get());
        hasher.finish()
    }
}

async fn open_listener(
    swarm: &mut Swarm<Behaviour>,
    config: &NodeConfig,
) -> Result<(), StartError> {
    let address = Multiaddr::from(config.listen_address).with(Protocol::Tcp(config.port));
    let trouble = |problem: String| StartError::Listen {
        address: address.to_string(),
        problem,
    };
    if config.port != 0 {
        // libp2p listens with SO_REUSEPORT: two nodes would share the port, each getting some connections.
        TcpListener::bind((config.listen_address, config.port))
            .map_err(|error| trouble(error.to_string()))?;
    }
    swarm
        .listen_on(address.clone())
        .map_err(|error| trouble(error.to_string()))?;
    loop {
        match timeout(Duration::from_secs(10), swarm.select_next_some()).await {
            Ok(SwarmEvent::NewListenAddr { .. }) => return Ok(()),
            Ok(SwarmEvent::ListenerClosed {
                reason: Err(error), ..
            }) => return Err(trouble(error.to_string())),
            Ok(_) => {}
            Err(_) => return Err(trouble("no answer within 10 s".into())),
        }
    }
}
