//! The judge: our books, the market's log, the objects, and what services had answered, while nothing is under way.

use crate::{database::Database, load::Ledger};
use palitra_sim::fal::FalLog;
use palitra_store::{Result, Row, Tx, p};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

/// Offences that are told; the rest are counted.
const TOLD: usize = 40;

/// What was found.
#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) offences: Vec<String>,
    pub(crate) counts: BTreeMap<String, u64>,
}

impl Verdict {
    fn offend(&mut self, offence: String) {
        *self.counts.entry("offences".to_owned()).or_default() += 1;
        if self.offences.len() < TOLD {
            self.offences.push(offence);
        }
    }

    fn count(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }
}

struct Generation {
    id: String,
    state: String,
    error: String,
    prompt: String,
    market: String,
    price: i64,
    hold: Option<String>,
    charged: i64,
}

struct Attempt {
    reason: String,
    paid_by: String,
    state: String,
    reference: String,
    /// Its result came after the generation had gone on: a gift of the house.
    is_late: bool,
}

struct Books {
    generations: Vec<Generation>,
    attempts: HashMap<String, Vec<Attempt>>,
    assets: HashMap<String, Vec<(String, String)>>,
    problems: Vec<String>,
    /// Taken and not kept for a ghost.
    slots_taken: i64,
    ghosts: i64,
    held: i64,
    /// What everybody has, and what was put in.
    cash: i64,
    put_in: i64,
}

pub(crate) fn judge(
    database: &Database,
    log: &FalLog,
    ledger: &Ledger,
    slots: &BTreeMap<String, u32>,
    objects: &Path,
) -> Verdict {
    let mut verdict = Verdict::default();
    match database.look(read) {
        Ok(books) => {
            endings(&books, &mut verdict);
            money(&books, &mut verdict);
            promises(&books, ledger, &mut verdict);
            market(&books, log, slots, &mut verdict);
            stored(&books, objects, &mut verdict);
        }
        Err(error) => verdict.offend(format!("the books cannot be read: {error}")),
    }
    verdict
}

/// Everything has ended, and not because of our own trouble.
fn endings(books: &Books, verdict: &mut Verdict) {
    for generation in &books.generations {
        let ending = format!("{} {}", generation.state, generation.error);
        verdict.count(format!("ended {}", ending.trim_end().replace(' ', ": ")));
        if !matches!(generation.state.as_str(), "succeeded" | "failed" | "cancelled" | "timed_out") {
            verdict.offend(format!("{} has not ended: {}", generation.id, generation.state));
        }
        if matches!(
            generation.error.as_str(),
            "internal" | "disk_full" | "store_busy" | "store_unavailable" | "interrupted"
        ) {
            verdict.offend(format!("{} failed by our own trouble: {}", generation.id, generation.error));
        }
        for attempt in attempts(books, generation) {
            let late = if attempt.is_late { ", late" } else { "" };
            verdict.count(format!("attempt {}{late}", attempt.state));
            if matches!(attempt.state.as_str(), "submitting" | "accepted") {
                verdict.offend(format!("an attempt of {} is still {}", generation.id, attempt.state));
            }
            let by_house = attempt.is_late || matches!(attempt.reason.as_str(), "unknown" | "gate");
            if by_house != (attempt.paid_by == "house") {
                verdict
                    .offend(format!("{} pays a `{}` of {}", attempt.paid_by, attempt.reason, generation.id));
            }
        }
        let good = attempts(books, generation)
            .filter(|attempt| attempt.state == "succeeded" && !attempt.is_late)
            .count();
        if good > 1 || good == 0 && generation.state == "succeeded" {
            verdict.offend(format!("{} is {} with {good} good attempts", generation.id, generation.state));
        }
    }
    if books.slots_taken != 0 {
        verdict.offend(format!("{} slots are taken by nobody who works", books.slots_taken));
    }
    verdict.counts.insert("ghosts at the end".to_owned(), books.ghosts.unsigned_abs());
}

/// One posted hold for each success at no more than its price, nothing else charged, nothing held.
fn money(books: &Books, verdict: &mut Verdict) {
    for problem in &books.problems {
        verdict.offend(format!("books: {problem}"));
    }
    let mut charged = 0;
    for generation in &books.generations {
        charged += generation.charged;
        let hold = generation.hold.as_deref().unwrap_or("missing");
        let is_right = if generation.state == "succeeded" {
            hold == "posted" && generation.charged == generation.price
        } else {
            hold == "voided" && generation.charged == 0
        };
        if !is_right {
            let Generation { id, state, charged, price, .. } = generation;
            verdict.offend(format!("{id} is {state}: its hold is {hold}, charged {charged} of {price}"));
        }
    }
    if books.held != 0 {
        verdict.offend(format!("{} is still held", books.held));
    }
    if books.cash != books.put_in - charged {
        verdict.offend(format!("{} was put in, {charged} charged, and {} is left", books.put_in, books.cash));
    }
    verdict.counts.insert("charged, minor units".to_owned(), charged.unsigned_abs());
}

