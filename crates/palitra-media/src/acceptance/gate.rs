//! The gate on the pool: so many results are looked at at once, within its budget of memory.

use super::{examine, memory_bytes};
use crate::pool::Pool;
use bytes::Bytes;
use palitra_domain::BoxFuture;
use palitra_domain::acceptance::{Examination, Examiner, Expected, Facts};

/// The port's examiner.
pub struct Gate(pub Pool);

impl Examiner for Gate {
    fn examine(&self, expected: Expected, files: Vec<Bytes>) -> BoxFuture<'_, Examination> {
        Box::pin(async move {
            let count = files.len();
            let needed =
                files.iter().chain(&expected.given).map(|file| memory_bytes(file)).max().unwrap_or(0);
            let mib = u32::try_from(needed.div_ceil(1 << 20)).unwrap_or(u32::MAX);
            let looked = self.0.run(mib, move || examine(&expected, &files)).await;
            // It never panics; were it to, a result would be taken as it is.
            looked.unwrap_or_else(|_| Examination {
                facts: vec![Facts::default(); count],
                findings: Vec::new(),
            })
        })
    }
}
