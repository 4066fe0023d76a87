//! A node against a peer that speaks gossipsub but keeps to none of Waku's rules.

use std::time::{Duration, Instant};

use demls_waku::message::{MAX_ACCEPTED, MAX_META};
use demls_waku::{Node, NodeConfig, WakuMessage};
use libp2p::futures::StreamExt;
use libp2p::gossipsub::{
    self, IdentTopic, MessageAuthenticity, MessageId, ValidationMode, Version,
};
use libp2p::{Multiaddr, Swarm, SwarmBuilder, noise, tcp, yamux};
use prost::Message as _;
use tokio::time::timeout;

const TOPIC: &str = "/waku/2/rs/15/1";
const CONTENT_TOPIC: &str = "/g/1/app_msg/proto";
const PATIENCE: Duration = Duration::from_secs(30);

fn hostile_peer() -> Swarm<gossipsub::Behaviour> {
    let config = gossipsub::ConfigBuilder::default()
        .protocol_id("/vac/waku/relay/2.0.0", Version::V1_1)
        .validation_mode(ValidationMode::Anonymous)
        .message_id_fn(|message| MessageId(message.data.clone()))
        .max_transmit_size(1 << 20)
        .build()
        .unwrap();
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(
            tcp::Config::default(),
            noise::Config::new,
            yamux::Config::default,
        )
        .unwrap()
        .with_behaviour(|_| {
            gossipsub::Behaviour::new(MessageAuthenticity::Anonymous, config).unwrap()
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build()
}

/// On a thread of its own: a node brings its own runtime, which can't be started inside the test's.
fn start(config: NodeConfig) -> Node {
    std::thread::spawn(|| Node::start(config).unwrap())
        .join()
        .unwrap()
}

fn good(payload: &[u8]) -> WakuMessage {
    WakuMessage {
        payload: payload.into(),
        content_topic: CONTENT_TOPIC.into(),
        ..WakuMessage::default()
    }
}

fn counter(node: &Node, name: &str) -> u64 {
    node.counters()
        .into_iter()
        .find(|(known, _)| *known == name)
        .unwrap()
        .1
}

async fn drive(
    swarm: &mut Swarm<gossipsub::Behaviour>,
    mut done: impl FnMut(&Swarm<gossipsub::Behaviour>) -> bool,
) {
    let deadline = Instant::now() + PATIENCE;
    while !done(swarm) {
        assert!(Instant::now() < deadline, "gave up waiting");
        let _ = timeout(Duration::from_millis(20), swarm.select_next_some()).await;
    }
}

async fn connect(node: &Node, topic: &IdentTopic) -> Swarm<gossipsub::Behaviour> {
    let mut peer = hostile_peer();
    peer.behaviour_mut().subscribe(topic).unwrap();
    let address: Multiaddr = node.status().listening[0].parse().unwrap();
    peer.dial(address).unwrap();
    drive(&mut peer, |peer| {
        peer.behaviour()
            .all_peers()
            .any(|(_, topics)| !topics.is_empty())
    })
    .await;
    peer
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_counted_and_the_node_goes_on() {
    let node = start(NodeConfig::default());
    node.subscribe([CONTENT_TOPIC.to_owned()]);
    let topic = IdentTopic::new(TOPIC);
    let mut peer = connect(&node, &topic).await;
    let garbage = [
        vec![0xff; 100],
        vec![0],
        good(&vec![1; MAX_ACCEPTED]).encode_to_vec(),
        WakuMessage {
            content_topic: "nonsense".into(),
            ..good(b"x")
        }
        .encode_to_vec(),
        WakuMessage {
            meta: vec![0; MAX_META + 1],
            ..good(b"x")
        }
        .encode_to_vec(),
    ];
    for data in &garbage {
        peer.behaviour_mut()
            .publish(topic.hash(), data.clone())
            .unwrap();
    }
    drive(&mut peer, |_| {
        counter(&node, "invalid") == garbage.len() as u64
    })
    .await;
    peer.behaviour_mut()
        .publish(topic.hash(), good(b"fine").encode_to_vec())
        .unwrap();
    drive(&mut peer, |_| counter(&node, "received") == 1).await;
    assert_eq!(node.take_messages(9), [good(b"fine")]);
    assert!(node.running());
    node.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_dropped_and_counted_not_queued() {
    let config = NodeConfig {
        max_waiting: 10,
        ..NodeConfig::default()
    };
    let node = start(config);
    node.subscribe([CONTENT_TOPIC.to_owned()]);
    let topic = IdentTopic::new(TOPIC);
    let mut peer = connect(&node, &topic).await;
    for number in 0_u32..50 {
        peer.behaviour_mut()
            .publish(topic.hash(), good(&number.to_be_bytes()).encode_to_vec())
            .unwrap();
    }
    drive(&mut peer, |_| counter(&node, "received") == 50).await;
    assert_eq!(
        (counter(&node, "waiting"), counter(&node, "dropped")),
        (10, 40)
    );
    let kept: Vec<_> = (0_u32..10)
        .map(|number| good(&number.to_be_bytes()))
        .collect();
    assert_eq!(node.take_messages(99), kept, "the oldest stay, in order");
    node.stop();
}

#[test]
fn a_taken_port_is_an_error_and_leaves_nothing_running() {
    let node = Node::start(NodeConfig::default()).unwrap();
    let listening = &node.status().listening[0];
    let port = listening.split('/').nth(4).unwrap().parse().unwrap();
    let error = Node::start(NodeConfig {
        port,
        ..NodeConfig::default()
    })
    .err()
    .unwrap();
    assert!(
        error
            .to_string()
            .starts_with("cannot listen on /ip4/127.0.0.1/tcp/"),
        "{error}"
    );
    node.stop();
    let again = Node::start(NodeConfig {
        port,
        ..NodeConfig::default()
    })
    .unwrap();
    assert!(again.running());
    again.stop();
    assert!(!again.running());
}
