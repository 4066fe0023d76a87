//! The group context of our groups: exactly the required capabilities and the group policy.

use mls_rs::extension::ExtensionType;
use mls_rs::extension::built_in::RequiredCapabilitiesExt;
use mls_rs::identity::basic::BasicCredential;
use mls_rs::{Extension, ExtensionList};

use crate::{Error, Result};

/// The group policy's extension type, from the private-use range 0xF000–0xFFFF (RFC 9420 section 17.3).
/// Its content is opaque here; `bridge/protocol/policy.py` encodes it.
pub const POLICY_EXTENSION: u16 = 0xF0E1;

/// Longest policy in bytes: it travels in every Welcome and every policy change.
const MAX_POLICY: usize = 65_536;

pub(crate) fn policy_type() -> ExtensionType {
    ExtensionType::new(POLICY_EXTENSION)
}

fn required() -> RequiredCapabilitiesExt {
    RequiredCapabilitiesExt::new(
        vec![policy_type()],
        vec![],
        vec![BasicCredential::credential_type()],
    )
}

/// The whole extension list for a policy. A change of policy replaces the whole list (RFC 9420 section
/// 12.1.7), so it always repeats the required capabilities.
pub(crate) fn extensions(policy: &[u8]) -> Result<ExtensionList> {
    if policy.len() > MAX_POLICY {
        return Err(Error::NotPermitted("the policy is too long"));
    }
    let mut list = ExtensionList::new();
    list.set_from(required()).map_err(Error::internal)?;
    list.set(Extension::new(policy_type(), policy.to_vec()));
    Ok(list)
}

/// Reads the policy from a list that must be exactly what [`extensions`] makes: one that drops the required
/// capabilities, or adds anything (external senders, say), is refused.
pub(crate) fn policy(list: &ExtensionList) -> std::result::Result<Vec<u8>, &'static str> {
    let capabilities: Option<RequiredCapabilitiesExt> =
        list.get_as().map_err(|_| "bad required capabilities")?;
    if capabilities != Some(required()) {
        return Err("the required capabilities are missing or others");
    }
    let Some(policy) = list.get(policy_type()) else {
        return Err("the policy is missing");
    };
    if list.iter().count() != 2 {
        return Err("unknown group-context extensions");
    }
    if policy.extension_data.len() > MAX_POLICY {
        return Err("the policy is too long");
    }
    Ok(policy.extension_data)
}
