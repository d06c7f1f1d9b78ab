//! Work that comes in: generations of several accounts at a steady pace, each asked for under a key until a service has answered.
//!
//! What was answered is what the judge holds the services to.

use crate::dice::Dice;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// An answer that takes longer never came: the service is stopped or dead.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Requests at once, so that one service that is stopped does not hold up all work.
const WORKERS: usize = 4;

/// Every so many is for an account that soon has no money.
const POOR: u64 = 50;

#[derive(Default)]
pub(crate) struct Ledger {
    /// Prompts that a service answered with an id, however often it was asked.
    pub(crate) accepted: Vec<(String, String)>,
    /// Refusals by code.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Tries that got no answer.
    pub(crate) unanswered: u64,
}

/// What the threads share.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    sockets: Arc<Mutex<Vec<PathBuf>>>,
    paused: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
    busy: Arc<Mutex<usize>>,
}

impl Load {
    /// `accounts` have money; the last one of them has little.
    pub(crate) fn start(
        seed: u64,
        rate: u64,
        accounts: &[String],
        sockets: Vec<PathBuf>,
    ) -> (Load, Vec<JoinHandle<()>>) {
        let load = Load {
            ledger: Arc::default(),
            sockets: Arc::new(Mutex::new(sockets)),
            paused: Arc::new(AtomicBool::new(true)),
            ended: Arc::default(),
            busy: Arc::default(),
        };
        let workers = (0..WORKERS).map(|worker| {
            let (load, accounts) = (load.clone(), accounts.to_vec());
            thread::spawn(move || load.work(seed, worker, rate, &accounts))
        });
        let workers = workers.collect();
        (load, workers)
    }

    /// Nothing new is asked for afterwards, and nothing is on its way.
    pub(crate) fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
        while *self.busy.lock().unwrap() > 0 {
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn go_on(&self) {
        self.paused.store(false, Ordering::SeqCst);
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    /// One of the last ids, for whoever cancels.
    pub(crate) fn recent(&self, dice: &mut Dice) -> Option<String> {
        let ledger = self.ledger.lock().unwrap();
        let back = dice.index(40).min(ledger.accepted.len().saturating_sub(1));
        ledger.accepted.iter().rev().nth(back).map(|(_, id)| id.clone())
    }

    fn work(&self, seed: u64, worker: usize, rate: u64, accounts: &[String]) {
        let mut dice = Dice::new(seed, 100 + u64::try_from(worker).unwrap());
        let pace = Duration::from_secs(1) * u32::try_from(WORKERS).unwrap() / u32::try_from(rate).unwrap();
        let mut next = Instant::now();
        for n in (worker..).step_by(WORKERS) {
            while self.paused.load(Ordering::SeqCst) && !self.ended.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(20));
                next = Instant::now();
            }
            if self.ended.load(Ordering::SeqCst) {
                return;
            }
            *self.busy.lock().unwrap() += 1;
            let account = if dice.one_in(POOR) { accounts.len() - 1 } else { dice.index(accounts.len() - 1) };
            let prompt = format!("soak picture {seed} number {n}");
            let asked = json!({ "create": { "account": accounts[account], "key": prompt, "model": "fal-ai/flux/dev", "prompt": prompt, "priority": if dice.one_in(4) { "fast" } else { "standard" } } });
            self.ask(&mut dice, &prompt, &asked);
            *self.busy.lock().unwrap() -= 1;
            // After a stall it goes on at its pace instead of making up for it.
            next = (next + pace).max(Instant::now() - pace);
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }

    /// Until somebody answers, or the run ends.
    fn ask(&self, dice: &mut Dice, prompt: &str, asked: &Value) {
        while !self.ended.load(Ordering::SeqCst) {
            let sockets = self.sockets.lock().unwrap().clone();
            let answer = request(&sockets[dice.index(sockets.len())], asked);
            let mut ledger = self.ledger.lock().unwrap();
            let Some(answer) = answer else {
                ledger.unanswered += 1;
                drop(ledger);
                thread::sleep(dice.between_ms(20, 200));
                continue;
            };
            match (answer["id"].as_str(), answer["error"].as_str()) {
                (Some(id), _) => return ledger.accepted.push((prompt.to_owned(), id.to_owned())),
                (_, Some(code)) => {
                    *ledger.refused.entry(code.to_owned()).or_default() += 1;
                    drop(ledger);
                    // Our own trouble passes; what is refused for a reason is refused.
                    if !matches!(code, "store_unavailable" | "store_busy" | "disk_full" | "interrupted") {
                        return;
                    }
                    thread::sleep(dice.between_ms(50, 300));
                }
                (None, None) => return,
            }
        }
    }
}

/// One request on a connection of its own. `None`: no answer.
pub(crate) fn request(socket: &Path, asked: &Value) -> Option<Value> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(ANSWERS_WITHIN)).ok()?;
    stream.write_all(format!("{asked}\n").as_bytes()).ok()?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).ok()?;
    serde_json::from_str(&answer).ok()
}
