//! One error type; its variants are those of `bridge/protocol/errors.py`.

use mls_rs::error::{AnyError, IntoAnyError, MlsError};

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation was refused. The first group is the caller's doing, the second the sender's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The state forbids it.
    #[error("not permitted: {0}")]
    NotPermitted(&'static str),
    /// This leaf is in no group.
    #[error("this leaf is not a member of the group")]
    NotAMember,
    /// Nobody in the group has that address.
    #[error("nobody in the group has that address")]
    UnknownMember,
    /// The address is in the group already.
    #[error("the address is a member already")]
    AlreadyMember,
    /// Stored state does not fit together, or the library failed unexpectedly.
    #[error("internal: {0}")]
    Internal(String),

    /// Not a well-formed MLS message of an accepted kind.
    #[error("malformed MLS: {0}")]
    Malformed(String),
    /// Meant for another group.
    #[error("message of another group")]
    WrongGroup,
    /// Of another epoch.
    #[error("message of epoch {epoch}, the group is at {ours}")]
    WrongEpoch {
        /// The message's epoch.
        epoch: u64,
        /// The group's epoch.
        ours: u64,
    },
    /// Seen before.
    #[error("seen before")]
    Replayed,
    /// Not allowed to its sender, or not here.
    #[error("not allowed: {0}")]
    NotAllowed(String),
    /// A wallet binding or a signature does not verify.
    #[error("bad signature: {0}")]
    BadSignature(String),
    /// A commit that breaks the rules of MLS or of the group.
    #[error("bad batch: {0}")]
    BadBatch(String),
    /// A Welcome to a group that is not acceptable.
    #[error("invalid group: {0}")]
    InvalidGroup(String),
    /// Forged, or its key was used already.
    #[error("cannot be decrypted: {0}")]
    Undecryptable(String),
}

impl Error {
    pub(crate) fn internal(reason: impl std::fmt::Display) -> Self {
        Self::Internal(reason.to_string())
    }

    pub(crate) fn malformed(reason: impl std::fmt::Display) -> Self {
        Self::Malformed(reason.to_string())
    }
}

/// Lets our own verdicts travel through mls-rs (identity provider, rules, storage) and come out unchanged.
impl IntoAnyError for Error {
    fn into_dyn_error(self) -> std::result::Result<Box<dyn std::error::Error + Send + Sync>, Self> {
        Ok(self.into())
    }
}

fn ours(error: &AnyError) -> Option<Error> {
    error.inner_dyn_error().downcast_ref::<Error>().cloned()
}

/// Translates an error of mls-rs. The library cannot know what its caller was doing, so `otherwise` says
/// what it means here; only verdicts of ours and storage faults keep their own kind.
pub(crate) fn translate(error: MlsError, otherwise: fn(String) -> Error) -> Error {
    match &error {
        MlsError::IdentityProviderError(inner) | MlsError::MlsRulesError(inner) => {
            ours(inner).unwrap_or_else(|| otherwise(error.to_string()))
        }
        MlsError::GroupStorageError(inner) | MlsError::KeyPackageRepoError(inner) => {
            ours(inner).unwrap_or_else(|| Error::internal(&error))
        }
        _ => otherwise(error.to_string()),
    }
}
