//! Commits: made detached, received on a copy; adopted or dropped afterwards.

use std::collections::{HashMap, HashSet};

use mls_rs::MlsMessage;
use mls_rs::group::proposal::Proposal;
use mls_rs::group::{
    CommitEffect, CommitMessageDescription, CommitSecrets, NewEpoch, ReceivedMessage, Sender,
};
use mls_rs::mls_rules::ProposalInfo;
use mls_rs::time::MlsTime;
use zeroize::Zeroizing;

use crate::client::LeafGroup;
use crate::codec::{all, exact, fields, put};
use crate::error::translate;
use crate::identity::address_of;
use crate::leaf::Loaded;
use crate::message::{Kind, parse};
use crate::proposals::{Kept, from_member};
use crate::snapshot::{Cached, cached, with_cached};
use crate::{Address, Error, Leaf, Result, context, key_package};

/// Most proposals in one batch: the changes (50) and an update of every leaf of a large group.
const MAX_PROPOSALS: usize = 2_048;

/// A change of the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Add the owner of a key package (bare form).
    Add {
        /// Address in its credential.
        address: Address,
        /// The key package.
        key_package: Vec<u8>,
    },
    /// Remove the member with this address.
    Remove(Address),
    /// Replace the group policy.
    Policy(Vec<u8>),
}

/// An own commit, not adopted yet. Lost on restart, unless what [`Built::to_bytes`] gives is stored.
pub struct Built {
    /// Proposal messages that the commit refers to: own ones in the order of the changes, then updates.
    pub proposals: Vec<Vec<u8>>,
    /// The commit message.
    pub commit: Vec<u8>,
    /// The Welcome for all who are added; empty when nobody is.
    pub welcome: Vec<u8>,
    epoch: u64,
    secrets: CommitSecrets,
}

impl Built {
    /// The commit with its secrets, to be stored like a group state: it holds the keys of the next epoch.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>> {
        let secrets = Zeroizing::new(self.secrets.to_bytes().map_err(Error::internal)?);
        let mut row = Zeroizing::new(Vec::new());
        let mut proposals = Vec::new();
        for proposal in &self.proposals {
            put(&mut proposals, proposal);
        }
        for field in [
            &self.epoch.to_be_bytes()[..],
            &proposals,
            &self.commit,
            &self.welcome,
            &secrets,
        ] {
            put(&mut row, field);
        }
        Ok(row)
    }

    /// The commit as it was stored.
    ///
    /// # Errors
    /// [`Error::Internal`] when the bytes do not parse.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let [epoch, proposals, commit, welcome, secrets] = fields(bytes)?;
        Ok(Self {
            proposals: all(proposals)?,
            commit: commit.to_vec(),
            welcome: welcome.to_vec(),
            epoch: u64::from_be_bytes(exact(epoch)?),
            secrets: CommitSecrets::from_bytes(secrets).map_err(Error::internal)?,
        })
    }
}

/// Somebody's commit, processed on a copy of the group.
pub struct Staged {
    /// Who made the commit.
    pub committer: Address,
    /// Changes in the order of their proposals, updates left out.
    pub changes: Vec<Change>,
    /// Members that the commit updates by their own proposals.
    pub updates: Vec<Address>,
    /// Whether this leaf is removed.
    pub removes_self: bool,
    group: LeafGroup,
    epoch: u64,
    /// The leaf's version that the copy was taken from, and what to process again should it have changed.
    version: u64,
    batch: (Vec<Vec<u8>>, Vec<u8>),
}

