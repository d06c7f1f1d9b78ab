//! The judge: our books, the market's log and the files of a desk, after everything has ended. Every offence is collected, so that one
//! failure tells all.

use super::books::{Attempt, Books, Generation};
use crate::harness::Desk;
use palitra_sim::fal::FalLog;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// What is wrong with a desk on which nothing runs any more, with what both sides say about it; empty when all is well.
pub(crate) fn offences(desk: &Desk, log: &FalLog, wanted: impl Wanted) -> Vec<String> {
    let books = Books::read(desk);
    let mut offences = Vec::new();
    endings(&books, wanted, &mut offences);
    money(&books, &mut offences);
    market(&books, log, &mut offences);
    objects(&books, desk, &mut offences);
    if desk.path("out/report.json").exists() {
        pictures(&books, desk, &mut offences);
    }
    if !offences.is_empty() {
        offences.push(story(&books, log));
    }
    offences
}

/// How each generation may end: the first unharmed, any after a kill.
pub(crate) type Endings = fn(&Generation) -> &'static [&'static str];

pub(crate) trait Wanted: Fn(&Generation) -> &'static [&'static str] {}
impl<T: Fn(&Generation) -> &'static [&'static str]> Wanted for T {}

/// Everything has ended, as it should, and holds nothing any more.
fn endings(books: &Books, wanted: impl Wanted, offences: &mut Vec<String>) {
    let mut made: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for generation in &books.generations {
        let (ending, wanted) = (generation.ending(), wanted(generation));
        if !wanted.contains(&ending.as_str()) && !is_lost(books, generation) {
            offences.push(format!("{} `{}` is {ending}, not {wanted:?}", generation.id, generation.prompt));
        }
        let good = attempts(books, generation).filter(|attempt| attempt.is_good()).count();
        if good != usize::from(generation.state == "succeeded") {
            offences.push(format!("{} is {} with {good} good attempts", generation.id, generation.state));
        }
        if generation.state == "succeeded" {
            *made.entry((&generation.model, &generation.prompt)).or_default() += 1;
        }
    }
    for ((model, prompt), times) in made.into_iter().filter(|(_, times)| *times > 1) {
        offences.push(format!("`{prompt}` was made {times} times by {model}"));
    }
    for attempt in &books.attempts {
        if matches!(attempt.state.as_str(), "submitting" | "accepted") {
            offences.push(format!("an attempt of {} is still {}", attempt.generation, attempt.state));
        }
        let is_the_houses = ["unknown", "gate"].contains(&attempt.reason.as_str()) || attempt.is_late;
        if is_the_houses != (attempt.paid_by == "house") {
            offences
                .push(format!("{} pays a `{}` of {}", attempt.paid_by, attempt.reason, attempt.generation));
        }
    }
    if (books.slots_taken, books.batches_open) != (0, 0) {
        offences.push(format!("{} slots taken, {} batches open", books.slots_taken, books.batches_open));
    }
}

/// One posted hold for each success, none for anything else, nothing pending; the balance is the sum of the charges.
fn money(books: &Books, offences: &mut Vec<String>) {
    offences.extend(books.problems.iter().cloned());
    for generation in &books.generations {
        let (hold, charge) =
            if generation.state == "succeeded" { ("posted", generation.price) } else { ("voided", 0) };
        if (generation.hold.as_str(), generation.charged) != (hold, charge) {
            let (id, hold, charged) = (&generation.id, &generation.hold, generation.charged);
            offences.push(format!("{id} is {}: its hold is {hold}, charged {charged}", generation.state));
        }
    }
    let charged: i64 = books.generations.iter().map(|generation| generation.charged).sum();
    if (books.cash, books.held) != (-charged, 0) {
        offences.push(format!("charged {charged}, balance {}, held {}", books.cash, books.held));
    }
}

/// Invariants 2 and 4, from the market's side: every submission it accepted is one of ours, and never were there more at once than the
/// key has slots.
fn market(books: &Books, log: &FalLog, offences: &mut Vec<String>) {
    let crowded = log.overlap.values().filter(|most| i64::from(**most) > books.fal_slots);
    offences.extend(crowded.map(|most| format!("{most} at once with {} slots", books.fal_slots)));
    let mut asked: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for taken in log.accepted() {
        let key = (taken.endpoint.as_str(), taken.prompt.as_str());
        asked.entry(key).or_default().push(taken.request_id.as_deref().unwrap_or_default());
    }
    for ((endpoint, prompt), requests) in asked {
        let ours: Vec<&Generation> = books
            .generations
            .iter()
            .filter(|generation| generation.model == endpoint && generation.prompt == prompt)
            .collect();
        let attempts: Vec<&Attempt> =
            ours.iter().flat_map(|generation| attempts(books, generation)).collect();
        // Those that we know of are matched by the market's id, the others by an attempt that was given up.
        let known = |request: &&&str| attempts.iter().any(|attempt| attempt.reference.contains(**request));
        let unmatched = requests.iter().filter(|request| !known(request)).count();
        let given_up = |attempt: &&&Attempt| attempt.is_unknown() || attempt.state == "abandoned";
        let ghosts = attempts.iter().filter(|attempt| attempt.reference.is_empty()).filter(given_up).count();
        let again = |generation: &&&Generation| {
            self::attempts(books, generation)
                .any(|attempt| ["unknown", "gate"].contains(&attempt.reason.as_str()))
        };
        let resubmitted = ours.iter().filter(again).count();
        if unmatched > ghosts || requests.len() > ours.len() + resubmitted {
            offences.push(format!(
                "`{prompt}`: {} accepted, {unmatched} unmatched; {} generations, {ghosts} unknown attempts",
                requests.len(),
                ours.len()
            ));
        }
    }
}

