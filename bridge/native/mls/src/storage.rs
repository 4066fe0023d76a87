//! The storage traits of mls-rs over a [`Store`], for one leaf.

use mls_rs::mls_rs_codec::{MlsDecode, MlsEncode};
use mls_rs_core::group::{EpochRecord, GroupState, GroupStateStorage};
use mls_rs_core::key_package::{KeyPackageData, KeyPackageStorage};
use mls_rs_core::psk::{ExternalPskId, PreSharedKey, PreSharedKeyStorage};
use zeroize::Zeroizing;

use crate::{Address, Error, Result, Store, Table};

type Bytes = Zeroizing<Vec<u8>>;

/// The rows of one leaf.
#[derive(Clone)]
pub(crate) struct LeafStorage {
    pub(crate) store: Store,
    pub(crate) address: Address,
    /// How many past epochs to keep, for chat that was sent just before a commit.
    pub(crate) past_epochs: u64,
    /// A state to load instead of the stored one: the stored one with cached proposals put in.
    pub(crate) instead: Option<Bytes>,
}

impl LeafStorage {
    fn epoch_key(&self, epoch: u64) -> Vec<u8> {
        [&self.address[..], &epoch.to_be_bytes()].concat()
    }

    pub(crate) fn key_package_key(&self, reference: &[u8]) -> Vec<u8> {
        [&self.address[..], reference].concat()
    }

    /// Whether the secrets of a past epoch are still here.
    pub(crate) fn has_epoch(&self, epoch: u64) -> bool {
        self.store.has(Table::Epochs, &self.epoch_key(epoch))
    }

    /// Forgets everything of the group (not the key packages and signature keys).
    pub(crate) fn wipe_group(&self) {
        self.store.delete(Table::States, &self.address);
        self.store.delete_prefix(Table::Epochs, &self.address);
        self.store.delete_prefix(Table::Proposals, &self.address);
        self.store.delete(Table::Pending, &self.address);
    }
}

impl GroupStateStorage for LeafStorage {
    type Error = Error;

    fn state(&self, _group_id: &[u8]) -> Result<Option<Bytes>> {
        Ok(self
            .instead
            .clone()
            .or_else(|| self.store.get(Table::States, &self.address)))
    }

    fn epoch(&self, _group_id: &[u8], epoch: u64) -> Result<Option<Bytes>> {
        Ok(self.store.get(Table::Epochs, &self.epoch_key(epoch)))
    }

    fn write(
        &mut self,
        state: GroupState,
        inserts: Vec<EpochRecord>,
        updates: Vec<EpochRecord>,
    ) -> Result<()> {
        for record in inserts {
            if self.past_epochs == 0 {
                continue;
            }
            self.store
                .put(Table::Epochs, &self.epoch_key(record.id), record.data);
            let stored = self.store.keys(Table::Epochs, &self.address);
            let surplus = stored
                .len()
                .saturating_sub(usize::try_from(self.past_epochs).unwrap_or(usize::MAX));
            for key in &stored[..surplus] {
                self.store.delete(Table::Epochs, key);
            }
        }
        for record in updates {
            // Only what is still kept: an update must not bring a trimmed epoch back.
            if self.has_epoch(record.id) {
                self.store
                    .put(Table::Epochs, &self.epoch_key(record.id), record.data);
            }
        }
        self.store.put(Table::States, &self.address, state.data);
        Ok(())
    }

    fn max_epoch_id(&self, _group_id: &[u8]) -> Result<Option<u64>> {
        let last = self.store.keys(Table::Epochs, &self.address).pop();
        Ok(last.and_then(|key| {
            key.last_chunk::<8>()
                .map(|epoch| u64::from_be_bytes(*epoch))
        }))
    }
}

impl KeyPackageStorage for LeafStorage {
    type Error = Error;

    /// mls-rs repeats this on every write after a join.
    fn delete(&mut self, id: &[u8]) -> Result<()> {
        self.store
            .delete(Table::KeyPackages, &self.key_package_key(id));
        Ok(())
    }

    fn insert(&mut self, id: Vec<u8>, package: KeyPackageData) -> Result<()> {
        let row = Bytes::new(package.mls_encode_to_vec().map_err(Error::internal)?);
        self.store
            .put(Table::KeyPackages, &self.key_package_key(&id), row);
        Ok(())
    }

    fn get(&self, id: &[u8]) -> Result<Option<KeyPackageData>> {
        self.store
            .get(Table::KeyPackages, &self.key_package_key(id))
            .map(|row| KeyPackageData::mls_decode(&mut row.as_slice()).map_err(Error::internal))
            .transpose()
    }
}

/// Pre-shared keys are not used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoPsk;

impl PreSharedKeyStorage for NoPsk {
    type Error = Error;

    fn get(&self, _id: &ExternalPskId) -> Result<Option<PreSharedKey>> {
        Ok(None)
    }
}
