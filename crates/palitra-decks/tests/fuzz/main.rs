//! Every target on its corpus, and on a bounded number of spoilt files out of it: the short form of `cargo xtask fuzz`.

mod pptx;
mod seeds;
#[path = "../../../palitra-media/tests/fuzz/spoil.rs"]
mod spoil;
mod targets;

use targets::TARGETS;

#[test]
fn s1_06_every_input_that_once_went_wrong_and_every_example_is_answered() {
    for (name, target) in TARGETS {
        let seeds = seeds::seeds(name);
        assert!(!seeds.is_empty(), "{name} has a corpus");
        for seed in seeds {
            target(&seed);
        }
    }
}

#[test]
fn s1_06_spoilt_inputs_are_answered() {
    for (name, target) in TARGETS {
        let (seeds, mut dice) = (seeds::seeds(name), spoil::Dice::new(1));
        for _ in 0..500 {
            target(&spoil::spoilt(&seeds, &mut dice));
        }
    }
}
