//! MLS (RFC 9420) groups for demls-bridge, on mls-rs.
//!
//! One [`Leaf`] is one member's side of one group. Several leaves of the same group (the bridge's own and
//! those it hosts) share a [`Store`]: rows in memory whose changes are collected and drained by the caller,
//! who writes them in the database transaction of the event that caused them. Nothing here does IO.
//!
//! | module | holds |
//! | --- | --- |
//! | `binding` | the wallet's signature over (address, MLS signature key), checked on every leaf |
//! | `identity` | the MLS identity provider and the credential: address ‖ binding |
//! | `rules` | what a commit may contain; encryption and padding |
//! | `context` | group policy as a private-use group-context extension |
//! | `keys` | a leaf's signature key pair |
//! | `key_package` | bare TLS form, full validation |
//! | `message` | the clear header of a message |
//! | `store`, `storage` | buffered rows; the storage traits of mls-rs over them |
//! | `snapshot`, `tree` | parts of a stored group state; stored trees |
//! | `expected` | what a Welcome must lead to |
//! | `proposals` | opened proposals of the present epoch |
//! | `leaf`, `handshake` | a leaf: create, join, seal, open; propose, build, stage, adopt |

mod binding;
mod client;
mod codec;
mod context;
mod error;
mod expected;
mod handshake;
mod identity;
mod key_package;
mod keys;
mod leaf;
mod message;
mod proposals;
mod rules;
mod snapshot;
mod storage;
mod store;
mod tree;

pub use binding::{BINDING_LEN, binding_text, verify_binding};
pub use client::Suite;
pub use context::POLICY_EXTENSION;
pub use error::{Error, Result};
pub use expected::Expected;
pub use handshake::{Built, Change, Staged};
pub use key_package::{KEY_PACKAGE_LIFETIME, MAX_KEY_PACKAGE};
pub use keys::LeafKeys;
pub use leaf::{Leaf, Opened, View};
pub use message::{Kind, MAX_MESSAGE, Peeked, peek};
pub use store::{Store, Table, Write};

/// An Ethereum address: the name of a member.
pub type Address = [u8; 20];
