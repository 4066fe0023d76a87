//! Errors of the node. `code()` is stable: Python maps it to its exception classes.

use thiserror::Error;

/// Why a node did not start. Nothing was left running.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting is wrong.
    #[error("{key}: {problem}")]
    Config {
        /// The setting's name.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The node's secret is no key of the curve. The text never shows it.
    #[error("identity: {0}")]
    Identity(String),
    /// The listening socket could not be opened.
    #[error("cannot listen on {address}: {problem}")]
    Listen {
        /// The address asked for.
        address: String,
        /// The system's answer.
        problem: String,
    },
    /// The runtime or a socket of our own could not be made.
    #[error("cannot start the node's thread: {0}")]
    System(#[from] std::io::Error),
}

/// Why a message was not published. `retry()` says whether the same message may go later.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PublishError {
    /// No peer takes part in the pubsub topic now.
    #[error("no peers on the pubsub topic")]
    NoPeers,
    /// The encoded message is larger than the network carries.
    #[error("message of {size} bytes encoded, the limit is {limit}")]
    TooLarge {
        /// Encoded size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The content topic is not well-formed.
    #[error("content topic is not well-formed: it must look like /app/version/name/encoding")]
    BadContentTopic,
    /// Too many publishes wait, or every peer's queue is full.
    #[error("too many messages are in flight")]
    Busy,
    /// The node is not running.
    #[error("the node is not running")]
    Down,
}

impl PublishError {
    /// Stable name of the kind.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPeers => "no_peers",
            Self::TooLarge { .. } => "too_large",
            Self::BadContentTopic => "bad_content_topic",
            Self::Busy => "busy",
            Self::Down => "down",
        }
    }

    /// Whether publishing the same message later may work.
    #[must_use]
    pub fn retry(&self) -> bool {
        matches!(self, Self::NoPeers | Self::Busy | Self::Down)
    }
}
