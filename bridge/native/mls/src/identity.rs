//! Who a leaf is: a basic credential with address (20 bytes) ‖ wallet binding (65 bytes).

use mls_rs::identity::basic::BasicCredential;
use mls_rs::identity::{Credential, CredentialType, SigningIdentity};
use mls_rs::time::MlsTime;
use mls_rs::{ExtensionList, IdentityProvider};
use mls_rs_core::crypto::SignaturePublicKey;
use mls_rs_core::identity::MemberValidationContext;

use crate::binding::{BINDING_LEN, verify_binding};
use crate::{Address, Error, Result};

/// The signing identity of a leaf.
pub(crate) fn signing_identity(
    address: &Address,
    binding: &[u8],
    public: SignaturePublicKey,
) -> SigningIdentity {
    let content = [address.as_slice(), binding].concat();
    SigningIdentity::new(BasicCredential::new(content).into_credential(), public)
}

/// The address in a credential. Cheap: mls-rs asks for it n² times.
pub(crate) fn address_of(identity: &SigningIdentity) -> Result<Address> {
    split(identity).map(|(address, _)| address)
}

fn split(identity: &SigningIdentity) -> Result<(Address, &[u8])> {
    let Credential::Basic(basic) = &identity.credential else {
        return Err(Error::BadSignature("credential is not basic".into()));
    };
    match basic.identifier().split_first_chunk::<20>() {
        Some((address, binding)) if binding.len() == BINDING_LEN => Ok((*address, binding)),
        _ => Err(Error::BadSignature(
            "credential is not address and binding".into(),
        )),
    }
}

/// Accepts a leaf only with the binding of its address' wallet to its signature key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WalletIdentity;

impl IdentityProvider for WalletIdentity {
    type Error = Error;

    fn validate_member(
        &self,
        identity: &SigningIdentity,
        _time: Option<MlsTime>,
        _context: MemberValidationContext<'_>,
    ) -> Result<()> {
        let (address, binding) = split(identity)?;
        verify_binding(&address, &identity.signature_key, binding)
    }

    fn validate_external_sender(
        &self,
        _identity: &SigningIdentity,
        _time: Option<MlsTime>,
        _extensions: Option<&ExtensionList>,
    ) -> Result<()> {
        Err(Error::NotAllowed("external senders".into()))
    }

    fn identity(&self, identity: &SigningIdentity, _extensions: &ExtensionList) -> Result<Vec<u8>> {
        address_of(identity).map(Vec::from)
    }

    /// A leaf may change its signature key (with a new binding), never its address.
    fn valid_successor(
        &self,
        predecessor: &SigningIdentity,
        successor: &SigningIdentity,
        _extensions: &ExtensionList,
    ) -> Result<bool> {
        Ok(address_of(predecessor)? == address_of(successor)?)
    }

    fn supported_types(&self) -> Vec<CredentialType> {
        vec![BasicCredential::credential_type()]
    }
}
