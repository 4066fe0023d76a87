//! One leaf: its group state, and what it does besides commits (those are in `handshake`).
//!
//! Every change is written to the store before its result is returned, and a refused message leaves no trace:
//! after any failure the state is read back from the store on next use. (mls-rs burns a message key before it
//! knows whether the message is genuine, so somebody who copies a message and spoils its last byte could
//! otherwise make the true one unreadable.)

use mls_rs::ExtensionList;
use mls_rs::group::ReceivedMessage;
use mls_rs::mls_rs_codec::MlsDecode;
use mls_rs::time::MlsTime;
use mls_rs_core::key_package::KeyPackageData;
use zeroize::Zeroizing;

use crate::client::{LeafClient, LeafGroup, client};
use crate::error::translate;
use crate::expected::fingerprint_of;
use crate::identity::address_of;
use crate::key_package::BACKDATED;
use crate::message::{Kind, Peeked, parse};
use crate::snapshot::context_of;
use crate::storage::LeafStorage;
use crate::{
    Address, Error, LeafKeys, Result, Store, Table, context, expected::Expected, key_package,
    message, tree,
};

/// Unused key packages that a leaf keeps; older ones go, and with them Welcomes that still name them.
const MAX_KEY_PACKAGES: usize = 8;

/// A decrypted application message.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The authenticated sender.
    pub sender: Address,
    /// Epoch that it was sent in.
    pub epoch: u64,
    /// The content.
    pub plaintext: Vec<u8>,
}

/// The group as a leaf sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Id of the group.
    pub group_id: Vec<u8>,
    /// Present epoch.
    pub epoch: u64,
    /// Members by ascending leaf index.
    pub members: Vec<Address>,
    /// The group policy.
    pub policy: Vec<u8>,
}

/// How much of the group is in memory. Sending needs no tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loaded {
    WithoutTree,
    Full,
}

/// One member's side of one group.
pub struct Leaf {
    pub(crate) keys: LeafKeys,
    pub(crate) storage: LeafStorage,
    client: LeafClient,
    group: Option<(LeafGroup, Loaded)>,
    /// A group that is never stored; key packages are checked with it.
    scratch: Option<LeafGroup>,
    /// Grows with every change of state; tells whether a staged commit was made from the present one.
    pub(crate) version: u64,
}

impl Leaf {
    /// The leaf of these keys, in the group that the store has for it (none before [`Leaf::join`] or
    /// [`Leaf::create`]). `past_epochs`: of how many past epochs chat can still be opened.
    pub fn new(store: &Store, keys: LeafKeys, past_epochs: u64) -> Self {
        let storage = LeafStorage {
            store: store.clone(),
            address: keys.address,
            past_epochs,
            instead: None,
        };
        let client = client(&keys, storage.clone());
        Self {
            keys,
            storage,
            client,
            group: None,
            scratch: None,
            version: 0,
        }
    }

    /// Whether this leaf is in a group.
    pub fn is_member(&self) -> bool {
        self.storage.store.has(Table::States, &self.keys.address)
    }

    /// Id and epoch of the group, without loading it.
    ///
    /// # Errors
    /// [`Error::NotAMember`].
    pub fn position(&self) -> Result<(Vec<u8>, u64)> {
        let context = context_of(&self.state()?)?;
        Ok((context.group_id, context.epoch))
    }

    /// The hash that two leaves share exactly when they are in the same epoch of the same branch.
    ///
    /// # Errors
    /// [`Error::NotAMember`].
    pub fn fingerprint(&self) -> Result<Vec<u8>> {
        fingerprint_of(&context_of(&self.state()?)?)
    }

    /// The group at the present epoch.
    ///
    /// # Errors
    /// [`Error::NotAMember`].
    pub fn view(&mut self) -> Result<View> {
        let group = self.group(Loaded::Full)?;
        let members = group.roster().members_iter();
        Ok(View {
            group_id: group.group_id().to_vec(),
            epoch: group.current_epoch(),
            members: members
                .map(|member| address_of(&member.signing_identity))
                .collect::<Result<_>>()?,
            policy: context::policy(&group.context().extensions).map_err(Error::internal)?,
        })
    }

    /// Creates a group with this leaf as its only member.
    ///
    /// # Errors
    /// [`Error::AlreadyMember`]; [`Error::NotPermitted`] for a policy that is too long.
    pub fn create(&mut self, group_id: &[u8], policy: &[u8], now: u64) -> Result<()> {
        if self.is_member() {
            return Err(Error::AlreadyMember);
        }
        let extensions = context::extensions(policy)?;
        let time = Some(MlsTime::from(now));
        let group = self
            .client
            .create_group_with_id(group_id.to_vec(), extensions, ExtensionList::new(), time)
            .map_err(Error::internal)?;
        self.enter(group)
    }

