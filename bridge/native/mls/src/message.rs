//! The clear header of a message.

use mls_rs::MlsMessage;
use mls_rs::MlsMessageDescription as Description;
use mls_rs::group::ContentType;

use crate::{Error, Result};

/// Longest message that is looked at, in bytes: 64 fragments of 140,000 bytes, the transport's limit.
pub const MAX_MESSAGE: usize = 64 * 140_000;

/// Outer content type of a PrivateMessage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Chat and votes.
    Application,
    /// A standalone proposal.
    Proposal,
    /// A commit.
    Commit,
}

/// What a message says about itself in clear. Nothing of it is authenticated yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peeked {
    /// Group that it names.
    pub group_id: Vec<u8>,
    /// The sender's epoch.
    pub epoch: u64,
    /// Kind of content.
    pub kind: Kind,
}

/// Reads the clear header, without decrypting.
///
/// # Errors
/// [`Error::Malformed`] for anything but one complete PrivateMessage.
pub fn peek(bytes: &[u8]) -> Result<Peeked> {
    parse(bytes).map(|(_, peeked)| peeked)
}

/// Decodes and peeks.
pub(crate) fn parse(bytes: &[u8]) -> Result<(MlsMessage, Peeked)> {
    let message = decode(bytes)?;
    let peeked = match message.description() {
        Description::PrivateProtocolMessage {
            group_id,
            epoch_id,
            content_type,
        } => Peeked {
            group_id: group_id.to_vec(),
            epoch: epoch_id,
            kind: match content_type {
                ContentType::Application => Kind::Application,
                ContentType::Proposal => Kind::Proposal,
                ContentType::Commit => Kind::Commit,
            },
        },
        _ => return Err(Error::malformed("not a PrivateMessage")),
    };
    Ok((message, peeked))
}

pub(crate) fn decode(bytes: &[u8]) -> Result<MlsMessage> {
    if bytes.len() > MAX_MESSAGE {
        return Err(Error::malformed("too long"));
    }
    MlsMessage::from_bytes(bytes).map_err(Error::malformed)
}
