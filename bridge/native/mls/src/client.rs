//! The mls-rs client of a leaf: one configuration for all.

use std::time::Duration;

use mls_rs::client_builder::{
    EmptyConfig, WithCryptoProvider, WithGroupStateStorage, WithIdentityProvider,
    WithKeyPackageRepo, WithMlsRules, WithPskStore,
};
use mls_rs::error::IntoAnyError;
use mls_rs::{CipherSuite, CipherSuiteProvider, Client, CryptoProvider, Group};
use mls_rs_core::crypto::{SignaturePublicKey, SignatureSecretKey};
use mls_rs_crypto_rustcrypto::RustCryptoProvider;

use crate::identity::{WalletIdentity, signing_identity};
use crate::key_package::KEY_PACKAGE_LIFETIME;
use crate::rules::GroupRules;
use crate::storage::{LeafStorage, NoPsk};
use crate::{Error, LeafKeys, Result, context};

/// The cipher suites that groups may use (RFC 9420 section 17.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// 1: X25519, AES-128-GCM, SHA-256, Ed25519. The default.
    Aes128,
    /// 3: X25519, ChaCha20-Poly1305, SHA-256, Ed25519.
    ChaCha20,
}

impl TryFrom<u16> for Suite {
    type Error = Error;

    fn try_from(number: u16) -> Result<Self> {
        match number {
            1 => Ok(Self::Aes128),
            3 => Ok(Self::ChaCha20),
            _ => Err(Error::NotPermitted("cipher suite is neither 1 nor 3")),
        }
    }
}

impl Suite {
    /// The suite's number in the registry.
    pub fn number(self) -> u16 {
        u16::from(self.cipher_suite())
    }

    pub(crate) fn cipher_suite(self) -> CipherSuite {
        match self {
            Self::Aes128 => CipherSuite::CURVE25519_AES128,
            Self::ChaCha20 => CipherSuite::CURVE25519_CHACHA,
        }
    }

    fn provider(self) -> RustCryptoProvider {
        RustCryptoProvider::with_enabled_cipher_suites(vec![self.cipher_suite()])
    }

    /// A new signature key pair.
    pub(crate) fn signature_keys(self) -> Result<(SignatureSecretKey, SignaturePublicKey)> {
        self.provider()
            .cipher_suite_provider(self.cipher_suite())
            .ok_or_else(|| Error::internal("cipher suite not available"))?
            .signature_key_generate()
            .map_err(|error| Error::internal(error.into_any_error()))
    }
}

type Config = WithCryptoProvider<
    RustCryptoProvider,
    WithIdentityProvider<
        WalletIdentity,
        WithMlsRules<
            GroupRules,
            WithPskStore<
                NoPsk,
                WithKeyPackageRepo<LeafStorage, WithGroupStateStorage<LeafStorage, EmptyConfig>>,
            >,
        >,
    >,
>;
type MadeConfig = mls_rs::client_builder::IntoConfigOutput<Config>;
pub(crate) type LeafClient = Client<MadeConfig>;
pub(crate) type LeafGroup = Group<MadeConfig>;

/// A client that acts with these keys over this storage.
pub(crate) fn client(keys: &LeafKeys, storage: LeafStorage) -> LeafClient {
    mls_rs::client_builder::ClientBuilder::new_empty()
        .group_state_storage(storage.clone())
        .key_package_repo(storage)
        .psk_store(NoPsk)
        .mls_rules(GroupRules)
        .identity_provider(WalletIdentity)
        .crypto_provider(keys.suite.provider())
        .extension_type(context::policy_type())
        .key_package_lifetime(Duration::from_secs(KEY_PACKAGE_LIFETIME))
        .signing_identity(
            signing_identity(&keys.address, &keys.binding, keys.public.clone()),
            keys.secret.clone(),
            keys.suite.cipher_suite(),
        )
        .build()
}
