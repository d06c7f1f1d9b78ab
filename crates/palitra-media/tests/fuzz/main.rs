//! Every target on its corpus, and on a bounded number of spoilt files out of it: the short form of `cargo xtask fuzz`.

mod seeds;
mod spoil;
mod targets;

use targets::TARGETS;

#[test]
fn s2_099_every_input_that_once_went_wrong_and_every_fixture_is_answered() {
    for (name, target) in TARGETS {
        let seeds = seeds::seeds(name);
        assert!(seeds.len() > 3, "{name} has a corpus");
        for seed in seeds {
            target(&seed);
        }
    }
}

#[test]
fn s2_099_spoilt_inputs_are_answered() {
    for (name, target) in TARGETS {
        let (seeds, mut dice) = (seeds::seeds(name), spoil::Dice::new(1));
        for _ in 0..2_000 {
            target(&spoil::spoilt(&seeds, &mut dice));
        }
    }
}
