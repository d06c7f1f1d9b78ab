//! The table is complete, unambiguous and never leaves a terminal state.

use super::*;

#[test]
fn every_pair_of_state_and_event_has_at_most_one_target() {
    for from in GenerationState::ALL {
        for event in Event::ALL {
            let targets = TRANSITIONS.iter().filter(|(f, e, _)| f == from && e == event).count();
            assert!(targets <= 1, "{from} {event}");
            assert_eq!(from.advance(*event).is_ok(), targets == 1);
        }
    }
}

#[test]
fn terminal_states_are_final_and_every_other_state_can_end() {
    for state in GenerationState::ALL {
        let leaves = TRANSITIONS.iter().any(|(from, ..)| from == state);
        assert_eq!(leaves, !state.is_terminal(), "{state}");
    }
}

#[test]
fn every_state_is_reached_from_queued() {
    let mut reached = vec![GenerationState::Queued];
    for _ in 0..GenerationState::ALL.len() {
        for (from, _, to) in TRANSITIONS {
            if reached.contains(from) && !reached.contains(to) {
                reached.push(*to);
            }
        }
    }
    assert_eq!(reached.len(), GenerationState::ALL.len());
}

#[test]
fn words_parse_back() {
    for state in GenerationState::ALL {
        assert_eq!(GenerationState::parse(state.as_str()), Some(*state));
    }
    assert_eq!(GenerationState::parse("done"), None);
}

#[test]
fn the_committed_page_is_the_table() {
    let page = include_str!("../../../../docs/states.md");
    assert_eq!(page, transitions_markdown(), "run `cargo xtask docs`");
}