/// What a service answered is there.
fn promises(books: &Books, ledger: &Ledger, verdict: &mut Verdict) {
    let mut ids = HashMap::new();
    for generation in &books.generations {
        let prompt = generation.prompt.as_str();
        if ids.insert(prompt, generation.id.as_str()).is_some() {
            verdict.offend(format!("`{prompt}` was created twice"));
        }
    }
    for (prompt, id) in &ledger.accepted {
        match ids.get(prompt.as_str()) {
            None => verdict.offend(format!("`{prompt}` was accepted as {id} and is lost")),
            Some(there) if there != id => {
                verdict.offend(format!("`{prompt}` was accepted as {id} and is {there}"))
            }
            Some(_) => {}
        }
    }
    verdict.counts.insert("accepted".to_owned(), u64::try_from(ledger.accepted.len()).unwrap());
}

/// Invariants 2 and 4 from the market's side. Every prompt belongs to one generation.
fn market(books: &Books, log: &FalLog, slots: &BTreeMap<String, u32>, verdict: &mut Verdict) {
    for (key, most) in &log.overlap {
        let limit = slots.get(key).copied().unwrap_or(0);
        verdict.counts.insert(format!("most at once on {key} of {limit}"), u64::from(*most));
        if *most > limit {
            verdict.offend(format!("{most} at once on {key}, which has {limit} slots"));
        }
    }
    let mut by_prompt: HashMap<&str, Vec<&Generation>> = HashMap::new();
    for generation in books.generations.iter().filter(|generation| generation.market == "fal") {
        by_prompt.entry(&generation.prompt).or_default().push(generation);
    }
    let mut asked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for taken in log.accepted() {
        verdict.count("submissions the market took");
        asked.entry(&taken.prompt).or_default().push(taken.request_id.as_deref().unwrap_or_default());
    }
    verdict
        .counts
        .insert("submissions the market refused".to_owned(), u64::try_from(log.refused().count()).unwrap());
    for (prompt, requests) in asked {
        let ours = by_prompt.get(prompt).map(Vec::as_slice).unwrap_or_default();
        let attempts: Vec<&Attempt> =
            ours.iter().flat_map(|generation| attempts(books, generation)).collect();
        let known = |request: &&&str| attempts.iter().any(|attempt| attempt.reference.contains(**request));
        let unmatched = requests.iter().filter(|request| !known(request)).count();
        let silent =
            attempts.iter().filter(|attempt| attempt.reference.is_empty() && attempt.was_unknown()).count();
        // At most one resubmission for each generation, and only after an attempt whose outcome was unknown.
        let again = ours
            .iter()
            .filter(|generation| self::attempts(books, generation).any(|attempt| attempt.reason == "unknown"))
            .count();
        if requests.len() > 1 {
            verdict.count("prompts the market took twice");
        }
        if unmatched > silent || requests.len() > ours.len() + again {
            let story: Vec<String> = attempts
                .iter()
                .map(|attempt| format!("{} {} {}", attempt.reason, attempt.state, attempt.reference))
                .collect();
            verdict.offend(format!(
                "`{prompt}`: {} taken, {unmatched} unmatched, {silent} silent, {} generations: {story:?}",
                requests.len(),
                ours.len()
            ));
        }
    }
    for generation in &books.generations {
        // What was provably refused, or never left its process, is not extra.
        let extra = |attempt: &&Attempt| {
            attempt.reason == "unknown" && !matches!(attempt.state.as_str(), "refused" | "vanished")
        };
        let again = attempts(books, generation).filter(extra).count();
        if again > 1 {
            verdict.offend(format!(
                "{} was submitted again {again} times after unknown outcomes",
                generation.id
            ));
        }
    }
}

