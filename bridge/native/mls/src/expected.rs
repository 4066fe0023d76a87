//! What a Welcome must lead to.

use mls_rs::group::GroupContext;
use mls_rs::mls_rs_codec::MlsEncode;
use sha2::{Digest, Sha256};

use crate::{Error, Result, context};

/// What is known of the group that a Welcome should be to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// The group's id.
    pub group_id: Option<&'a [u8]>,
    /// Fingerprints of epochs that are known, from the side of another leaf.
    pub known: &'a [(u64, Vec<u8>)],
    /// Whether the epoch must be a known one.
    pub only_known: bool,
}

impl Expected<'_> {
    pub(crate) fn check(&self, context: &GroupContext) -> std::result::Result<(), &'static str> {
        if self.group_id.is_some_and(|id| id != context.group_id) {
            return Err("another group than the one asked for");
        }
        context::policy(&context.extensions)?;
        match self.known.iter().find(|(epoch, _)| *epoch == context.epoch) {
            Some((_, known)) if fingerprint_of(context).is_ok_and(|found| found == *known) => {
                Ok(())
            }
            Some(_) => Err("not the branch of the group that we are on"),
            None if self.only_known => Err("an epoch that we do not know"),
            None => Ok(()),
        }
    }
}

/// The hash that two leaves share exactly when they are in the same epoch of the same branch.
pub(crate) fn fingerprint_of(context: &GroupContext) -> Result<Vec<u8>> {
    let bytes = context.mls_encode_to_vec().map_err(Error::internal)?;
    Ok(Sha256::digest(bytes).to_vec())
}
