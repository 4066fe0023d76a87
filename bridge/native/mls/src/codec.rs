//! Length-prefixed fields for our own rows (those of mls-rs are in TLS form).

use crate::{Error, Result};

/// Appends a field: length in 4 bytes big endian, then the bytes.
pub(crate) fn put(row: &mut Vec<u8>, field: &[u8]) {
    // Rows are far below 4 GiB: messages are bounded by MAX_MESSAGE.
    row.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
    row.extend_from_slice(field);
}

/// Splits a row into exactly `N` fields.
pub(crate) fn fields<const N: usize>(mut row: &[u8]) -> Result<[&[u8]; N]> {
    let mut found = [&row[..0]; N];
    for field in &mut found {
        let (length, rest) = row.split_first_chunk::<4>().ok_or_else(corrupt)?;
        let length = u32::from_be_bytes(*length) as usize;
        (*field, row) = rest.split_at_checked(length).ok_or_else(corrupt)?;
    }
    if row.is_empty() {
        Ok(found)
    } else {
        Err(corrupt())
    }
}

/// Splits a row into all the fields that it has.
pub(crate) fn all(mut row: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    while let Some((length, rest)) = row.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (field, rest) = rest.split_at_checked(length).ok_or_else(corrupt)?;
        found.push(field.to_vec());
        row = rest;
    }
    if row.is_empty() {
        Ok(found)
    } else {
        Err(corrupt())
    }
}

/// A field of known length.
pub(crate) fn exact<const N: usize>(field: &[u8]) -> Result<[u8; N]> {
    field.try_into().map_err(|_| corrupt())
}

fn corrupt() -> Error {
    Error::internal("a stored row does not parse")
}
