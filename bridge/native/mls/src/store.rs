//! Rows in memory, with the changes since the last drain.
//!
//! All leaves of one group share one store. It holds the rows of that group only: small states (some 1 kB a
//! leaf), the trees they name, past epochs of the own leaf and the archive of commits.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::snapshot::tree_hash_of;
use crate::{Error, Result};

macro_rules! tables {
    ($($variant:ident $name:literal $doc:literal),* $(,)?) => {
        /// The kinds of rows. Names are those of the database.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Table { $(#[doc = $doc] $variant),* }

        impl Table {
            /// The table's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }

        impl TryFrom<&str> for Table {
            type Error = Error;

            fn try_from(name: &str) -> Result<Self> {
                match name {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(Error::NotPermitted("no such table")),
                }
            }
        }
    };
}

tables! {
    LeafKeys "leaf_keys" "Signature keys; key: address.",
    States "mls_states" "Group state without its tree; key: address.",
    Epochs "mls_epochs" "Secrets of past epochs; key: address, epoch.",
    Trees "mls_trees" "Ratchet trees, shared by all leaves; key: tree hash.",
    KeyPackages "mls_key_packages" "Secrets of unused key packages; key: address, reference.",
    Proposals "mls_proposals" "Opened proposals of the present epoch; key: address, SHA-256 of the message.",
    Commits "mls_commits" "Archive of batches, written by the caller; key: epoch.",
    Pending "mls_pending" "An own commit that waits to be adopted, written by the caller; key: address.",
}

type Bytes = Zeroizing<Vec<u8>>;

/// A write to perform: table, key, and the value or `None` to delete.
pub type Write = (Table, Vec<u8>, Option<Bytes>);

#[derive(Default)]
struct Rows {
    rows: BTreeMap<(Table, Vec<u8>), Bytes>,
    /// Keys changed since the last drain, in the order of their first change.
    changed: Vec<(Table, Vec<u8>)>,
    marked: HashSet<(Table, Vec<u8>)>,
    /// How many states name a tree; a tree that no state names is deleted.
    named: HashMap<Vec<u8>, usize>,
}

/// A handle on the rows of one group; clones share them.
#[derive(Clone, Default)]
pub struct Store(Arc<Mutex<Rows>>);

impl Store {
    /// The store with rows read back from the database.
    ///
    /// # Errors
    /// [`Error::Internal`] when a state row does not parse.
    pub fn restore(rows: impl IntoIterator<Item = (Table, Vec<u8>, Vec<u8>)>) -> Result<Self> {
        let store = Self::default();
        {
            let mut inner = store.lock();
            for (table, key, value) in rows {
                if table == Table::States {
                    *inner.named.entry(tree_hash_of(&value)?).or_default() += 1;
                }
                inner.rows.insert((table, key), Bytes::new(value));
            }
        }
        Ok(store)
    }

    /// The changes since the last call: the last value of each key, in the order of the first change.
    pub fn drain(&self) -> Vec<Write> {
        let mut inner = self.lock();
        inner.marked.clear();
        std::mem::take(&mut inner.changed)
            .into_iter()
            .map(|id| {
                let value = inner.rows.get(&id).cloned();
                (id.0, id.1, value)
            })
            .collect()
    }

    /// A row's value.
    pub fn get(&self, table: Table, key: &[u8]) -> Option<Bytes> {
        self.lock().rows.get(&(table, key.to_vec())).cloned()
    }

    /// Whether a row exists.
    pub fn has(&self, table: Table, key: &[u8]) -> bool {
        self.lock().rows.contains_key(&(table, key.to_vec()))
    }

    /// The keys of a table that begin with `prefix`, ascending.
    pub fn keys(&self, table: Table, prefix: &[u8]) -> Vec<Vec<u8>> {
        self.lock()
            .rows
            .range((table, prefix.to_vec())..)
            .map_while(|((t, key), _)| {
                (*t == table && key.starts_with(prefix)).then(|| key.clone())
            })
            .collect()
    }

    /// Writes a row.
    pub fn put(&self, table: Table, key: &[u8], value: Bytes) {
        self.lock().set(table, key, Some(value));
    }

    /// Deletes a row; one that does not exist is no write.
    pub fn delete(&self, table: Table, key: &[u8]) {
        let mut inner = self.lock();
        if inner.rows.contains_key(&(table, key.to_vec())) {
            inner.set(table, key, None);
        }
    }

    /// Deletes all rows of a table that begin with `prefix`.
    pub fn delete_prefix(&self, table: Table, prefix: &[u8]) {
        for key in self.keys(table, prefix) {
            self.delete(table, &key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn set(&mut self, table: Table, key: &[u8], value: Option<Bytes>) {
        let id = (table, key.to_vec());
        let new_tree = match &value {
            Some(state) if table == Table::States => tree_hash_of(state).ok(),
            _ => None,
        };
        let old = match value {
            Some(value) => self.rows.insert(id.clone(), value),
            None => self.rows.remove(&id),
        };
        if self.marked.insert(id.clone()) {
            self.changed.push(id);
        }
        if table == Table::States {
            if let Some(hash) = new_tree {
                *self.named.entry(hash).or_default() += 1;
            }
            if let Some(hash) = old.and_then(|state| tree_hash_of(&state).ok()) {
                self.unname(&hash);
            }
        }
    }

    fn unname(&mut self, hash: &[u8]) {
        if let Some(count) = self.named.get_mut(hash) {
            *count -= 1;
            if *count == 0 {
                self.named.remove(hash);
                if self.rows.contains_key(&(Table::Trees, hash.to_vec())) {
                    self.set(Table::Trees, hash, None);
                }
            }
        }
    }
}