impl Leaf {
    /// Makes proposals for the changes, and a commit over them and the kept updates. Kept updates that turn
    /// out bad are left out; a bad change is an error and nothing is made.
    ///
    /// # Errors
    /// [`Error::UnknownMember`], [`Error::AlreadyMember`], [`Error::NotPermitted`], [`Error::BadSignature`],
    /// [`Error::Malformed`] or [`Error::NotAllowed`] for a bad change.
    pub fn build(&mut self, changes: &[Change], now: u64) -> Result<Built> {
        let removed = self.check_changes(changes, now)?;
        let own = self.propose(changes)?;
        let updates: Vec<Kept> = self
            .kept()?
            .into_iter()
            .filter(|kept| !removed.contains(&kept.sender))
            .collect();
        let group = self.with_updates(&updates)?;
        self.replace(group)?;

        let (output, secrets, epoch) = self.attempt(Loaded::Full, |group, _| {
            let built = group
                .commit_builder()
                .commit_time(MlsTime::from(now))
                .build_detached();
            let (output, secrets) = built.map_err(|error| translate(error, Error::BadBatch))?;
            group.clear_proposal_cache();
            Ok((output, secrets, group.current_epoch()))
        })?;
        self.save()?;

        let unused = left_out(&output.unused_proposals)?;
        let used = updates
            .into_iter()
            .filter(|kept| !unused.contains(&kept.sender))
            .map(|kept| kept.message);
        let encode = |message: &MlsMessage| message.to_bytes().map_err(Error::internal);
        Ok(Built {
            proposals: own.into_iter().chain(used).collect(),
            commit: encode(&output.commit_message)?,
            welcome: output
                .welcome_messages
                .first()
                .map(encode)
                .transpose()?
                .unwrap_or_default(),
            epoch,
            secrets,
        })
    }

    /// Checks the changes against the group; returns leaf indices whose updates cannot be in this commit:
    /// removed ones and our own (the commit renews it).
    fn check_changes(&mut self, changes: &[Change], now: u64) -> Result<HashSet<u32>> {
        let group = self.group(Loaded::Full)?;
        let mut members = indices(group)?;
        let own = group.current_member_index();
        let mut excluded = HashSet::from([own]);
        let removes = changes.iter().filter_map(|change| match change {
            Change::Remove(address) => Some(address),
            _ => None,
        });
        for address in removes {
            let index = members.remove(address).ok_or(Error::UnknownMember)?;
            if index == own {
                return Err(Error::NotPermitted(
                    "a member cannot commit its own removal",
                ));
            }
            excluded.insert(index);
        }
        let mut policies = 0;
        for change in changes {
            match change {
                Change::Add {
                    address,
                    key_package,
                } => {
                    if self.check_key_package(key_package, now)? != *address {
                        return Err(Error::BadSignature(
                            "the key package is of another address".into(),
                        ));
                    }
                    if members.insert(*address, u32::MAX).is_some() {
                        return Err(Error::AlreadyMember);
                    }
                }
                Change::Policy(_) => policies += 1,
                Change::Remove(_) => {}
            }
        }
        if policies > 1 {
            return Err(Error::NotPermitted("more than one policy change"));
        }
        Ok(excluded)
    }

    /// Makes the own proposals; they stay cached in the group.
    fn propose(&mut self, changes: &[Change]) -> Result<Vec<Vec<u8>>> {
        self.attempt(Loaded::Full, |group, _| {
            let members = indices(group)?;
            changes
                .iter()
                .map(|change| {
                    let message = match change {
                        Change::Add { key_package, .. } => {
                            group.propose_add(key_package::from_bare(key_package)?, vec![])
                        }
                        Change::Remove(address) => {
                            let index =
                                members.get(address).copied().ok_or(Error::UnknownMember)?;
                            group.propose_remove(index, vec![])
                        }
                        Change::Policy(policy) => group
                            .propose_group_context_extensions(context::extensions(policy)?, vec![]),
                    };
                    message
                        .and_then(|message| message.to_bytes())
                        .map_err(|error| translate(error, Error::BadBatch))
                })
                .collect()
        })
    }

    /// The group with kept updates cached beside the proposals that it has already.
    fn with_updates(&mut self, updates: &[Kept]) -> Result<LeafGroup> {
        if updates.is_empty() {
            return self.group(Loaded::Full).cloned();
        }
        self.save()?;
        let state = self.state()?;
        let mut entries = cached(&state)?;
        updates.iter().for_each(|kept| entries.extend(&kept.cached));
        self.load(Some(with_cached(&state, &entries)?), Loaded::Full)
    }

