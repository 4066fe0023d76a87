//! `demls-mls` for Python. Documented in `bridge/_native.pyi`; used by `bridge/mls` only.
//!
//! Every class is frozen with a mutex inside, the GIL is released around work on groups, and a panic (there
//! should be none) becomes an ordinary failure: a leaf reads its state back from the store after one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use demls_mls::{
    Address, Built, Change, Error, Expected, Kind, Leaf, LeafKeys, Staged, Store, Suite, Table,
};
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

create_exception!(
    bridge._native,
    MlsFailure,
    PyException,
    "A refused operation: (code, text, epoch, ours)."
);

/// Adds the MLS classes to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("MlsFailure", module.py().get_type::<MlsFailure>())?;
    module.add("MLS_POLICY_EXTENSION", demls_mls::POLICY_EXTENSION)?;
    module.add_class::<MlsStore>()?;
    module.add_class::<MlsLeafKeys>()?;
    module.add_class::<MlsLeaf>()?;
    module.add_class::<MlsBuilt>()?;
    module.add_class::<MlsStaged>()?;
    module.add_function(wrap_pyfunction!(mls_peek, module)?)?;
    module.add_function(wrap_pyfunction!(mls_binding_text, module)?)
}

/// The code of an error; `bridge/mls/errors.py` maps it to an exception of `bridge.protocol.errors`.
fn code(error: &Error) -> &'static str {
    match error {
        Error::NotPermitted(_) => "not_permitted",
        Error::NotAMember => "not_a_member",
        Error::UnknownMember => "unknown_member",
        Error::AlreadyMember => "already_member",
        Error::Internal(_) => "internal",
        Error::Malformed(_) => "malformed_mls",
        Error::WrongGroup => "wrong_group",
        Error::WrongEpoch { .. } => "wrong_epoch",
        Error::Replayed => "replayed",
        Error::NotAllowed(_) => "not_allowed",
        Error::BadSignature(_) => "bad_signature",
        Error::BadBatch(_) => "bad_batch",
        Error::InvalidGroup(_) => "invalid_group",
        Error::Undecryptable(_) => "undecryptable",
    }
}

/// Carries both kinds of failure through a callback into Python.
struct Failure(PyErr);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (epoch, ours) = match &error {
            Error::WrongEpoch { epoch, ours } => (*epoch, *ours),
            _ => (0, 0),
        };
        Self(MlsFailure::new_err((
            code(&error),
            error.to_string(),
            epoch,
            ours,
        )))
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self(error)
    }
}

fn raise(error: Error) -> PyErr {
    Failure::from(error).0
}

/// Works with the GIL released; a panic becomes an internal error.
fn run<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Error> + Send) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(work)))
        .unwrap_or_else(|_| Err(Error::Internal("the MLS library panicked".into())))
        .map_err(raise)
}

fn address(bytes: &[u8]) -> PyResult<Address> {
    bytes
        .try_into()
        .map_err(|_| PyValueError::new_err("an address has 20 bytes"))
}

fn table(name: &str) -> PyResult<Table> {
    Table::try_from(name).map_err(raise)
}

fn bytes<'py>(py: Python<'py>, content: impl AsRef<[u8]>) -> Bound<'py, PyBytes> {
    PyBytes::new(py, content.as_ref())
}

fn list<'py, T: AsRef<[u8]>>(py: Python<'py>, items: &[T]) -> Vec<Bound<'py, PyBytes>> {
    items.iter().map(|item| bytes(py, item)).collect()
}

#[pyfunction]
fn mls_peek<'py>(
    py: Python<'py>,
    message: &[u8],
) -> PyResult<(Bound<'py, PyBytes>, u64, &'static str)> {
    let peeked = run(py, || demls_mls::peek(message))?;
    let kind = match peeked.kind {
        Kind::Application => "application",
        Kind::Proposal => "proposal",
        Kind::Commit => "commit",
    };
    Ok((bytes(py, peeked.group_id), peeked.epoch, kind))
}

#[pyfunction]
fn mls_binding_text(address_bytes: &[u8], public_key: &[u8]) -> PyResult<String> {
    Ok(demls_mls::binding_text(
        &address(address_bytes)?,
        public_key,
    ))
}

#[pyclass(frozen, module = "bridge._native")]
struct MlsStore(Store);

type Row<'py> = (
    &'static str,
    Bound<'py, PyBytes>,
    Option<Bound<'py, PyBytes>>,
);

#[pymethods]
impl MlsStore {
    #[new]
    fn new(rows: Vec<(String, Vec<u8>, Vec<u8>)>) -> PyResult<Self> {
        let rows = rows
            .into_iter()
            .map(|(name, key, value)| Ok((table(&name)?, key, value)))
            .collect::<PyResult<Vec<_>>>()?;
        Store::restore(rows).map(Self).map_err(raise)
    }

