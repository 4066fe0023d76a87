//! What a commit may contain, and how messages are encrypted.
//!
//! Padding is the step function of mls-rs: all but the two most significant bits of the length are hidden
//! (content of up to 255 bytes in steps of 32 bytes, then four size classes per power of two, so at most
//! 25 % more). It pads inside the MLS framing, so any RFC 9420 implementation removes it.

use mls_rs::MlsRules;
use mls_rs::client_builder::PaddingMode;
use mls_rs::group::proposal::BorrowedProposal;
use mls_rs::group::{GroupContext, Roster, Sender};
use mls_rs::mls_rules::{
    CommitDirection, CommitOptions, CommitSource, EncryptionOptions, ProposalBundle,
};

use crate::{Error, Result, context};

/// The rules of our groups; the same when building and when receiving.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupRules;

impl MlsRules for GroupRules {
    type Error = Error;

    /// Only members commit, and only adds, updates, removes and policy changes that members sent as
    /// messages of their own: the proposals of a batch are what was voted on, so none hides in the commit.
    fn filter_proposals(
        &self,
        _direction: CommitDirection,
        source: CommitSource,
        _roster: &Roster,
        _context: &GroupContext,
        proposals: ProposalBundle,
    ) -> Result<ProposalBundle> {
        #[cfg(test)]
        if LAX.get() {
            return Ok(proposals);
        }
        if !matches!(source, CommitSource::ExistingMember(_)) {
            return Err(bad("external commit"));
        }
        for info in proposals.iter_proposals() {
            if !info.is_by_reference() {
                return Err(bad("a proposal inside the commit"));
            }
            if !matches!(info.sender, Sender::Member(_)) {
                return Err(bad("a proposal from outside the group"));
            }
            match info.proposal {
                BorrowedProposal::Add(_)
                | BorrowedProposal::Update(_)
                | BorrowedProposal::Remove(_) => {}
                BorrowedProposal::GroupContextExtensions(list) => {
                    context::policy(list).map_err(bad)?;
                }
                _ => return Err(bad("a kind of proposal that is not used here")),
            }
        }
        Ok(proposals)
    }

    /// The tree travels in the Welcome; everybody added shares one Welcome.
    fn commit_options(
        &self,
        _: &Roster,
        _: &GroupContext,
        _: &ProposalBundle,
    ) -> Result<CommitOptions> {
        Ok(CommitOptions::new())
    }

    fn encryption_options(&self, _: &Roster, _: &GroupContext) -> Result<EncryptionOptions> {
        Ok(EncryptionOptions::new(true, PaddingMode::StepFunction))
    }
}

fn bad(reason: &str) -> Error {
    Error::BadBatch(reason.into())
}

#[cfg(test)]
thread_local! {
    /// Set while a test acts as a hostile committer, whose software has no such rules.
    pub(crate) static LAX: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}