    /// Makes an own commit the group's state.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] when the group has moved on.
    pub fn adopt_built(&mut self, built: Built) -> Result<()> {
        self.check_epoch(built.epoch)?;
        self.attempt(Loaded::Full, |group, _| {
            group
                .apply_detached_commit(built.secrets)
                .map_err(|error| translate(error, Error::Internal))
        })?;
        self.forget_kept();
        self.save()
    }

    /// Processes a batch on a copy of the group; nothing changes. Every proposal must be used by the commit.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::WrongGroup`], [`Error::WrongEpoch`], [`Error::Undecryptable`],
    /// [`Error::BadSignature`] or [`Error::BadBatch`].
    pub fn stage(&mut self, proposals: &[Vec<u8>], commit: &[u8]) -> Result<Staged> {
        if proposals.len() > MAX_PROPOSALS {
            return Err(Error::BadBatch("too many proposals".into()));
        }
        let epoch = self.position()?.1;
        let commit_message = self.batch_part(commit, Kind::Commit)?;
        let mut messages = Vec::with_capacity(proposals.len());
        for bytes in proposals {
            messages.push(self.batch_part(bytes, Kind::Proposal)?);
        }

        let (mut group, references) = self.copy_with(proposals, messages)?;
        let received =
            group
                .process_incoming_message(commit_message)
                .map_err(|error| match error {
                    mls_rs::error::MlsError::CantProcessMessageFromSelf => {
                        Error::BadBatch("an own commit that was dropped".into())
                    }
                    error => translate(error, Error::BadBatch),
                })?;
        let ReceivedMessage::Commit(description) = received else {
            return Err(Error::malformed("not a commit"));
        };
        let (new_epoch, removes_self) = effect(&description)?;
        let committer = prior_address(new_epoch, description.committer)?;
        let (changes, updates) = changes_of(new_epoch, &references)?;
        let batch = (proposals.to_vec(), commit.to_vec());
        Ok(Staged {
            committer,
            changes,
            updates,
            removes_self,
            group,
            epoch,
            version: self.version,
            batch,
        })
    }

    /// A message of a batch: right kind, group and epoch.
    fn batch_part(&self, bytes: &[u8], kind: Kind) -> Result<MlsMessage> {
        let (message, peeked) = parse(bytes)?;
        if peeked.kind != kind {
            return Err(Error::malformed(
                "another kind of message than the batch says",
            ));
        }
        let ours = self.check_group(&peeked)?;
        if peeked.epoch != ours {
            return Err(Error::WrongEpoch {
                epoch: peeked.epoch,
                ours,
            });
        }
        Ok(message)
    }

    /// A copy of the group with the proposals cached, and the reference of each.
    fn copy_with(
        &mut self,
        proposals: &[Vec<u8>],
        messages: Vec<MlsMessage>,
    ) -> Result<(LeafGroup, Vec<Vec<u8>>)> {
        let known = proposals
            .iter()
            .map(|bytes| self.kept_as(bytes))
            .collect::<Result<Vec<_>>>()?;
        let mut entries = Cached::default();
        known
            .iter()
            .flatten()
            .for_each(|kept| entries.extend(&kept.cached));
        let mut group = if entries == Cached::default() {
            self.group(Loaded::Full)?.clone()
        } else {
            self.load(Some(with_cached(&self.state()?, &entries)?), Loaded::Full)?
        };
        let mut references = Vec::with_capacity(proposals.len());
        for (message, known) in messages.into_iter().zip(known) {
            let reference = match known {
                Some(kept) => kept.reference,
                None => {
                    let opened = group.process_incoming_message(message);
                    let opened = opened.map_err(|error| translate(error, Error::Undecryptable))?;
                    from_member(opened)?.1.proposal_ref()
                }
            };
            references.push(reference);
        }
        Ok((group, references))
    }

