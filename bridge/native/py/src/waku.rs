//! `demls-waku` for Python. Documented in `bridge/_native.pyi`; used by `bridge/waku` only.

use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use demls_waku::address::PeerAddress;
use demls_waku::backoff::Backoff;
use demls_waku::{Identity, Node, NodeConfig, PublishError, StartError, WakuMessage};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

create_exception!(
    bridge._native,
    WakuFailure,
    PyException,
    "A refused operation of the node: (code, text)."
);

/// (content topic, payload, timestamp in ns, meta, version, ephemeral)
type MessageParts<'py> = (
    String,
    Bound<'py, PyBytes>,
    i64,
    Bound<'py, PyBytes>,
    u32,
    bool,
);

/// Adds the Waku classes to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("WakuFailure", module.py().get_type::<WakuFailure>())?;
    module.add_class::<WakuNode>()?;
    module.add_function(wrap_pyfunction!(waku_check_address, module)?)
}

fn start_failure(error: &StartError) -> PyErr {
    let code = match error {
        StartError::Config { .. } => "config",
        StartError::Identity(_) => "identity",
        StartError::Listen { .. } => "listen",
        StartError::System(_) => "system",
    };
    WakuFailure::new_err((code, error.to_string()))
}

fn publish_failure(error: &PublishError) -> PyErr {
    WakuFailure::new_err((error.code(), error.to_string()))
}

/// The peer id of a peer address.
#[pyfunction]
fn waku_check_address(address: &str) -> PyResult<String> {
    let parsed = address
        .parse::<PeerAddress>()
        .map_err(|problem| WakuFailure::new_err(("config", problem)))?;
    Ok(parsed.peer.to_string())
}

/// A running Waku relay node.
#[pyclass(frozen, module = "bridge._native")]
struct WakuNode(Node);

#[pymethods]
impl WakuNode {
    /// Starts the node; returns when it listens.
    #[new]
    #[pyo3(signature = (*, pubsub_topic, listen_address, port, peers, identity, max_in_flight, publish_rate,
                        max_waiting, redial_first, redial_longest))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments, all required")]
    fn new(
        py: Python<'_>,
        pubsub_topic: String,
        listen_address: &str,
        port: u16,
        peers: Vec<String>,
        identity: Option<[u8; 32]>,
        max_in_flight: usize,
        publish_rate: u32,
        max_waiting: usize,
        redial_first: f64,
        redial_longest: f64,
    ) -> PyResult<Self> {
        let config = |key, problem| start_failure(&StartError::Config { key, problem });
        let listen_address = listen_address.parse::<IpAddr>().map_err(|_| {
            config(
                "listen_address",
                format!("{listen_address:?} is not an IP address"),
            )
        })?;
        let peers: Result<Vec<PeerAddress>, String> =
            peers.iter().map(|text| text.parse()).collect();
        let peers = peers.map_err(|problem| config("peers", problem))?;
        let seconds = |key, value| {
            Duration::try_from_secs_f64(value)
                .map_err(|_| config(key, format!("{value} is not a time in seconds")))
        };
        let redial = Backoff {
            first: seconds("redial_first", redial_first)?,
            longest: seconds("redial_longest", redial_longest)?,
        };
        let start = || {
            let identity = identity.map_or_else(|| Ok(Identity::random()), Identity::from_bytes)?;
            Node::start(NodeConfig {
                identity,
                listen_address,
                port,
                peers,
                pubsub_topic,
                redial,
                max_in_flight,
                publish_rate,
                max_waiting,
                ..NodeConfig::default()
            })
        };
        py.detach(start)
            .map(Self)
            .map_err(|error| start_failure(&error))
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.0.stop());
    }

    fn fileno(&self) -> i32 {
        self.0.descriptor()
    }

    fn acknowledge(&self) {
        self.0.acknowledge();
    }

    fn peer_id(&self) -> &str {
        self.0.peer_id()
    }

    fn running(&self) -> bool {
        self.0.running()
    }

    fn subscribe(&self, content_topics: Vec<String>) {
        self.0.subscribe(content_topics);
    }

    fn publish(
        &self,
        content_topic: String,
        payload: &[u8],
        timestamp: i64,
        meta: &[u8],
        version: u32,
        ephemeral: bool,
    ) -> PyResult<u64> {
        let message = WakuMessage {
            payload: payload.into(),
            content_topic,
            version,
            timestamp,
            meta: meta.into(),
            ephemeral,
        };
        self.0
            .publish(message)
            .map_err(|error| publish_failure(&error))
    }

    fn take_outcomes(&self) -> Vec<(u64, Option<(&'static str, String)>)> {
        let failed = |error: PublishError| (error.code(), error.to_string());
        self.0
            .take_outcomes()
            .into_iter()
            .map(|(token, outcome)| (token, outcome.err().map(failed)))
            .collect()
    }

    fn take_messages<'py>(&self, py: Python<'py>, count: usize) -> Vec<MessageParts<'py>> {
        let parts = |message: WakuMessage| {
            let (payload, meta) = (
                PyBytes::new(py, &message.payload),
                PyBytes::new(py, &message.meta),
            );
            (
                message.content_topic,
                payload,
                message.timestamp,
                meta,
                message.version,
                message.ephemeral,
            )
        };
        self.0.take_messages(count).into_iter().map(parts).collect()
    }

    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let status = self.0.status();
        let peers = status.peers.into_iter().map(|peer| {
            let since = peer
                .since
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs_f64();
            (peer.id, peer.address, peer.agent, since, peer.inbound)
        });
        let dict = PyDict::new(py);
        dict.set_item("running", status.running)?;
        dict.set_item("listening", status.listening)?;
        dict.set_item("peers", peers.collect::<Vec<_>>())?;
        dict.set_item("mesh", status.mesh)?;
        dict.set_item("subscribed", status.subscribed)?;
        dict.set_item("last_problem", status.last_problem)?;
        Ok(dict)
    }

    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, value) in self.0.counters() {
            dict.set_item(name, value)?;
        }
        Ok(dict)
    }
}