    fn drain<'py>(&self, py: Python<'py>) -> Vec<Row<'py>> {
        let row = |(table, key, value): demls_mls::Write| {
            (
                table.name(),
                bytes(py, key),
                value.map(|value| bytes(py, value.as_slice())),
            )
        };
        self.0.drain().into_iter().map(row).collect()
    }

    fn get<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        key: &[u8],
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(self
            .0
            .get(table(name)?, key)
            .map(|value| bytes(py, value.as_slice())))
    }

    fn put(&self, name: &str, key: &[u8], value: Vec<u8>) -> PyResult<()> {
        self.0.put(table(name)?, key, value.into());
        Ok(())
    }

    fn delete(&self, name: &str, key: &[u8]) -> PyResult<()> {
        self.0.delete(table(name)?, key);
        Ok(())
    }

    fn keys<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        Ok(list(py, &self.0.keys(table(name)?, &[])))
    }
}

#[pyclass(frozen, module = "bridge._native")]
struct MlsLeafKeys(LeafKeys);

#[pymethods]
impl MlsLeafKeys {
    #[staticmethod]
    fn generate(suite: u16, owner: &[u8], sign: &Bound<'_, PyAny>) -> PyResult<Self> {
        let suite = Suite::try_from(suite).map_err(raise)?;
        let ask = |text: &str| -> Result<Vec<u8>, Failure> {
            Ok(sign.call1((text,))?.extract::<Vec<u8>>()?)
        };
        LeafKeys::generate(suite, address(owner)?, ask)
            .map(Self)
            .map_err(|failure| failure.0)
    }

    #[staticmethod]
    fn draft(suite: u16, owner: &[u8]) -> PyResult<Self> {
        let suite = Suite::try_from(suite).map_err(raise)?;
        LeafKeys::draft(suite, address(owner)?)
            .map(Self)
            .map_err(raise)
    }

    fn is_bound(&self) -> bool {
        self.0.is_bound()
    }

    fn binding_text(&self) -> String {
        self.0.text()
    }

    fn bound(&self, binding: Vec<u8>) -> PyResult<Self> {
        self.0.bound(binding).map(Self).map_err(raise)
    }

    #[staticmethod]
    fn load(store: &MlsStore, suite: u16, owner: &[u8]) -> PyResult<Option<Self>> {
        let suite = Suite::try_from(suite).map_err(raise)?;
        Ok(LeafKeys::load(&store.0, suite, &address(owner)?)
            .map_err(raise)?
            .map(Self))
    }

    fn save(&self, store: &MlsStore) {
        self.0.save(&store.0);
    }
}

#[pyclass(frozen, module = "bridge._native")]
struct MlsLeaf(Mutex<Leaf>);

impl MlsLeaf {
    fn lock(&self) -> MutexGuard<'_, Leaf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Members<'py> = (
    Bound<'py, PyBytes>,
    u64,
    Vec<Bound<'py, PyBytes>>,
    Bound<'py, PyBytes>,
);

#[pymethods]
impl MlsLeaf {
    #[new]
    fn new(store: &MlsStore, keys: &MlsLeafKeys, past_epochs: u64) -> Self {
        Self(Mutex::new(Leaf::new(&store.0, keys.0.clone(), past_epochs)))
    }

    fn is_member(&self, py: Python<'_>) -> PyResult<bool> {
        run(py, || Ok(self.lock().is_member()))
    }

    fn position<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyBytes>, u64)> {
        let (group_id, epoch) = run(py, || self.lock().position())?;
        Ok((bytes(py, group_id), epoch))
    }

