//! `bridge._native`.
mod mls;
mod waku;

use pyo3::prelude::*;

#[pymodule]
fn _native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    mls::register(m)?;
    waku::register(m)?;
    Ok(())
}