    /// Makes a key package in bare form; its secrets are kept until it is used, expires or is crowded out.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] while the wallet has not signed the binding; [`Error::Internal`].
    pub fn key_package(&mut self, now: u64) -> Result<Vec<u8>> {
        if !self.keys.is_bound() {
            return Err(Error::NotPermitted("its wallet has not signed the binding"));
        }
        self.trim_key_packages(now)?;
        let none = ExtensionList::new;
        let message = self
            .client
            .generate_key_package_message(
                none(),
                none(),
                Some(MlsTime::from(now.saturating_sub(BACKDATED))),
            )
            .map_err(|error| translate(error, Error::Internal))?;
        key_package::to_bare(&message)
    }

    /// Drops key packages that have expired, and the oldest ones beyond the limit.
    fn trim_key_packages(&self, now: u64) -> Result<()> {
        let store = &self.storage.store;
        let mut kept = Vec::new();
        for key in store.keys(Table::KeyPackages, &self.keys.address) {
            let Some(row) = store.get(Table::KeyPackages, &key) else {
                continue;
            };
            let package =
                KeyPackageData::mls_decode(&mut row.as_slice()).map_err(Error::internal)?;
            if package.expiration < now {
                store.delete(Table::KeyPackages, &key);
            } else {
                kept.push((package.expiration, key));
            }
        }
        kept.sort();
        let surplus = (kept.len() + 1).saturating_sub(MAX_KEY_PACKAGES);
        for (_, key) in &kept[..surplus] {
            store.delete(Table::KeyPackages, key);
        }
        Ok(())
    }

    /// Validates somebody's key package (bare form) for this group's suite; returns its address.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::BadSignature`] or [`Error::NotAllowed`].
    pub fn check_key_package(&mut self, bytes: &[u8], now: u64) -> Result<Address> {
        let mut scratch = match self.scratch.take() {
            Some(group) => group,
            None => self
                .client
                .create_group_with_id(
                    b"scratch".to_vec(),
                    context::extensions(b"")?,
                    ExtensionList::new(),
                    None,
                )
                .map_err(Error::internal)?,
        };
        let checked = key_package::check(&mut scratch, self.keys.suite, bytes, now);
        self.scratch = Some(scratch);
        checked
    }

    /// Joins by a Welcome (with tree). False when it is not for this leaf.
    /// Lifetimes of the leaves in the tree are not judged: a member may stay longer than its key package.
    ///
    /// # Errors
    /// [`Error::Malformed`]; [`Error::InvalidGroup`] with nothing changed, the key package kept.
    pub fn join(&mut self, welcome: &[u8], expected: &Expected<'_>) -> Result<bool> {
        let welcome = message::decode(welcome)?;
        if welcome.wire_format() != mls_rs::WireFormat::Welcome {
            return Err(Error::malformed("not a Welcome"));
        }
        let ours = |reference: &[u8]| {
            self.storage
                .store
                .has(Table::KeyPackages, &self.storage.key_package_key(reference))
        };
        if !welcome
            .welcome_key_package_references()
            .iter()
            .any(|reference| ours(reference))
        {
            return Ok(false);
        }
        let (group, _) = self
            .client
            .join_group(None, &welcome, None)
            .map_err(|error| Error::InvalidGroup(error.to_string()))?;
        expected
            .check(group.context())
            .map_err(|reason| Error::InvalidGroup(reason.into()))?;
        self.enter(group)?;
        Ok(true)
    }

    /// Replaces whatever group this leaf was in.
    fn enter(&mut self, group: LeafGroup) -> Result<()> {
        self.storage.wipe_group();
        self.group = Some((group, Loaded::Full));
        self.save()
    }

    /// Forgets the group and unused key packages. The signature keys stay, for a rejoin.
    pub fn forget(&mut self) {
        self.forget_group();
        self.storage
            .store
            .delete_prefix(Table::KeyPackages, &self.keys.address);
    }

    /// Forgets the group: nothing of it can be sealed or opened any more.
    pub fn forget_group(&mut self) {
        self.group = None;
        self.storage.wipe_group();
        self.version += 1;
    }

    /// Encrypts an application message in the present epoch, padded.
    ///
    /// # Errors
    /// [`Error::NotAMember`].
    pub fn seal(&mut self, plaintext: &[u8]) -> Result<Vec<u8>> {
        let message = self.attempt(Loaded::WithoutTree, |group, _| {
            let message = group
                .encrypt_application_message(plaintext, vec![])
                .map_err(|error| translate(error, Error::Internal))?;
            message.to_bytes().map_err(Error::internal)
        })?;
        self.save()?;
        Ok(message)
    }

    /// Decrypts an application message of the present or a kept past epoch.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::WrongGroup`], [`Error::WrongEpoch`], [`Error::Undecryptable`].
    pub fn open(&mut self, bytes: &[u8]) -> Result<Opened> {
        let (message, peeked) = parse(bytes)?;
        if peeked.kind != Kind::Application {
            return Err(Error::malformed("not an application message"));
        }
        let ours = self.check_group(&peeked)?;
        let past = peeked.epoch < ours && self.storage.has_epoch(peeked.epoch);
        if peeked.epoch != ours && !past {
            return Err(Error::WrongEpoch {
                epoch: peeked.epoch,
                ours,
            });
        }
        let opened = self.attempt(Loaded::Full, |group, _| {
            match group.process_incoming_message(message) {
                Ok(ReceivedMessage::ApplicationMessage(content)) => Ok(Opened {
                    sender: address_at(group, content.sender_index)?,
                    epoch: peeked.epoch,
                    plaintext: content.data().to_vec(),
                }),
                Ok(_) => Err(Error::malformed("not an application message")),
                Err(error) => Err(translate(error, Error::Undecryptable)),
            }
        })?;
        self.save()?;
        Ok(opened)
    }

