//! What every pack must keep.

mod prices;
mod seeds;
mod shapes;

use super::*;
use crate::{Currency, money::Millionths};

/// 95 rubles for a dollar, 0.475 for a credit, times two.
const RUBLES: PriceSettings = PriceSettings {
    currency: Currency::RUB,
    usd_rate: Millionths::whole(95),
    credit_rate: Millionths(475_000),
    markup: Millionths::whole(2),
    least: 0,
    factor: Millionths::ONE,
};

#[test]
fn shipped_packs_read_and_ids_are_unique() {
    let catalogue = Catalogue::shipped();
    for model in catalogue.models() {
        assert_eq!(catalogue.find(&model.id).map(|found| &found.id), Some(&model.id));
        assert_eq!(catalogue.find(&model.prefixed_id()).map(|found| &found.id), Some(&model.id));
        assert!(!model.modes.is_empty() && !model.languages.is_empty(), "{}", model.id);
        assert_eq!(catalogue.models().iter().filter(|other| other.id == model.id).count(), 1, "{}", model.id);
    }
    for (name, alias) in catalogue.aliases() {
        assert!(!alias.modes.is_empty(), "{name}");
        for (mode, ids) in &alias.modes {
            for id in ids {
                let found = catalogue.find(id).and_then(|model| model.mode(mode));
                assert!(found.is_some(), "`{name}` leads to `{id}`, which has no mode `{mode}`");
            }
        }
    }
}

#[test]
fn s2_014_an_unknown_model_names_the_nearest() {
    let catalogue = Catalogue::shipped();
    assert!(catalogue.find("fal-ai/flux/dve").is_none());
    assert_eq!(catalogue.nearest("fal-ai/flux/dve")[0], "fal-ai/flux/dev");
    assert_eq!(catalogue.nearest("sandbox/artst")[0], "sandbox/artist");
}

#[test]
fn a_pack_with_an_unknown_field_is_refused() {
    let error =
        Catalogue::default().add_pack("mine", "market = 'm'\ncolour = 'red'\nmodel = []").unwrap_err();
    assert_eq!(error.to_string(), "catalogue pack `mine` cannot be read");
}
