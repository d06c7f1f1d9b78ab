//! What is left of each line: a line of `results.jsonl`, and an item of the `--json` document, which is written as it comes instead of being
//! kept.

use crate::{failure::Failure, wiring::io_failure};
use palitra_domain::Money;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

/// In the folder of the results.
pub(super) const NAME: &str = "results.jsonl";

pub(super) struct Results {
    path: PathBuf,
    file: BufWriter<File>,
    document: Option<Document>,
    pub(super) counts: Counts,
}

/// How the lines ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub(super) items: usize,
    pub(super) succeeded: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
    pub(super) cancelled: usize,
    pub(super) paid_calls: i64,
    /// Minor units.
    pub(super) price: i64,
}

impl Results {
    /// Written beside its place and moved there at the end, so that an earlier file stays whole until then.
    pub(super) fn create(folder: &Path, json: bool) -> Result<Results, Failure> {
        let path = folder.join(NAME);
        let file = File::create(part(&path)).map_err(|error| io_failure(&path, error))?;
        let document = json.then_some(Document { is_empty: true });
        Ok(Results { path, file: BufWriter::new(file), document, counts: Counts::default() })
    }

    /// `price` in minor units.
    pub(super) fn add(&mut self, result: &Value, price: i64) -> Result<(), Failure> {
        self.counts.items += 1;
        self.counts.price = self.counts.price.saturating_add(price);
        match result["status"].as_str() {
            Some("succeeded") => self.counts.succeeded += 1,
            Some("failed") => self.counts.failed += 1,
            Some("cancelled") => self.counts.cancelled += 1,
            _ => self.counts.skipped += 1,
        }
        writeln!(self.file, "{result}").map_err(|error| io_failure(&self.path, error))?;
        if let Some(document) = &mut self.document {
            document.item(result);
        }
        Ok(())
    }

    /// The file is in its place, the document closed.
    pub(super) fn finish(
        mut self,
        workers: &Value,
        price: Money,
        makespan_s: f64,
    ) -> Result<Counts, Failure> {
        let failed = |error| io_failure(&self.path, error);
        self.file.flush().map_err(failed)?;
        std::fs::rename(part(&self.path), &self.path).map_err(failed)?;
        let counts = &self.counts;
        if let Some(document) = &self.document {
            document.close(
                workers,
                &json!({
                    "items": counts.items, "succeeded": counts.succeeded, "failed": counts.failed, "skipped": counts.skipped,
                    "cancelled": counts.cancelled, "paid_calls": counts.paid_calls, "price": price, "makespan_s": makespan_s,
                }),
            );
        }
        Ok(self.counts)
    }
}

fn part(path: &Path) -> PathBuf {
    path.with_extension("jsonl.part")
}

/// `{"items": […], "workers": […], "totals": {…}}`, item by item. A closed pipe is not an error.
struct Document {
    is_empty: bool,
}

impl Document {
    fn item(&mut self, item: &Value) {
        let before = if self.is_empty { "{\"items\": [\n" } else { ",\n" };
        self.is_empty = false;
        drop(write!(std::io::stdout().lock(), "{before}{item}"));
    }

    fn close(&self, workers: &Value, totals: &Value) {
        let before = if self.is_empty { "{\"items\": [" } else { "\n" };
        drop(writeln!(
            std::io::stdout().lock(),
            "{before}],\n\"workers\": {workers},\n\"totals\": {totals}}}"
        ));
    }
}
