//! Ids sort by time, parse back, and say which kind they got.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn ids_sort_by_their_time_and_parse_back(a in 0i64..1 << 55, b in 0i64..1 << 55, random: u128) {
        let (first, second) = (GenerationId::new(Timestamp::from_micros(a), random), GenerationId::new(Timestamp::from_micros(b), !random));
        prop_assert!(a == b || (a < b) == (first < second));
        prop_assert_eq!(GenerationId::parse(first.as_str()), Ok(first));
    }

    #[test]
    fn parsing_never_panics(text in "\\PC{0,40}") {
        drop(GenerationId::parse(&text));
    }
}

#[test]
fn the_wrong_kind_says_which_kind_it_got() {
    let batch = BatchId::new(Timestamp::from_micros(1), 7);
    let error = GenerationId::parse(batch.as_str()).unwrap_err();
    assert_eq!(error.to_string(), format!("`{batch}` is not a generation id: it starts with `bat_`"));
    assert_eq!(batch.as_str(), "bat_00000000000400000000000007");
    assert_eq!(
        GenerationId::parse("gen_SHOUT").unwrap_err().to_string(),
        "`gen_SHOUT` is not a generation id"
    );
}