    fn fingerprint<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(py, run(py, || self.lock().fingerprint())?))
    }

    fn view<'py>(&self, py: Python<'py>) -> PyResult<Members<'py>> {
        let view = run(py, || self.lock().view())?;
        Ok((
            bytes(py, view.group_id),
            view.epoch,
            list(py, &view.members),
            bytes(py, view.policy),
        ))
    }

    fn create(&self, py: Python<'_>, group_id: &[u8], policy: &[u8], now: u64) -> PyResult<()> {
        run(py, || self.lock().create(group_id, policy, now))
    }

    fn key_package<'py>(&self, py: Python<'py>, now: u64) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(py, run(py, || self.lock().key_package(now))?))
    }

    fn check_key_package<'py>(
        &self,
        py: Python<'py>,
        package: &[u8],
        now: u64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(
            py,
            run(py, || self.lock().check_key_package(package, now))?,
        ))
    }

    fn join(
        &self,
        py: Python<'_>,
        welcome: &[u8],
        group_id: Option<&[u8]>,
        known: Vec<(u64, Vec<u8>)>,
        only_known: bool,
    ) -> PyResult<bool> {
        run(py, || {
            self.lock().join(
                welcome,
                &Expected {
                    group_id,
                    known: &known,
                    only_known,
                },
            )
        })
    }

    fn seal<'py>(&self, py: Python<'py>, plaintext: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(py, run(py, || self.lock().seal(plaintext))?))
    }

    fn open<'py>(
        &self,
        py: Python<'py>,
        message: &[u8],
    ) -> PyResult<(Bound<'py, PyBytes>, u64, Bound<'py, PyBytes>)> {
        let opened = run(py, || self.lock().open(message))?;
        Ok((
            bytes(py, opened.sender),
            opened.epoch,
            bytes(py, opened.plaintext),
        ))
    }

    fn export<'py>(
        &self,
        py: Python<'py>,
        label: &[u8],
        context: &[u8],
        length: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let secret = run(py, || self.lock().export(label, context, length))?;
        Ok(bytes(py, secret.as_slice()))
    }

    fn propose_update<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(py, run(py, || self.lock().propose_update())?))
    }

    fn receive_proposal<'py>(
        &self,
        py: Python<'py>,
        message: &[u8],
    ) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(
            py,
            run(py, || self.lock().receive_proposal(message))?,
        ))
    }

    fn build(
        &self,
        py: Python<'_>,
        changes: Vec<(String, Vec<u8>, Vec<u8>)>,
        now: u64,
    ) -> PyResult<MlsBuilt> {
        let changes = changes
            .into_iter()
            .map(change)
            .collect::<PyResult<Vec<_>>>()?;
        let built = run(py, || self.lock().build(&changes, now))?;
        Ok(MlsBuilt(Mutex::new(Some(built))))
    }

    fn stage(&self, py: Python<'_>, proposals: Vec<Vec<u8>>, commit: &[u8]) -> PyResult<MlsStaged> {
        let staged = run(py, || self.lock().stage(&proposals, commit))?;
        Ok(MlsStaged(Mutex::new(Some(staged))))
    }

    fn adopt_built(&self, py: Python<'_>, built: &MlsBuilt) -> PyResult<()> {
        let built = take(&built.0)?;
        run(py, || self.lock().adopt_built(built))
    }

    fn adopt_staged(&self, py: Python<'_>, staged: &MlsStaged) -> PyResult<bool> {
        let staged = take(&staged.0)?;
        run(py, || self.lock().adopt_staged(staged))
    }

    fn forget(&self, py: Python<'_>) -> PyResult<()> {
        run(py, || {
            self.lock().forget();
            Ok(())
        })
    }

    fn forget_group(&self, py: Python<'_>) -> PyResult<()> {
        run(py, || {
            self.lock().forget_group();
            Ok(())
        })
    }
}

fn change((kind, first, second): (String, Vec<u8>, Vec<u8>)) -> PyResult<Change> {
    match kind.as_str() {
        "add" => Ok(Change::Add {
            address: address(&first)?,
            key_package: second,
        }),
        "remove" => Ok(Change::Remove(address(&first)?)),
        "policy" => Ok(Change::Policy(first)),
        _ => Err(PyValueError::new_err("a change is add, remove or policy")),
    }
}

#[pyclass(frozen, module = "bridge._native")]
struct MlsBuilt(Mutex<Option<Built>>);

#[pyclass(frozen, module = "bridge._native")]
struct MlsStaged(Mutex<Option<Staged>>);

/// Reads something of a commit that is neither adopted nor dropped yet.
fn of<T, R>(slot: &Mutex<Option<T>>, read: impl FnOnce(&T) -> R) -> PyResult<R> {
    let guard = slot.lock().unwrap_or_else(PoisonError::into_inner);
    guard
        .as_ref()
        .map(read)
        .ok_or_else(|| raise(Error::NotPermitted("the commit was adopted already")))
}

fn take<T>(slot: &Mutex<Option<T>>) -> PyResult<T> {
    let taken = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    taken.ok_or_else(|| raise(Error::NotPermitted("the commit was adopted already")))
}

#[pymethods]
impl MlsBuilt {
    #[staticmethod]
    fn restore(content: &[u8]) -> PyResult<Self> {
        let built = Built::from_bytes(content).map_err(raise)?;
        Ok(Self(Mutex::new(Some(built))))
    }

    fn export<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let content = of(&self.0, Built::to_bytes)?.map_err(raise)?;
        Ok(bytes(py, content.as_slice()))
    }

    fn proposals<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        of(&self.0, |built| list(py, &built.proposals))
    }

    fn commit<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        of(&self.0, |built| bytes(py, &built.commit))
    }

    fn welcome<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        of(&self.0, |built| bytes(py, &built.welcome))
    }
}

type PyChange<'py> = (&'static str, Bound<'py, PyBytes>, Bound<'py, PyBytes>);

#[pymethods]
impl MlsStaged {
    fn committer<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        of(&self.0, |staged| bytes(py, staged.committer))
    }

    fn changes<'py>(&self, py: Python<'py>) -> PyResult<Vec<PyChange<'py>>> {
        let none = || bytes(py, b"");
        let one = |change: &Change| match change {
            Change::Add {
                address,
                key_package,
            } => ("add", bytes(py, address), bytes(py, key_package)),
            Change::Remove(address) => ("remove", bytes(py, address), none()),
            Change::Policy(policy) => ("policy", bytes(py, policy), none()),
        };
        of(&self.0, |staged| staged.changes.iter().map(one).collect())
    }

    fn updates<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        of(&self.0, |staged| list(py, &staged.updates))
    }

    fn removes_self(&self) -> PyResult<bool> {
        of(&self.0, |staged| staged.removes_self)
    }
}
