//! The wallet binding: proof that the owner of an address stands behind an MLS signature key.
//!
//! The wallet signs (EIP-191 `personal_sign`) this text, fixed for version 1, lines joined by LF:
//!
//! ```text
//! demls wallet binding v1
//! address: 0x<40 lowercase hex digits>
//! mls signature key: <lowercase hex of the leaf's signature public key>
//! ```
//!
//! The signature is 65 bytes r ‖ s ‖ v with v 27 or 28 and a low s (EIP-2), so each has one encoding only.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, Secp256k1, VerifyOnly};
use sha2::{Digest, Sha256};
use sha3::Keccak256;

use crate::{Address, Error, Result};

/// Length of a binding in bytes: r ‖ s ‖ v.
pub const BINDING_LEN: usize = 65;

/// Verified bindings that are remembered, per generation (two generations are kept): some 4 MB.
const CACHE_GENERATION: usize = 32_768;

/// The text that a wallet signs to bind `address` to the MLS signature key `public`.
pub fn binding_text(address: &Address, public: &[u8]) -> String {
    let mut text = String::from("demls wallet binding v1\naddress: 0x");
    push_hex(&mut text, address);
    text.push_str("\nmls signature key: ");
    push_hex(&mut text, public);
    text
}

/// Verifies a binding; verified ones are remembered process-wide, since every leaf is checked again and again.
///
/// # Errors
/// [`Error::BadSignature`] when it is not the wallet's signature over [`binding_text`] in canonical form.
pub fn verify_binding(address: &Address, public: &[u8], binding: &[u8]) -> Result<()> {
    let id = id_of(address, public, binding);
    let cache = || CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if cache().contains(&id) {
        return Ok(());
    }
    if recover(&binding_text(address, public), binding)? != *address {
        return Err(bad("binding is by another wallet"));
    }
    cache().insert(id);
    Ok(())
}

fn id_of(address: &Address, public: &[u8], binding: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(address)
        .chain_update(binding)
        .chain_update(public)
        .finalize()
        .into()
}

/// Recovers the signer of an EIP-191 personal message.
fn recover(text: &str, signature: &[u8]) -> Result<Address> {
    let [rs @ .., v] = signature else {
        return Err(bad("empty binding"));
    };
    if signature.len() != BINDING_LEN || !(27..=28).contains(v) {
        return Err(bad("binding is not r, s, v in 65 bytes"));
    }
    let recovery = RecoveryId::try_from(i32::from(v - 27)).map_err(|_| bad("recovery id"))?;
    let signature =
        RecoverableSignature::from_compact(rs, recovery).map_err(|_| bad("r or s out of range"))?;
    let standard = signature.to_standard();
    let mut low = standard;
    low.normalize_s();
    if low != standard {
        return Err(bad("s is not low"));
    }
    let key = VERIFIER
        .recover_ecdsa(Message::from_digest(personal_digest(text)), &signature)
        .map_err(|_| bad("no key recovers"))?;
    let hash = Keccak256::digest(&key.serialize_uncompressed()[1..]);
    let mut address = Address::default();
    address.copy_from_slice(&hash[12..]);
    Ok(address)
}

/// Keccak-256 of the EIP-191 version 0x45 envelope.
pub(crate) fn personal_digest(text: &str) -> [u8; 32] {
    let mut hasher = Keccak256::new();
    hasher.update(format!("\x19Ethereum Signed Message:\n{}", text.len()));
    hasher.update(text);
    hasher.finalize().into()
}

fn bad(reason: &str) -> Error {
    Error::BadSignature(format!("wallet binding: {reason}"))
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
}

/// Two generations of a set: when the young one is full it becomes the old one, and the old one goes.
#[derive(Default)]
struct Cache {
    young: HashSet<[u8; 32]>,
    old: HashSet<[u8; 32]>,
}

static VERIFIER: LazyLock<Secp256k1<VerifyOnly>> = LazyLock::new(Secp256k1::verification_only);
static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);

impl Cache {
    fn contains(&self, id: &[u8; 32]) -> bool {
        self.young.contains(id) || self.old.contains(id)
    }

    fn insert(&mut self, id: [u8; 32]) {
        if self.young.len() >= CACHE_GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id);
    }
}

/// Runs `work` while a false binding counts as verified: what a hostile member's software would do.
#[cfg(test)]
pub(crate) fn while_trusted<T>(keys: &crate::LeafKeys, work: impl FnOnce() -> T) -> T {
    let cache = || CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let id = id_of(&keys.address, &keys.public, &keys.binding);
    cache().insert(id);
    let done = work();
    cache().young.remove(&id);
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf::testing::Wallet;

    #[test]
    fn accepts_the_owner_and_nobody_else() {
        let (alice, bob) = (Wallet::new(1), Wallet::new(2));
        let binding = alice.bind(b"key");
        verify_binding(&alice.address, b"key", &binding).unwrap();
        verify_binding(&alice.address, b"key", &binding).unwrap();
        for (address, key) in [(&bob.address, &b"key"[..]), (&alice.address, b"other")] {
            assert!(matches!(
                verify_binding(address, key, &binding),
                Err(Error::BadSignature(_))
            ));
        }
    }

    #[test]
    fn refuses_every_other_encoding() {
        let wallet = Wallet::new(3);
        let good = wallet.bind(b"key");
        let refused = |binding: &[u8]| {
            assert!(matches!(
                verify_binding(&wallet.address, b"key", binding),
                Err(Error::BadSignature(_))
            ));
        };
        refused(&[]);
        refused(&good[..64]);
        refused(&[&good[..], &[0]].concat());
        for v in [0, 1, 26, 29, 255] {
            let mut other = good.clone();
            other[64] = v;
            refused(&other);
        }
        refused(&high_s(&good));
        refused(&[0u8; 65]);
        refused(&[255u8; 65]);
    }

    /// The same signature with s replaced by n - s and v flipped: valid for lax verifiers.
    fn high_s(binding: &[u8]) -> Vec<u8> {
        const N: [u8; 32] = [
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c,
            0xd0, 0x36, 0x41, 0x41,
        ];
        let mut other = binding.to_vec();
        let mut borrow = 0i16;
        for i in (0..32).rev() {
            let digit = i16::from(N[i]) - i16::from(binding[32 + i]) - borrow;
            borrow = i16::from(digit < 0);
            other[32 + i] = u8::try_from(digit.rem_euclid(256)).unwrap();
        }
        other[64] = 55 - binding[64];
        other
    }

    #[test]
    fn text_is_fixed() {
        assert_eq!(
            binding_text(&[0xAB; 20], &[0x01, 0xFF]),
            format!(
                "demls wallet binding v1\naddress: 0x{}\nmls signature key: 01ff",
                "ab".repeat(20)
            ),
        );
    }

    #[test]
    fn cache_stays_bounded() {
        let mut cache = Cache::default();
        for i in 0..(CACHE_GENERATION * 3) as u32 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&i.to_be_bytes());
            cache.insert(id);
            assert!(cache.contains(&id));
        }
        assert!(cache.young.len() + cache.old.len() <= 2 * CACHE_GENERATION);
    }
}
