//! A Waku relay node: gossipsub under the Waku protocol id, the metadata protocol, identify and ping,
//! with a bounded, validated way in and a paced way out.
//!
//! | module | holds |
//! | --- | --- |
//! | [`message`] | the `WakuMessage` protobuf, its limits and its validation |
//! | [`config`] | settings of a node |
//! | [`identity`] | the node's secp256k1 key |
//! | [`address`] | peer addresses: parsing and name resolution |
//! | [`backoff`], [`dialer`], [`pacing`] | pure logic: no socket, no clock |
//! | [`inbox`] | the queues between the node's thread and the application, with their wake-up socket |
//! | [`metadata`] | codec of `/vac/waku/metadata/1.0.0` |
//! | [`status`] | what the node shows of itself: peers, mesh, counters |
//! | [`node`] | the handle: start, publish, subscribe, status, stop |
//!
//! The behaviour and the loop that drives it are private. A Store would be one more request-response
//! behaviour beside the metadata one, with its own codec module.

pub mod address;
pub mod backoff;
mod behaviour;
pub mod config;
pub mod dialer;
mod driver;
pub mod error;
pub mod identity;
pub mod inbox;
pub mod message;
pub mod metadata;
pub mod node;
pub mod pacing;
pub mod status;

pub use config::NodeConfig;
pub use error::{PublishError, StartError};
pub use identity::Identity;
pub use message::WakuMessage;
pub use node::Node;
pub use status::Status;
