//! What a run says about itself: lines for people, one JSON line for machines.

use crate::{
    judge::Verdict,
    options::{Backend, Options},
};
use serde_json::json;
use std::{collections::BTreeMap, fs::File, io::Write, path::Path};

/// Bounds of a run that are not about money.
#[derive(Default, Clone, Copy)]
pub(crate) struct Gauges {
    pub(crate) resident_kb_max: u64,
    pub(crate) dead_rows_max: i64,
}

/// A service may hold so much.
const RESIDENT_KB_MAX: u64 = 256 * 1024;

/// Dead rows of a table: autovacuum looks once a minute, and tables of the queue are vacuumed from 1 % on.
const DEAD_ROWS_MAX: i64 = 50_000;

impl Gauges {
    pub(crate) fn offences(&self) -> Vec<String> {
        let mut offences = Vec::new();
        if self.resident_kb_max > RESIDENT_KB_MAX {
            offences.push(format!("a service held {} MB", self.resident_kb_max / 1024));
        }
        if self.dead_rows_max > DEAD_ROWS_MAX {
            offences.push(format!("{} dead rows in a table", self.dead_rows_max));
        }
        offences
    }
}

pub(crate) fn checkpoint(number: u32, verdict: &Verdict) {
    let count = |what: &str| verdict.counts.get(what).copied().unwrap_or(0);
    println!(
        "checkpoint {number}: {} accepted, {} succeeded, {} taken by the market, {} offences",
        count("accepted"),
        count("ended succeeded"),
        count("submissions the market took"),
        count("offences")
    );
}

/// Everything the last checkpoint found, and what had happened to the run.
pub(crate) fn end(
    (options, store, folder): (&Options, Backend, &Path),
    (verdict, faults, gauges): (&Verdict, &BTreeMap<String, u64>, Gauges),
) {
    println!("\nsoak {} · seed {} · {} min", store.word(), options.seed, options.minutes);
    for (what, count) in &verdict.counts {
        println!("  {what:<40} {count:>9}");
    }
    println!("  {:<40} {:>9}", "largest service, MB", gauges.resident_kb_max / 1024);
    println!("  {:<40} {:>9}", "most dead rows in a table", gauges.dead_rows_max);
    println!("faults");
    for (what, count) in faults {
        println!("  {what:<40} {count:>9}");
    }
    for offence in &verdict.offences {
        println!("OFFENCE {offence}");
    }
    let line = json!({
        "what": "soak", "store": store.word(), "seed": options.seed, "minutes": options.minutes, "rate": options.rate,
        "counts": verdict.counts, "faults": faults, "resident_mb_max": gauges.resident_kb_max / 1024,
        "dead_rows_max": gauges.dead_rows_max, "clean": verdict.offences.is_empty(),
    });
    println!("{line}");
    let file =
        File::options().append(true).create(true).open(folder.parent().unwrap_or(folder).join("soak.jsonl"));
    drop(file.and_then(|mut file| writeln!(file, "{line}")));
    if !verdict.offences.is_empty() {
        println!("kept in {}", folder.display());
    }
}
