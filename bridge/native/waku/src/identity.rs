//! The node's key: secp256k1, as Waku peers have. The peer id is derived from it.

use std::fmt;

use libp2p::identity::{Keypair, secp256k1};

use crate::error::StartError;

/// A secp256k1 key pair. `Debug` shows the peer id only.
#[derive(Clone)]
pub struct Identity(Keypair);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.0.public().to_peer_id())
    }
}

impl Identity {
    /// A fresh key, kept nowhere.
    #[must_use]
    pub fn random() -> Self {
        Self(Keypair::generate_secp256k1())
    }

    /// From a 32-byte secret key.
    ///
    /// # Errors
    /// When the bytes are not a key of the curve.
    pub fn from_bytes(mut secret: [u8; 32]) -> Result<Self, StartError> {
        let key = secp256k1::SecretKey::try_from_bytes(&mut secret)
            .map_err(|_| StartError::Identity("not a secp256k1 key".into()))?;
        Ok(Self(secp256k1::Keypair::from(key).into()))
    }

    /// The libp2p key pair.
    #[must_use]
    pub fn keypair(&self) -> &Keypair {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_secret_is_the_same_peer() {
        let peers: Vec<_> = [1, 1, 2]
            .map(|byte| Identity::from_bytes([byte; 32]).unwrap())
            .map(|identity| identity.keypair().public().to_peer_id())
            .into();
        assert_eq!(peers[0], peers[1]);
        assert_ne!(peers[0], peers[2]);
    }

    #[test]
    fn zero_is_no_key_and_debug_hides_the_secret() {
        assert!(Identity::from_bytes([0; 32]).is_err());
        let shown = format!("{:?}", Identity::from_bytes([1; 32]).unwrap());
        assert!(shown.starts_with("Identity(16Uiu2"), "{shown}");
    }
}