/// Every asset is there as it was stored, and nothing else is.
fn objects(books: &Books, desk: &Desk, offences: &mut Vec<String>) {
    let root = desk.path("palitra-data/objects");
    let known: BTreeMap<PathBuf, &str> =
        books.assets.iter().map(|asset| (root.join(&asset.object_key), asset.sha256.as_str())).collect();
    for (path, sha256) in &known {
        if digest(path).as_deref() != Some(sha256) {
            offences.push(format!("{} is missing or torn", path.display()));
        }
    }
    // Where others work nobody clears what a dead process left, and each attempt stores under a name of its own.
    if desk.database_url().is_some() {
        return;
    }
    let copies = books.assets.iter().flat_map(|asset| {
        let stem = root.join(&asset.object_key).with_extension("");
        let sides = asset.thumbnails.split(',').filter(|side| !side.is_empty());
        sides.map(move |side| PathBuf::from(format!("{}.{side}.webp", stem.display()))).collect::<Vec<_>>()
    });
    let copies: BTreeSet<PathBuf> = copies.collect();
    for path in files(&root).into_iter().filter(|path| !known.contains_key(path) && !copies.contains(path)) {
        offences.push(format!("{} is nobody's", path.display()));
    }
}

/// The folder of a deck: a whole picture for each slide that succeeded, and nothing half-written.
fn pictures(books: &Books, desk: &Desk, offences: &mut Vec<String>) {
    let report = desk.read_json("out/report.json");
    for slide in report["slides"].as_array().unwrap() {
        if slide["status"] != "succeeded" {
            continue;
        }
        let prompt = slide["clean_prompt"].as_str().unwrap_or_default();
        let drawn =
            books.generations.iter().filter(|drawn| drawn.state == "succeeded" && drawn.prompt == prompt);
        let stored = drawn.flat_map(|drawn| books.assets.iter().filter(|asset| asset.generation == drawn.id));
        let file = desk.path("out").join(slide["file"].as_str().unwrap_or("?"));
        if !stored.map(|asset| asset.sha256.clone()).any(|sha256| digest(&file) == Some(sha256)) {
            offences.push(format!("{} is not the picture of `{prompt}`", file.display()));
        }
    }
    for path in files(&desk.path("out")) {
        if path.extension().is_some_and(|extension| extension == "part") {
            offences.push(format!("{} was left", path.display()));
        }
    }
}

/// Two kills in a row, or a kill and an answer that got lost: no outcome is known, and there is no third submission. What waited for it
/// ends with it.
fn is_lost(books: &Books, generation: &Generation) -> bool {
    let lost = |generation: &Generation| {
        generation.ending() == "failed outcome_unknown" && unknown(books, generation) == 2
    };
    let followed = || books.generations.iter().any(|other| other.batch == generation.batch && lost(other));
    lost(generation) || generation.ending() == "cancelled step_before_failed" && followed()
}

fn attempts<'a>(books: &'a Books, generation: &'a Generation) -> impl Iterator<Item = &'a Attempt> {
    books.attempts.iter().filter(|attempt| attempt.generation == generation.id)
}

/// Attempts of it whose outcome nobody knows.
fn unknown(books: &Books, generation: &Generation) -> usize {
    attempts(books, generation).filter(|attempt| attempt.is_unknown()).count()
}

fn digest(path: &Path) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    Some(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What both sides say, for people.
fn story(books: &Books, log: &FalLog) -> String {
    let mut lines = vec!["our books:".to_owned()];
    for generation in &books.generations {
        let prompt: String = generation.prompt.chars().take(30).collect();
        let attempts =
            attempts(books, generation).map(|attempt| format!("{} {}", attempt.reason, attempt.state));
        let attempts = attempts.collect::<Vec<_>>().join(", ");
        lines.push(format!("  {} {} `{prompt}`: {attempts}", generation.id, generation.ending()));
    }
    lines.push("the market's log:".to_owned());
    for asked in &log.submissions {
        let prompt: String = asked.prompt.chars().take(30).collect();
        lines.push(format!("  {} `{prompt}` accepted {} {:?}", asked.order, asked.accepted, asked.status));
    }
    lines.join("\n")
}