    /// Makes a staged commit the group's state; false when it removed this leaf, which then forgets the group.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] when the group has moved on.
    pub fn adopt_staged(&mut self, staged: Staged) -> Result<bool> {
        self.check_epoch(staged.epoch)?;
        if staged.removes_self {
            self.forget_group();
            return Ok(false);
        }
        // Messages were opened or sealed meanwhile: their keys must not come back with the copy's past epoch.
        let group = if staged.version == self.version {
            staged.group
        } else {
            self.stage(&staged.batch.0, &staged.batch.1)?.group
        };
        self.forget_kept();
        self.replace(group)?;
        Ok(true)
    }

    fn check_epoch(&self, epoch: u64) -> Result<()> {
        if self.position()?.1 == epoch {
            Ok(())
        } else {
            Err(Error::NotPermitted("the group has moved on"))
        }
    }
}

/// Leaf index of every member.
fn indices(group: &LeafGroup) -> Result<HashMap<Address, u32>> {
    group
        .roster()
        .members_iter()
        .map(|member| Ok((address_of(&member.signing_identity)?, member.index)))
        .collect()
}

/// Leaf indices of updates that were left out of a commit; anything else left out is a failure.
fn left_out(unused: &[ProposalInfo<Proposal>]) -> Result<HashSet<u32>> {
    unused
        .iter()
        .map(|info| match (&info.proposal, info.sender) {
            (Proposal::Update(_), Sender::Member(index)) => Ok(index),
            _ => Err(Error::BadBatch("a change cannot be committed".into())),
        })
        .collect()
}

fn effect(description: &CommitMessageDescription) -> Result<(&NewEpoch, bool)> {
    match &description.effect {
        CommitEffect::NewEpoch(new_epoch) => Ok((new_epoch, false)),
        CommitEffect::Removed { new_epoch, .. } => Ok((new_epoch, true)),
        CommitEffect::ReInit(_) => Err(Error::BadBatch("re-initialisation".into())),
    }
}

/// What a commit changes, in the order of the references; all of them must have been applied.
fn changes_of(new_epoch: &NewEpoch, references: &[Vec<u8>]) -> Result<(Vec<Change>, Vec<Address>)> {
    let applied: HashMap<&[u8], &ProposalInfo<Proposal>> = new_epoch
        .applied_proposals()
        .iter()
        .filter_map(|info| info.proposal_ref().map(|reference| (&reference[..], info)))
        .collect();
    let (mut changes, mut updates) = (Vec::new(), Vec::new());
    for reference in references {
        let info = applied
            .get(&reference[..])
            .ok_or_else(|| Error::BadBatch("a proposal that the commit does not use".into()))?;
        match (&info.proposal, info.sender) {
            (Proposal::Add(add), _) => changes.push(Change::Add {
                address: address_of(add.signing_identity())?,
                key_package: key_package::encode(add.key_package())?,
            }),
            (Proposal::Remove(remove), _) => changes.push(Change::Remove(prior_address(
                new_epoch,
                remove.to_remove(),
            )?)),
            (Proposal::GroupContextExtensions(list), _) => {
                changes.push(Change::Policy(
                    context::policy(list).map_err(|reason| Error::BadBatch(reason.into()))?,
                ));
            }
            (Proposal::Update(_), Sender::Member(index)) => {
                updates.push(prior_address(new_epoch, index)?)
            }
            _ => {
                return Err(Error::BadBatch(
                    "a kind of proposal that is not used here".into(),
                ));
            }
        }
    }
    if applied.len() != references.len() {
        return Err(Error::BadBatch("a proposal twice in the batch".into()));
    }
    Ok((changes, updates))
}

fn prior_address(new_epoch: &NewEpoch, index: u32) -> Result<Address> {
    let member = new_epoch.prior_state().member_at_index(index);
    address_of(
        &member
            .ok_or_else(|| Error::internal("no member at that index"))?
            .signing_identity,
    )
}

#[cfg(test)]
mod tests;
