//! A leaf's MLS signature key pair and the wallet binding over it.

use std::fmt;

use mls_rs_core::crypto::{SignaturePublicKey, SignatureSecretKey};
use zeroize::Zeroizing;

use crate::client::Suite;
use crate::codec::{exact, fields, put};
use crate::{Address, Error, Result, Store, Table, binding_text, verify_binding};

/// The signature keys of one address in one group. Kept through removal and rejoin: messages of past epochs
/// stay verifiable only while the leaf's key is the same.
#[derive(Clone)]
pub struct LeafKeys {
    pub(crate) suite: Suite,
    pub(crate) address: Address,
    pub(crate) binding: Vec<u8>,
    pub(crate) public: SignaturePublicKey,
    pub(crate) secret: SignatureSecretKey,
}

impl fmt::Debug for LeafKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeafKeys")
            .field("suite", &self.suite)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl LeafKeys {
    /// Generates a key pair that no wallet stands behind yet: it can be stored, but makes no key package.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn draft(suite: Suite, address: Address) -> Result<Self> {
        let (secret, public) = suite.signature_keys()?;
        Ok(Self {
            suite,
            address,
            binding: Vec::new(),
            public,
            secret,
        })
    }

    /// Generates a key pair and has it bound: `sign` gets the binding text and returns the wallet's
    /// EIP-191 signature over it (65 bytes).
    ///
    /// # Errors
    /// What `sign` fails with; [`Error::BadSignature`] when its answer does not verify.
    pub fn generate<E: From<Error>>(
        suite: Suite,
        address: Address,
        sign: impl FnOnce(&str) -> std::result::Result<Vec<u8>, E>,
    ) -> std::result::Result<Self, E> {
        let draft = Self::draft(suite, address)?;
        let binding = sign(&draft.text())?;
        Ok(draft.bound(binding)?)
    }

    /// Whether the wallet has signed the binding.
    pub fn is_bound(&self) -> bool {
        !self.binding.is_empty()
    }

    /// What the wallet has to sign.
    pub fn text(&self) -> String {
        binding_text(&self.address, &self.public)
    }

    /// The same keys with their wallet's signature.
    ///
    /// # Errors
    /// [`Error::BadSignature`] when it is not the wallet's signature over [`LeafKeys::text`].
    pub fn bound(&self, binding: Vec<u8>) -> Result<Self> {
        verify_binding(&self.address, &self.public, &binding)?;
        Ok(Self {
            binding,
            ..self.clone()
        })
    }

    /// Reads the keys of an address from its row; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::Internal`] when the row does not parse.
    pub fn load(store: &Store, suite: Suite, address: &Address) -> Result<Option<Self>> {
        let Some(row) = store.get(Table::LeafKeys, address) else {
            return Ok(None);
        };
        let [number, binding, public, secret] = fields(&row)?;
        if exact::<2>(number)? != suite.number().to_be_bytes() {
            return Err(Error::internal("stored keys are of another cipher suite"));
        }
        Ok(Some(Self {
            suite,
            address: *address,
            binding: binding.to_vec(),
            public: SignaturePublicKey::from(public.to_vec()),
            secret: SignatureSecretKey::from(secret.to_vec()),
        }))
    }

    /// Writes the keys to their row.
    pub fn save(&self, store: &Store) {
        let mut row = Zeroizing::new(Vec::new());
        for field in [
            &self.suite.number().to_be_bytes()[..],
            &self.binding,
            &self.public,
            self.secret.as_bytes(),
        ] {
            put(&mut row, field);
        }
        store.put(Table::LeafKeys, &self.address, row);
    }

    /// The address that these keys act for.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Leaf;
    use crate::leaf::testing::Wallet;

    #[test]
    fn a_draft_waits_for_its_wallet() {
        let (store, wallet, other) = (Store::default(), Wallet::new(1), Wallet::new(2));
        let draft = LeafKeys::draft(Suite::Aes128, wallet.address).unwrap();
        draft.save(&store);
        let again = LeafKeys::load(&store, Suite::Aes128, &wallet.address)
            .unwrap()
            .unwrap();
        assert!(!again.is_bound());
        assert_eq!(again.text(), draft.text());
        let refused = Leaf::new(&store, again.clone(), 0).key_package(1_700_000_000);
        assert!(matches!(refused, Err(Error::NotPermitted(_))));
        assert!(matches!(
            again.bound(other.sign(&again.text())),
            Err(Error::BadSignature(_))
        ));
        assert!(matches!(
            again.bound(Vec::new()),
            Err(Error::BadSignature(_))
        ));
        let bound = again.bound(wallet.sign(&again.text())).unwrap();
        assert!(bound.is_bound());
        assert!(
            Leaf::new(&store, bound, 0)
                .key_package(1_700_000_000)
                .is_ok()
        );
    }
}
