//! Stored ratchet trees: one row for each tree hash, shared by the leaves of a group.

use mls_rs::group::ExportedTree;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Error, Result};

/// A tree row: a checksum over hash and tree, then the tree. mls-rs loads any tree without a word, and fails
/// at the next commit only.
pub(crate) fn to_row(hash: &[u8], tree: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([&checksum(hash, tree)[..], tree].concat())
}

/// Reads a tree row.
pub(crate) fn from_row(hash: &[u8], row: &[u8]) -> Result<ExportedTree<'static>> {
    match row.split_first_chunk::<32>() {
        Some((sum, tree)) if *sum == checksum(hash, tree) => {
            ExportedTree::from_bytes(tree).map_err(Error::internal)
        }
        _ => Err(Error::internal(
            "a stored tree is not the one that its state names",
        )),
    }
}

fn checksum(hash: &[u8], tree: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(hash)
        .chain_update(tree)
        .finalize()
        .into()
}
