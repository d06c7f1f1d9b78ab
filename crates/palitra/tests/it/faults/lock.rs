//! The market locks the account: work in the queue ends and its money goes back; after the operator has seen to it, all is as before.

use super::stage::Stage;
use crate::crash::{
    books::Books,
    scenario::{SUCCEEDED, rule},
};
use palitra_sim::fal::{Call, FalScript, Fault};
use serde_json::{Value, json};

#[test]
fn a_locked_account_gives_the_money_back_and_works_again_when_resumed() {
    let rules = vec![
        rule(Call::Submit, "first", Fault::Work { ms: 1_500 }),
        rule(Call::Submit, "then", Fault::Locked {}),
    ];
    let stage = Stage::set(rules, &["first"], &[("PALITRA_MARKETS__FAL__SLOTS", "1")]);
    let service = stage.serve();
    assert!(service.says("accepted"));
    let create = |key: &str| {
        stage.ask(&json!({ "create": { "account": "local", "key": key, "model": "fal-ai/flux/dev", "prompt": key } }))
    };
    // While the first has the only slot, these wait.
    for n in 1..=6 {
        let id = create(&format!("then {n}"));
        assert!(id["id"].is_string(), "{id}");
    }
    assert!(service.says("a key cannot be used any more"));
    assert!(service.says("ended what was queued for a stopped market"));
    assert_eq!(create("refused")["error"], "market_credits", "new work of a stopped market is refused");
    let books = Books::read(&stage.desk);
    assert_eq!(books.held, 0, "money is still on hold");
    let ended = books.generations.iter().filter(|generation| generation.ending() == "failed market_credits");
    assert_eq!(ended.count(), 6);
    assert_eq!(books.attempts.len(), 2, "one submission found it out");
    stage.fal.as_ref().unwrap().set_script(FalScript::default());
    assert_eq!(stage.ask(&json!({ "resume": "fal" })), json!({ "resumed": true }));
    assert_ne!(create("later")["id"], Value::Null);
    assert!(service.says("state=\"succeeded\""));
    let (_, log) = stage.finish(service, |generation| match generation.prompt.as_str() {
        "first" | "later" => SUCCEEDED,
        _ => &["failed market_credits"],
    });
    assert_eq!((log.accepted().count(), log.refused().count()), (2, 1));
}
