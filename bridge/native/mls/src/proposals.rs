//! Opened proposals of the present epoch, kept outside the group state (see `snapshot`).

use mls_rs::group::proposal::Proposal;
use mls_rs::group::{ProposalMessageDescription, ProposalSender, ReceivedMessage};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::codec::{exact, fields, put};
use crate::error::translate;
use crate::leaf::{Loaded, address_at};
use crate::message::{Kind, parse};
use crate::snapshot::{Cached, cached};
use crate::{Address, Error, Leaf, Result, Table};

/// An opened proposal: one of this leaf, or a member's update that waits for the next commit.
pub(crate) struct Kept {
    pub(crate) message: Vec<u8>,
    pub(crate) sender: u32,
    pub(crate) reference: Vec<u8>,
    pub(crate) cached: Cached,
}

impl Leaf {
    /// An update proposal of this leaf: fresh keys, to be committed by the steward. One per epoch: asked again
    /// it returns the same message.
    ///
    /// # Errors
    /// [`Error::NotAMember`].
    pub fn propose_update(&mut self) -> Result<Vec<u8>> {
        let own = self.group(Loaded::Full)?.current_member_index();
        if let Some(kept) = self.kept()?.into_iter().find(|kept| kept.sender == own) {
            return Ok(kept.message);
        }
        let (bytes, reference) = self.attempt(Loaded::Full, |group, _| {
            let message = group
                .propose_update(vec![])
                .map_err(|error| translate(error, Error::Internal))?;
            let cached = group.get_cached_proposals();
            let [proposal] = &cached[..] else {
                return Err(Error::internal("an own proposal is not cached"));
            };
            Ok((
                message.to_bytes().map_err(Error::internal)?,
                proposal.proposal_ref().to_vec(),
            ))
        })?;
        self.keep(&bytes, own, reference)?;
        Ok(bytes)
    }

    /// Opens a member's update proposal and keeps it for [`Leaf::build`]; returns its sender.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] for anything but an update, and for a second one of the same leaf;
    /// [`Error::Replayed`]; [`Error::Malformed`], [`Error::WrongGroup`], [`Error::WrongEpoch`],
    /// [`Error::Undecryptable`].
    pub fn receive_proposal(&mut self, bytes: &[u8]) -> Result<Address> {
        let (message, peeked) = parse(bytes)?;
        if peeked.kind != Kind::Proposal {
            return Err(Error::malformed("not a proposal"));
        }
        let ours = self.check_group(&peeked)?;
        if peeked.epoch != ours {
            return Err(Error::WrongEpoch {
                epoch: peeked.epoch,
                ours,
            });
        }
        if self
            .storage
            .store
            .has(Table::Proposals, &self.proposal_key(bytes))
        {
            return Err(Error::Replayed);
        }
        let senders: Vec<u32> = self.kept()?.iter().map(|kept| kept.sender).collect();
        let (sender, index, reference) = self.attempt(Loaded::Full, |group, _| {
            let received = group
                .process_incoming_message(message)
                .map_err(|error| translate(error, Error::Undecryptable))?;
            let (index, description) = from_member(received)?;
            if !matches!(description.proposal, Proposal::Update(_)) {
                return Err(Error::NotAllowed("a proposal that is not an update".into()));
            }
            if senders.contains(&index) {
                return Err(Error::NotAllowed("a second update of one leaf".into()));
            }
            Ok((address_at(group, index)?, index, description.proposal_ref()))
        })?;
        self.keep(bytes, index, reference)?;
        Ok(sender)
    }

    /// Moves the one proposal cached in the group to a row of its own.
    fn keep(&mut self, message: &[u8], sender: u32, reference: Vec<u8>) -> Result<()> {
        self.save()?;
        let entry = cached(&self.state()?)?;
        let mut row = Zeroizing::new(Vec::new());
        for field in [
            message,
            &sender.to_be_bytes(),
            &reference,
            &entry.all,
            &entry.own,
        ] {
            put(&mut row, field);
        }
        self.storage
            .store
            .put(Table::Proposals, &self.proposal_key(message), row);
        self.group(Loaded::Full)?.clear_proposal_cache();
        self.save()
    }

    /// The proposals kept in the present epoch.
    pub(crate) fn kept(&self) -> Result<Vec<Kept>> {
        let store = &self.storage.store;
        let keys = store.keys(Table::Proposals, &self.keys.address);
        keys.iter()
            .filter_map(|key| store.get(Table::Proposals, key))
            .map(|row| read(&row))
            .collect()
    }

    /// The kept proposal that came as this message.
    pub(crate) fn kept_as(&self, message: &[u8]) -> Result<Option<Kept>> {
        self.storage
            .store
            .get(Table::Proposals, &self.proposal_key(message))
            .map(|row| read(&row))
            .transpose()
    }

    /// Forgets the proposals of an epoch that is over.
    pub(crate) fn forget_kept(&self) {
        self.storage
            .store
            .delete_prefix(Table::Proposals, &self.keys.address);
    }

    fn proposal_key(&self, message: &[u8]) -> Vec<u8> {
        [&self.keys.address[..], &Sha256::digest(message)].concat()
    }
}

/// A proposal that a member sent: leaf index and description.
pub(crate) fn from_member(received: ReceivedMessage) -> Result<(u32, ProposalMessageDescription)> {
    match received {
        ReceivedMessage::Proposal(description) => match description.sender {
            ProposalSender::Member(index) => Ok((index, description)),
            _ => Err(Error::NotAllowed(
                "a proposal from outside the group".into(),
            )),
        },
        _ => Err(Error::malformed("not a proposal")),
    }
}

fn read(row: &[u8]) -> Result<Kept> {
    let [message, sender, reference, all, own] = fields(row)?;
    Ok(Kept {
        message: message.to_vec(),
        sender: u32::from_be_bytes(exact(sender)?),
        reference: reference.to_vec(),
        cached: Cached {
            all: all.to_vec(),
            own: own.to_vec(),
        },
    })
}

#[cfg(test)]
mod tests;