    /// The exporter of the present epoch (RFC 9420 section 8.5).
    ///
    /// # Errors
    /// [`Error::NotAMember`]; [`Error::NotPermitted`] for a length that the hash cannot give.
    pub fn export(
        &mut self,
        label: &[u8],
        context: &[u8],
        length: usize,
    ) -> Result<Zeroizing<Vec<u8>>> {
        if length > 255 * 32 {
            return Err(Error::NotPermitted("exporter length above 255 hashes"));
        }
        let secret = self
            .group(Loaded::WithoutTree)?
            .export_secret(label, context, length)
            .map_err(Error::internal)?;
        Ok(Zeroizing::new(secret.as_bytes().to_vec()))
    }

    /// Checks that a message is of this group; returns the group's epoch.
    pub(crate) fn check_group(&self, peeked: &Peeked) -> Result<u64> {
        let (group_id, epoch) = self.position()?;
        if peeked.group_id == group_id {
            Ok(epoch)
        } else {
            Err(Error::WrongGroup)
        }
    }

    /// Works on the group; if that fails the state is read back from the store on next use.
    pub(crate) fn attempt<T>(
        &mut self,
        need: Loaded,
        work: impl FnOnce(&mut LeafGroup, &LeafKeys) -> Result<T>,
    ) -> Result<T> {
        self.group(need)?;
        let Some((mut group, loaded)) = self.group.take() else {
            return Err(Error::NotAMember);
        };
        let done = work(&mut group, &self.keys)?;
        self.group = Some((group, loaded));
        self.version += 1;
        Ok(done)
    }

    /// The group, loaded from the store if need be.
    pub(crate) fn group(&mut self, need: Loaded) -> Result<&mut LeafGroup> {
        let enough =
            matches!(&self.group, Some((_, loaded)) if *loaded == Loaded::Full || *loaded == need);
        if !enough {
            self.group = Some((self.load(None, need)?, need));
        }
        self.group
            .as_mut()
            .map(|(group, _)| group)
            .ok_or(Error::NotAMember)
    }

    /// Puts a group in place (a staged commit was adopted).
    pub(crate) fn replace(&mut self, group: LeafGroup) -> Result<()> {
        self.group = Some((group, Loaded::Full));
        self.version += 1;
        self.save()
    }

    /// Loads the stored state, or this one `instead`, with the tree that it names. Proposals that a failed
    /// build left in the stored state are dropped: with any cached, nothing could be sealed.
    pub(crate) fn load(
        &self,
        instead: Option<Zeroizing<Vec<u8>>>,
        need: Loaded,
    ) -> Result<LeafGroup> {
        let stored = instead.is_none();
        let state = match &instead {
            Some(state) => state.clone(),
            None => self.state()?,
        };
        let named = context_of(&state)?;
        let storage = LeafStorage {
            instead,
            ..self.storage.clone()
        };
        let client = client(&self.keys, storage);
        let group = match need {
            Loaded::WithoutTree => client.load_group(&named.group_id),
            Loaded::Full => {
                let row = self
                    .storage
                    .store
                    .get(Table::Trees, &named.tree_hash)
                    .ok_or_else(|| {
                        Error::internal("the tree of a stored group state is missing")
                    })?;
                let tree = tree::from_row(&named.tree_hash, &row)?;
                client.load_group_with_ratchet_tree(&named.group_id, tree)
            }
        };
        let mut group = group.map_err(|error| translate(error, Error::Internal))?;
        if stored {
            group.clear_proposal_cache();
        }
        Ok(group)
    }

    /// Writes the state, without its tree, and the tree if the store does not have it yet.
    pub(crate) fn save(&mut self) -> Result<()> {
        let store = self.storage.store.clone();
        let group = self
            .group
            .as_mut()
            .map(|(group, _)| group)
            .ok_or(Error::NotAMember)?;
        let saved = group.write_to_storage_without_ratchet_tree();
        let hash = group.context().tree_hash.clone();
        if saved.is_ok() && !store.has(Table::Trees, &hash) {
            let tree = group.export_tree().to_bytes().map_err(Error::internal)?;
            store.put(Table::Trees, &hash, tree::to_row(&hash, &tree));
        }
        saved.map_err(|error| {
            self.group = None;
            translate(error, Error::Internal)
        })
    }

    pub(crate) fn state(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.storage
            .store
            .get(Table::States, &self.keys.address)
            .ok_or(Error::NotAMember)
    }
}

/// The address of the member at a leaf index.
pub(crate) fn address_at(group: &LeafGroup, index: u32) -> Result<Address> {
    let member = group
        .member_at_index(index)
        .ok_or_else(|| Error::internal("no member at that index"))?;
    address_of(&member.signing_identity)
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
