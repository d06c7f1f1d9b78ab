//! `cargo xtask bench`: figures of the release build, each beside the bound or the target it is measured against.
//!
//! Never a test: a busy machine makes a figure worse, not wrong. Runs touch loopback only and stop what they started.

mod batches;
mod decks;
mod engine;
mod foundation;
mod http;
mod line;
mod markets;
mod media;
mod peers;
mod share;
mod table;

use crate::Stop;

pub(crate) const HELP: &str = "\
Usage: cargo xtask bench [foundation] [--real]
       cargo xtask bench engine [--quick] [--skip-peers] [--only NAME[,NAME]]
       cargo xtask bench markets [--quick]
       cargo xtask bench media [--quick]
       cargo xtask bench decks [--quick]
       cargo xtask bench batches
       cargo xtask bench http [--quick] [--skip-peers] [--only NAME[,NAME]]

  foundation    S0's pipeline against its bound, the artist, start-up, a deck on the sandbox
  --real        Also the pipeline with real waits (3 s a prompt, 15 s a picture): 2.5 minutes more

  engine        Billed generations from the hold to the outbox on SQLite and PostgreSQL, latency, ten thousand
                that wait, take-over after a kill, fairness; then the peers under the same load
  --quick       A tenth of the work: to see that everything runs; nothing under docs/ changes
  --skip-peers  Ours alone
  --only        Some of: rate, one-account, splits, bounds, latency, wait, fair, peers; and history, which takes
                twenty minutes: what a generation costs after 10 thousand others and after a million (PostgreSQL: 200 thousand)

  markets       A catalogue of two thousand modes: building, listing, memory, checking a request; and our CPU for a picture
                of two megabytes through the adapters of fal, KIE and WaveSpeedAI, their simulators in other processes
  --quick       A tenth of the pictures; nothing under docs/ changes

  media         Text on pictures and files in and out, beside Pillow and pilmoji
  --quick       One round instead of nine; nothing under docs/ changes

  decks         Packages of Anki: 1,000 notes with 2,000 media, beside genanki
  --quick       A tenth of the notes, one round instead of five; nothing under docs/ changes

  batches       A hundred words against their bound, ten thousand lines of JSON, the plan of what is there already

  http          The service over HTTP on loopback: creating and looking under load, a thousand clients that poll, five thousand that
                follow events, and OpenAI's words through it and through LiteLLM's proxy. wrk and nginx have to be on the machine:
                `apt-get install wrk nginx-light`
  --quick       A quarter of the time, one round; nothing under docs/ changes
  --skip-peers  Ours alone
  --only        Some of: create, look, pollers, followers, gateway

The result of `foundation` is also in target/bench.jsonl. Those of the others go to docs/benchmarks/NAME.jsonl and into
their sections of docs/benchmarks.md. Peers are installed below target/peers when they are not there (Python, Node and cargo are
needed; River takes ten minutes to build, once), and `redis-server` has to be on the machine: `apt-get install redis-server`.";

pub(crate) fn run(words: &[String]) -> Result<(), Stop> {
    match words.split_first() {
        Some((name, [])) if name == "batches" => batches::run(),
        Some((name, rest)) if name == "decks" => decks::run(rest),
        Some((name, rest)) if name == "engine" => engine::run(rest),
        Some((name, rest)) if name == "http" => http::run(rest),
        Some((name, rest)) if name == "markets" => markets::run(rest),
        Some((name, rest)) if name == "media" => media::run(rest),
        _ => foundation::run(words),
    }
}

fn unknown(word: &str) -> Stop {
    Stop::new(format!("`{word}` is not understood")).hint("see `cargo xtask bench --help`")
}
