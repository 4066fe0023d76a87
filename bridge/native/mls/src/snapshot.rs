//! Parts of a stored group state: its context, and the proposals cached in it.
//!
//! mls-rs refuses to send chat while a proposal is cached, and has no call to put a cached proposal back. So
//! a proposal's cache entry is cut out of the stored state as soon as it is opened or made, kept in a row of
//! its own, and put into a copy of the state when a batch is built or staged. This relies on the layout of
//! the snapshot of mls-rs 0.57.0 (pinned exactly): version, group context, proposals, own proposals, rest;
//! the two maps in TLS form, each under one length. A test notices if it changes.

use mls_rs::group::GroupContext;
use mls_rs::mls_rs_codec::{self, MlsDecode, byte_vec};
use zeroize::Zeroizing;

use crate::{Error, Result};

type Bytes = Zeroizing<Vec<u8>>;

/// The cache entries of proposals, as the bodies of the two maps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cached {
    /// Entries of all proposals.
    pub(crate) all: Vec<u8>,
    /// Entries that let mls-rs recognise the leaf's own messages.
    pub(crate) own: Vec<u8>,
}

impl Cached {
    pub(crate) fn extend(&mut self, other: &Self) {
        self.all.extend_from_slice(&other.all);
        self.own.extend_from_slice(&other.own);
    }
}

/// The group context of a stored state.
pub(crate) fn context_of(state: &[u8]) -> Result<GroupContext> {
    read_context(&mut &state[..])
}

/// The tree hash that a stored state names.
pub(crate) fn tree_hash_of(state: &[u8]) -> Result<Vec<u8>> {
    context_of(state).map(|context| context.tree_hash)
}

/// The proposals cached in a stored state.
pub(crate) fn cached(state: &[u8]) -> Result<Cached> {
    let reader = &mut &state[..];
    read_context(reader)?;
    Ok(Cached {
        all: read_map(reader)?,
        own: read_map(reader)?,
    })
}

/// The state with exactly these proposals cached.
pub(crate) fn with_cached(state: &[u8], cached: &Cached) -> Result<Bytes> {
    let reader = &mut &state[..];
    read_context(reader)?;
    let head = state.len() - reader.len();
    read_map(reader)?;
    read_map(reader)?;
    let mut changed = Bytes::new(state[..head].to_vec());
    for map in [&cached.all, &cached.own] {
        byte_vec::mls_encode(map, &mut changed).map_err(corrupt)?;
    }
    changed.extend_from_slice(reader);
    Ok(changed)
}

fn read_context(reader: &mut &[u8]) -> Result<GroupContext> {
    let version = u16::mls_decode(reader).map_err(corrupt)?;
    if version != 1 {
        return Err(Error::internal("unknown version of a stored group state"));
    }
    GroupContext::mls_decode(reader).map_err(corrupt)
}

fn read_map(reader: &mut &[u8]) -> Result<Vec<u8>> {
    byte_vec::mls_decode(reader).map_err(corrupt)
}

fn corrupt(error: mls_rs_codec::Error) -> Error {
    Error::internal(format!("a stored group state does not parse: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf::testing::group;

    #[test]
    fn the_layout_is_the_one_we_know() {
        let mut members = group(600, 2);
        let state = members[0].state();
        let context = context_of(&state).unwrap();
        assert_eq!(
            (context.epoch, cached(&state).unwrap()),
            (1, Cached::default())
        );
        let entries = Cached {
            all: vec![1; 300],
            own: vec![2; 5],
        };
        let changed = with_cached(&state, &entries).unwrap();
        assert_eq!(cached(&changed).unwrap(), entries);
        assert_eq!(*with_cached(&changed, &Cached::default()).unwrap(), state);

        // A real entry, put back, is read by mls-rs as the proposal that it was.
        let message = members[0].leaf.propose_update().unwrap();
        let kept = members[0].leaf.kept_as(&message).unwrap().unwrap();
        let state = with_cached(&members[0].state(), &kept.cached).unwrap();
        let group = members[0]
            .leaf
            .load(Some(state), crate::leaf::Loaded::Full)
            .unwrap();
        assert_eq!(
            group.get_cached_proposals()[0].proposal_ref().to_vec(),
            kept.reference
        );
    }

    #[test]
    fn corrupt_states_are_noticed() {
        let state = group(610, 1)[0].state();
        assert!(context_of(&[]).is_err());
        assert!(context_of(&state[..40]).is_err());
        assert!(context_of(&[&[0, 2], &state[2..]].concat()).is_err());
    }
}
