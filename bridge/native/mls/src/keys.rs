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
        let (secret, public) = suite.signature_keys()?;
        let binding = sign(&binding_text(&address, &public))?;
        verify_binding(&address, &public, &binding)?;
        Ok(Self {
            suite,
            address,
            binding,
            public,
            secret,
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
