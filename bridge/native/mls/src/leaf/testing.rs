//! Wallets for tests.

use secp256k1::{Message, Secp256k1, SecretKey};
use sha3::{Digest, Keccak256};

use crate::binding::{binding_text, personal_digest};
use crate::{Address, Change, Error, Expected, Leaf, LeafKeys, Store, client::Suite};

pub(crate) struct Wallet {
    secret: SecretKey,
    pub(crate) address: Address,
}

impl Wallet {
    pub(crate) fn new(seed: u16) -> Self {
        let mut bytes = [1; 32];
        bytes[..2].copy_from_slice(&seed.to_be_bytes());
        let secret = SecretKey::from_byte_array(bytes).unwrap();
        let key = secret
            .public_key(&Secp256k1::new())
            .serialize_uncompressed();
        let address = Keccak256::digest(&key[1..])[12..].try_into().unwrap();
        Self { secret, address }
    }

    pub(crate) fn sign(&self, text: &str) -> Vec<u8> {
        let digest = Message::from_digest(personal_digest(text));
        let (v, rs) = Secp256k1::new()
            .sign_ecdsa_recoverable(digest, &self.secret)
            .serialize_compact();
        [&rs[..], &[27 + u8::try_from(i32::from(v)).unwrap()]].concat()
    }

    pub(crate) fn bind(&self, public: &[u8]) -> Vec<u8> {
        self.sign(&binding_text(&self.address, public))
    }

    pub(crate) fn keys(&self, suite: Suite) -> LeafKeys {
        LeafKeys::generate(suite, self.address, |text| Ok::<_, Error>(self.sign(text))).unwrap()
    }
}

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const GROUP: &[u8] = b"demls:test@0x00";

/// A person with a store of their own.
pub(crate) struct Member {
    pub(crate) wallet: Wallet,
    pub(crate) store: Store,
    pub(crate) leaf: Leaf,
}

impl Member {
    pub(crate) fn new(seed: u16) -> Self {
        Self::with_suite(seed, Suite::Aes128)
    }

    pub(crate) fn with_suite(seed: u16, suite: Suite) -> Self {
        let wallet = Wallet::new(seed);
        let keys = wallet.keys(suite);
        Self::with_keys(wallet, keys)
    }

    pub(crate) fn with_keys(wallet: Wallet, keys: LeafKeys) -> Self {
        let store = Store::default();
        keys.save(&store);
        Self {
            leaf: Leaf::new(&store, keys, 5),
            wallet,
            store,
        }
    }

    /// The same person after a restart: only what is in the store.
    pub(crate) fn restart(&mut self) {
        let suite = self.leaf.keys.suite;
        let keys = LeafKeys::load(&self.store, suite, &self.wallet.address)
            .unwrap()
            .unwrap();
        self.leaf = Leaf::new(&self.store, keys, 5);
    }

    pub(crate) fn address(&self) -> Address {
        self.wallet.address
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.leaf.position().unwrap().1
    }

    /// All rows, to compare states.
    pub(crate) fn state(&self) -> Vec<u8> {
        self.leaf.state().unwrap().to_vec()
    }

    pub(crate) fn add_change(&mut self) -> Change {
        let key_package = self.leaf.key_package(NOW).unwrap();
        Change::Add {
            address: self.address(),
            key_package,
        }
    }
}

/// The committer builds, the others stage and adopt, then it adopts; returns the Welcome.
pub(crate) fn commit(members: &mut [Member], by: usize, changes: &[Change]) -> Vec<u8> {
    let built = members[by].leaf.build(changes, NOW).unwrap();
    let committer = members[by].address();
    for (i, member) in members.iter_mut().enumerate() {
        if i != by {
            let staged = member.leaf.stage(&built.proposals, &built.commit).unwrap();
            assert_eq!(
                (&staged.changes[..], staged.committer),
                (changes, committer)
            );
            member.leaf.adopt_staged(staged).unwrap();
        }
    }
    let welcome = built.welcome.clone();
    members[by].leaf.adopt_built(built).unwrap();
    welcome
}

/// Adds somebody; they are the last of the members afterwards.
pub(crate) fn add(members: &mut Vec<Member>, mut joiner: Member) {
    let change = joiner.add_change();
    let welcome = commit(members, 0, &[change]);
    let expected = Expected {
        group_id: Some(GROUP),
        ..Expected::default()
    };
    assert!(joiner.leaf.join(&welcome, &expected).unwrap());
    members.push(joiner);
}

/// A group of the persons 1 to `size`, with seeds from `seed` on.
pub(crate) fn group(seed: u16, size: u16) -> Vec<Member> {
    let mut founder = Member::new(seed);
    founder.leaf.create(GROUP, b"policy", NOW).unwrap();
    let mut members = vec![founder];
    for i in 1..size {
        add(&mut members, Member::new(seed + i));
    }
    members
}
