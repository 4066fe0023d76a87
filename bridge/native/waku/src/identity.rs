//! The node's key: secp256k1, as Waku peers have. The peer id is derived from it.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use libp2p::identity::{Keypair, secp256k1};

use crate::error::StartError;

/// A secp256k1 key pair. `Debug` shows the peer id only.
#[derive(Clone)]
pub struct Identity(Keypair);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.0.public().to_peer_id())
    }
}

impl Identity {
    /// A fresh key, kept nowhere.
    #[must_use]
    pub fn random() -> Self {
        Self(Keypair::generate_secp256k1())
    }

    /// From a 32-byte secret key.
    ///
    /// # Errors
    /// When the bytes are not a key of the curve.
    pub fn from_bytes(mut secret: [u8; 32]) -> Result<Self, StartError> {
        let key = secp256k1::SecretKey::try_from_bytes(&mut secret)
            .map_err(|_| StartError::Identity("not a secp256k1 key".into()))?;
        Ok(Self(secp256k1::Keypair::from(key).into()))
    }

    /// From a file with the key as 64 hexadecimal digits. A missing file is made, with mode 0600.
    ///
    /// # Errors
    /// When the file can't be read or made, or holds anything else.
    pub fn from_file(path: &Path) -> Result<Self, StartError> {
        match fs::File::open(path) {
            Ok(file) => Self::read(file, path),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::create(path),
            Err(error) => Err(trouble(path, &error)),
        }
    }

    /// The libp2p key pair.
    #[must_use]
    pub fn keypair(&self) -> &Keypair {
        &self.0
    }

    fn read(file: fs::File, path: &Path) -> Result<Self, StartError> {
        let mut text = String::new();
        // 64 digits and a line end; the bound keeps a wrong path (a device, a log) from filling memory.
        file.take(80)
            .read_to_string(&mut text)
            .map_err(|error| trouble(path, &error))?;
        let secret = decode_hex(text.trim()).ok_or_else(|| {
            StartError::Identity(format!(
                "{} must hold 64 hexadecimal digits",
                path.display()
            ))
        })?;
        Self::from_bytes(secret)
    }

    fn create(path: &Path) -> Result<Self, StartError> {
        let secret = secp256k1::SecretKey::generate().to_bytes();
        let text: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| trouble(path, &error))?;
        writeln!(file, "{text}")
            .and_then(|()| file.sync_all())
            .map_err(|error| trouble(path, &error))?;
        Self::from_bytes(secret)
    }
}

fn trouble(path: &Path, error: &std::io::Error) -> StartError {
    StartError::Identity(format!("{}: {error}", path.display()))
}

fn decode_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn peer(identity: &Identity) -> String {
        identity.keypair().public().to_peer_id().to_string()
    }

    #[test]
    fn a_missing_file_is_made_private_and_read_again() {
        let folder = std::env::temp_dir().join(format!("demls-identity-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("node.key");
        let made = Identity::from_file(&path).unwrap();
        assert_eq!(peer(&made), peer(&Identity::from_file(&path).unwrap()));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        fs::write(&path, "secret-looking text").unwrap();
        let error = Identity::from_file(&path).unwrap_err().to_string();
        assert!(
            error.contains("64 hexadecimal digits") && !error.contains("secret-looking"),
            "{error}"
        );
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn zero_is_no_key_and_debug_hides_the_secret() {
        assert!(Identity::from_bytes([0; 32]).is_err());
        let shown = format!("{:?}", Identity::from_bytes([1; 32]).unwrap());
        assert!(shown.starts_with("Identity(16Uiu2"), "{shown}");
    }
}