/// Every result is there as it was stored.
fn stored(books: &Books, objects: &Path, verdict: &mut Verdict) {
    let mut known = BTreeSet::new();
    for generation in &books.generations {
        let assets = books.assets.get(&generation.id).map(Vec::as_slice).unwrap_or_default();
        if generation.state == "succeeded" && assets.is_empty() && generation.market == "fal" {
            verdict.offend(format!("{} succeeded and has no asset", generation.id));
        }
        for (key, sha256) in assets {
            let path = objects.join(key);
            let digest = std::fs::read(&path).ok().map(|bytes| {
                Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
            });
            if digest.as_ref() != Some(sha256) {
                verdict.offend(format!("{key} of {} is missing or torn", generation.id));
            }
            known.insert(path);
        }
    }
    for path in files(objects) {
        if !known.contains(&path) {
            // A file of a generation that ended without it, or half of one: it costs room and nothing else.
            verdict.count("files of nobody");
        }
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .map(|entry| entry.path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

impl Attempt {
    /// Nobody knew what became of it, or nobody knew for long enough.
    fn was_unknown(&self) -> bool {
        matches!(self.state.as_str(), "unknown" | "lost" | "abandoned")
    }
}

fn attempts<'a>(books: &'a Books, generation: &Generation) -> impl Iterator<Item = &'a Attempt> {
    books.attempts.get(&generation.id).into_iter().flatten()
}

fn read(tx: &mut Tx<'_>) -> Result<Books> {
    let generations = pages(
        tx,
        "select g.id, g.state, coalesce(g.error_code, ''), g.input, g.market, g.price, t.state, coalesce(t.charged_cash + t.charged_bonus, 0)
         from generation g left join transfer t on t.generation_id = g.id and t.kind = 'hold' where g.id > $1 order by g.id limit 5000",
        |row| {
            let input: serde_json::Value = serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default();
            Ok(Generation {
                id: row.get(0)?,
                state: row.get(1)?,
                error: row.get(2)?,
                prompt: input["prompt"].as_str().unwrap_or_default().to_owned(),
                market: row.get(4)?,
                price: row.get(5)?,
                hold: row.get(6)?,
                charged: row.get(7)?,
            })
        },
        |generation| generation.id.clone(),
    )?;
    let rows = pages(
        tx,
        "select generation_id, reason, paid_by, state, coalesce(reference, ''), late_at is not null from attempt
         where generation_id > $1 and generation_id in (select id from generation where id > $1 order by id limit 2000) order by generation_id, n",
        |row| {
            let attempt = Attempt { reason: row.get(1)?, paid_by: row.get(2)?, state: row.get(3)?, reference: row.get(4)?,
                is_late: row.get(5)? };
            Ok((row.get::<String>(0)?, attempt))
        },
        |(id, _)| id.clone(),
    )?;
    let mut attempts: HashMap<String, Vec<Attempt>> = HashMap::new();
    for (id, attempt) in rows {
        attempts.entry(id).or_default().push(attempt);
    }
    let rows = pages(
        tx,
        "select id, generation_id, object_key, sha256 from asset where id > $1 order by id limit 5000",
        |row| {
            Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?, row.get::<String>(3)?))
        },
        |(id, ..)| id.clone(),
    )?;
    let mut assets: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for (_, generation, key, sha256) in rows {
        assets.entry(generation).or_default().push((key, sha256));
    }
    Ok(Books {
        generations,
        attempts,
        assets,
        problems: palitra_store::ledger::problems(tx)?,
        slots_taken: number(
            tx,
            "select count(*) from slot where generation_id is not null and kept_until is null",
        )?,
        ghosts: number(tx, "select count(*) from slot where kept_until is not null")?,
        held: number(tx, "select cast(coalesce(sum(cash_held + bonus_held), 0) as bigint) from book")?,
        cash: number(tx, "select cast(coalesce(sum(cash + bonus), 0) as bigint) from book")?,
        put_in: number(
            tx,
            "select cast(coalesce(sum(cash + bonus), 0) as bigint) from transfer where kind in ('topup', 'welcome', 'voucher', 'referral', 'expiry')",
        )?,
    })
}

/// Page by page behind the last key, so that no answer is without bound.
fn pages<T>(tx: &mut Tx<'_>, sql: &str, of: fn(&Row) -> Result<T>, key: fn(&T) -> String) -> Result<Vec<T>> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let rows = tx.query(sql, p![&after])?;
        let page = rows.iter().map(of).collect::<Result<Vec<T>>>()?;
        let Some(last) = page.last() else { return Ok(all) };
        after = key(last);
        all.extend(page);
    }
}

fn number(tx: &mut Tx<'_>, sql: &str) -> Result<i64> {
    tx.query_one(sql, p![])?.get(0)
}
