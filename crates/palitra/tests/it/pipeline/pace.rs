//! Delays from start to start, whether flags or the settings file ask for them.
//!
//! The program's own records are exact. Between a start and its arrival at the market lies a connection, so of the market's times only
//! the whole span is asserted, less one delay.

use super::{numbered, starts, takes};
use crate::harness::{Desk, FLUX, Fal, ROUTER, deck, deck_with_prompts, on_fal};

/// Every `workers`-th start is at least the delay later, and the market saw it, too.
#[track_caller]
fn paced(starts: &[i64], seen: &[i64], workers: usize, delay_us: i64, scale: i64) {
    assert!(starts.len() > workers && starts.len() == seen.len());
    for pair in starts.windows(workers + 1) {
        assert!(pair[workers] - pair[0] >= delay_us, "{starts:?}");
    }
    let delays = i64::try_from((starts.len() - 1) / workers).unwrap() - 1;
    assert!(seen[seen.len() - 1] - seen[0] >= delays * delay_us / scale, "{seen:?}");
}

fn arrivals(fal: &Fal, endpoint: &str) -> Vec<i64> {
    fal.accepted(endpoint).iter().map(|submission| submission.at_us).collect()
}

#[test]
fn s0_12_30_prompts_keep_the_writers_second_and_a_longer_delay() {
    for (more, delay_us) in [(&[][..], 1_000_000), (&["--prompt-delay", "3s"][..], 3_000_000)] {
        let fal = Fal::start(takes(0, 0));
        let desk = Desk::hurried(&fal);
        desk.write("deck.md", deck(4));
        desk.json(&on_fal("deck.md", "out", more));
        paced(&starts(&desk, ROUTER), &arrivals(&fal, ROUTER), 1, delay_us, 20);
    }
}

#[test]
fn s0_14_each_picture_worker_keeps_the_delay() {
    let fal = Fal::start(takes(0, 0));
    let desk = Desk::with_fal(&fal.url());
    desk.write("deck.json", deck_with_prompts(numbered(7)));
    desk.json(&on_fal("deck.json", "out", &["--image-delay", "150ms"]));
    paced(&starts(&desk, FLUX), &arrivals(&fal, FLUX), 2, 150_000, 1);
}

#[test]
fn s0_16_delays_and_workers_come_from_the_settings_file_too() {
    let fal = Fal::start(takes(0, 0));
    let desk = Desk::with_fal(&fal.url());
    desk.write("deck.json", deck_with_prompts(numbered(4)));
    desk.write("palitra.toml", "[slides]\nimage_workers = 1\nimage_delay_ms = 150\n");
    desk.json(&on_fal("deck.json", "out", &[]));
    paced(&starts(&desk, FLUX), &arrivals(&fal, FLUX), 1, 150_000, 1);
}
