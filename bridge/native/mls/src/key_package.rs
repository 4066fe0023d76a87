//! Key packages: bare TLS form (RFC 9420 section 10), without the header of an MLSMessage.

use mls_rs::MlsMessage;
use mls_rs::extension::ExtensionType;
use mls_rs::group::{LeafNode, LeafNodeSource, ReceivedMessage};
use mls_rs::identity::CredentialType;
use mls_rs::mls_rs_codec::{MlsDecode, MlsEncode};
use mls_rs::time::MlsTime;
use mls_rs_core::crypto::HpkePublicKey;

use crate::client::{LeafGroup, Suite};
use crate::identity::address_of;
use crate::{Address, Error, Result, context, message};

/// Validity in seconds, counted from the hour before its making: 28 days.
pub const KEY_PACKAGE_LIFETIME: u64 = 28 * 24 * 3600;

/// How far a key package is dated back, in seconds, for clocks that differ.
pub(crate) const BACKDATED: u64 = 3600;

/// Longest key package that is looked at, in bytes; ours have some 400.
pub const MAX_KEY_PACKAGE: usize = 8192;

/// Version mls10, wire format mls_key_package.
const HEADER: [u8; 4] = [0, 1, 0, 5];

/// Drops the MLSMessage header.
pub(crate) fn to_bare(message: &MlsMessage) -> Result<Vec<u8>> {
    let bytes = message.to_bytes().map_err(Error::internal)?;
    bytes
        .strip_prefix(&HEADER)
        .map(<[u8]>::to_vec)
        .ok_or_else(|| Error::internal("not a key package"))
}

/// Puts the MLSMessage header before a bare key package and decodes it.
pub(crate) fn from_bare(bytes: &[u8]) -> Result<MlsMessage> {
    if bytes.len() > MAX_KEY_PACKAGE {
        return Err(Error::malformed("key package too long"));
    }
    message::decode(&[&HEADER, bytes].concat())
}

/// Full validation: form, signatures, lifetime, suite, capabilities, wallet binding. Any group serves: the
/// checks of mls-rs hang on one, but do not look at its state.
///
/// # Errors
/// [`Error::Malformed`], [`Error::BadSignature`] or [`Error::NotAllowed`].
pub(crate) fn check(
    group: &mut LeafGroup,
    suite: Suite,
    bytes: &[u8],
    now: u64,
) -> Result<Address> {
    let message = from_bare(bytes)?;
    let leaf = read_leaf(bytes)?;
    check_use(&message, &leaf, suite, now)?;
    let time = MlsTime::from(now);
    match group.process_incoming_message_with_time(message, time) {
        Ok(ReceivedMessage::KeyPackage(_)) => address_of(&leaf.signing_identity),
        Ok(_) => Err(Error::malformed("not a key package")),
        Err(error) => Err(crate::error::translate(error, Error::BadSignature)),
    }
}

/// What our groups ask of a key package beyond MLS.
fn check_use(message: &MlsMessage, leaf: &LeafNode, suite: Suite, now: u64) -> Result<()> {
    let refuse = |reason: &str| Err(Error::NotAllowed(format!("key package: {reason}")));
    if message.cipher_suite() != Some(suite.cipher_suite()) {
        return refuse("of another cipher suite");
    }
    let can = &leaf.capabilities;
    if !can.extensions.contains(&context::policy_type())
        || !can.credentials.contains(&CredentialType::BASIC)
        || !can.cipher_suites.contains(&suite.cipher_suite())
    {
        return refuse("its capabilities do not suffice");
    }
    let LeafNodeSource::KeyPackage(lifetime) = &leaf.leaf_node_source else {
        return refuse("its leaf is not of a key package");
    };
    let (from, to) = (
        lifetime.not_before.seconds_since_epoch(),
        lifetime.not_after.seconds_since_epoch(),
    );
    if now < from || to < now {
        return refuse("expired, or not valid yet");
    }
    if to - from > KEY_PACKAGE_LIFETIME + BACKDATED {
        return refuse("valid for longer than 28 days");
    }
    // A last-resort package would be used twice.
    let last_resort = ExtensionType::from(0x000A);
    if message
        .as_key_package()
        .is_some_and(|package| package.extensions.has_extension(last_resort))
    {
        return refuse("last resort");
    }
    Ok(())
}

/// The leaf node inside a bare key package; mls-rs does not show it.
fn read_leaf(bytes: &[u8]) -> Result<LeafNode> {
    let reader = &mut &bytes[..];
    let mut read = || {
        u16::mls_decode(reader)?;
        u16::mls_decode(reader)?;
        HpkePublicKey::mls_decode(reader)?;
        LeafNode::mls_decode(reader)
    };
    read().map_err(Error::malformed)
}

/// The bare form of the key package in an add proposal.
pub(crate) fn encode(package: &mls_rs::KeyPackage) -> Result<Vec<u8>> {
    package.mls_encode_to_vec().map_err(Error::internal)
}
