//! `WakuMessage` (14/WAKU2-MESSAGE) and what is accepted of it from the network.

use prost::Message as _;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Largest encoded message that we publish, in bytes. The network's limit is 150,000, and exceeding it
/// loses the next seconds of messages in silence (measured with go-waku 0.10); the rest is margin for the
/// gossipsub envelope.
pub const MAX_PUBLISHED: usize = 148_000;

/// Largest encoded message that we accept and forward, in bytes: the network's limit.
pub const MAX_ACCEPTED: usize = 150_000;

/// Longest content topic in bytes. The specification sets none; ours are under 100.
pub const MAX_CONTENT_TOPIC: usize = 512;

/// Longest `meta` in bytes (14/WAKU2-MESSAGE).
pub const MAX_META: usize = 64;

/// One message on the wire.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct WakuMessage {
    /// Application data.
    #[prost(bytes = "vec", tag = "1")]
    pub payload: Vec<u8>,
    /// `/application/version/name/encoding`, optionally with a leading generation.
    #[prost(string, tag = "2")]
    pub content_topic: String,
    /// Payload encryption scheme of the application.
    #[prost(uint32, tag = "3")]
    pub version: u32,
    /// The sender's clock, nanoseconds since 1970.
    #[prost(sint64, tag = "10")]
    pub timestamp: i64,
    /// Application-defined, at most [`MAX_META`] bytes.
    #[prost(bytes = "vec", tag = "11")]
    pub meta: Vec<u8>,
    /// Not to be stored by Store nodes.
    #[prost(bool, tag = "31")]
    pub ephemeral: bool,
}

/// Why a message from the network is neither delivered nor forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// Larger than [`MAX_ACCEPTED`].
    #[error("too large")]
    TooLarge,
    /// Not a `WakuMessage`.
    #[error("not a WakuMessage")]
    Undecodable,
    /// The content topic is missing or not well-formed.
    #[error("content topic not well-formed")]
    ContentTopic,
    /// `meta` is too long.
    #[error("meta too long")]
    Meta,
}

/// Decode and check one message from the network.
///
/// # Errors
/// [`Refused`] says which rule it breaks.
pub fn accept(data: &[u8]) -> Result<WakuMessage, Refused> {
    if data.len() > MAX_ACCEPTED {
        return Err(Refused::TooLarge);
    }
    let message = WakuMessage::decode(data).map_err(|_| Refused::Undecodable)?;
    if !well_formed_content_topic(&message.content_topic) {
        return Err(Refused::ContentTopic);
    }
    if message.meta.len() > MAX_META {
        return Err(Refused::Meta);
    }
    Ok(message)
}

/// Whether `topic` has the form of 23/WAKU2-TOPICS: four parts, none empty, or five with the first a
/// generation number; no control characters.
#[must_use]
pub fn well_formed_content_topic(topic: &str) -> bool {
    if topic.len() > MAX_CONTENT_TOPIC || topic.chars().any(char::is_control) {
        return false;
    }
    let Some(rest) = topic.strip_prefix('/') else {
        return false;
    };
    let parts: Vec<&str> = rest.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return false;
    }
    match parts.len() {
        4 => true,
        5 => parts[0].bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// Gossipsub message id on Waku: SHA-256 of the encoded message.
#[must_use]
pub fn message_id(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> WakuMessage {
        WakuMessage {
            payload: b"hi".to_vec(),
            content_topic: "/g/1/app_msg/proto".into(),
            version: 2,
            timestamp: -1,
            meta: vec![7],
            ephemeral: true,
        }
    }

    #[test]
    fn encodes_with_the_field_numbers_of_the_specification() {
        let mut wanted = vec![0x0a, 2, b'h', b'i', 0x12, 18];
        wanted.extend_from_slice(b"/g/1/app_msg/proto");
        wanted.extend_from_slice(&[0x18, 2, 0x50, 1, 0x5a, 1, 7, 0xf8, 1, 1]);
        assert_eq!(sample().encode_to_vec(), wanted);
        assert_eq!(accept(&wanted), Ok(sample()));
    }

    #[test]
    fn refuses_what_is_not_a_message() {
        assert_eq!(accept(&[0xff; 40]), Err(Refused::Undecodable));
        assert_eq!(accept(&[]), Err(Refused::ContentTopic));
        assert_eq!(accept(&vec![0; MAX_ACCEPTED + 1]), Err(Refused::TooLarge));
        let long_meta = WakuMessage {
            meta: vec![0; MAX_META + 1],
            ..sample()
        };
        assert_eq!(accept(&long_meta.encode_to_vec()), Err(Refused::Meta));
        let truncated = &sample().encode_to_vec()[..10];
        assert_eq!(accept(truncated), Err(Refused::Undecodable));
    }

    #[test]
    fn unknown_fields_are_tolerated() {
        let mut data = sample().encode_to_vec();
        data.extend_from_slice(&[0xa2, 1, 1, 0]); // field 20, bytes
        assert_eq!(accept(&data), Ok(sample()));
    }

    #[test]
    fn content_topics() {
        for good in [
            "/g/1/app_msg/proto",
            "/0/g/1/app_msg/proto",
            "/gruppe ö/1/welcome/proto",
        ] {
            assert!(well_formed_content_topic(good), "{good}");
        }
        let long = format!("/{}/1/a/proto", "x".repeat(MAX_CONTENT_TOPIC));
        for bad in [
            "",
            "/",
            "g/1/a/proto",
            "/g/1/a",
            "/g//a/proto",
            "/x/g/1/a/proto",
            "/g/1/a/pro\nto",
            &long,
        ] {
            assert!(!well_formed_content_topic(bad), "{bad}");
        }
    }
}
