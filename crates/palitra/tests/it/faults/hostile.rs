//! Somebody who costs the house as much as can be: stops everything after its start, asks for what the market refuses at a cost, and has
//! connections cut off, as fast as the service takes it. The house loses its budget and what was at work, and others notice nothing.

use super::stage::Stage;
use crate::crash::{
    books::{Books, look},
    scenario::rule,
};
use palitra_sim::fal::{Call, Fault};
use palitra_store::{Tx, p};
use rustix::process::Signal;
use serde_json::{Value, json};

/// What fal is expected to take for one, in kopecks: $0.025 at 95.
const COST: i64 = 238;
const BUDGET: i64 = 2_000;
const RUNNING: i64 = 2;

fn lost(stage: &Stage) -> i64 {
    let sum = |tx: &mut Tx<'_>| {
        let sql = "select cast(coalesce(sum(l.amount), 0) as bigint) from loss l join account a on a.id = l.account_id where a.name = $1";
        tx.query_one(sql, p!["mallory"])?.get::<i64>(0)
    };
    look(&stage.desk, sum)
}

#[test]
fn whoever_costs_the_house_costs_its_budget_and_what_was_at_work() {
    let fail = Fault::Fail { error_type: "content_policy_violation".to_owned() };
    let rules = vec![
        rule(Call::Submit, "stop", Fault::Work { ms: 60_000 }),
        rule(Call::Submit, "sin", fail),
        rule(Call::Submit, "cut", Fault::DropAfter {}),
    ];
    let (budget, running) = (BUDGET.to_string(), RUNNING.to_string());
    let settings = [
        ("PALITRA_ENGINE__HOUSE_LOSS_HOUR_MINOR", budget.as_str()),
        ("PALITRA_ENGINE__ACCOUNT_RUNNING_MAX", running.as_str()),
        ("PALITRA_MARKETS__FAL__SLOTS", "40"),
        ("PALITRA_CLOCK_SCALE", "10"),
    ];
    let stage = Stage::set(rules, &["first"], &settings);
    for name in ["mallory", "boris"] {
        stage.desk.json(&["keys", "create", "--account", name, "--credit", "1000"]);
    }
    let service = stage.serve();
    let create = |account: &str, prompt: &str| {
        let create =
            json!({ "account": account, "key": prompt, "model": "fal-ai/flux/dev", "prompt": prompt });
        stage.ask(&json!({ "create": create }))
    };
    let mut refused = 0;
    let (mut asked, mut to_stop) = (Vec::new(), Vec::new());
    for n in 0..600 {
        let word = ["sin", "stop", "cut"][n % 3];
        let answer = create("mallory", &format!("{word} {n}"));
        match answer["id"].as_str() {
            Some(id) => {
                asked.push(id.to_owned());
                if word == "stop" {
                    to_stop.push(id.to_owned());
                }
            }
            None => {
                assert_eq!(answer["error"], "house_loss", "{answer}");
                assert!(answer["why"].as_str().unwrap().contains("seconds"), "{answer}");
                refused += 1;
            }
        }
        if refused >= 3 {
            break;
        }
        // As soon as it has started it is stopped.
        if let Some(id) = to_stop.first()
            && stage.desk.json(&["jobs", "show", id])["status"] == "running"
        {
            stage.ask(&json!({ "cancel": id }));
            to_stop.remove(0);
        }
    }
    assert_eq!(refused, 3, "the budget was never used up: {} lost", lost(&stage));
    assert!(service.says("alert=\"house_loss\""), "the operator was told");
    // Others are served as if nothing had happened.
    let good = create("boris", "a cat");
    assert!(good["id"].is_string(), "{good}");
    assert!(service.says("state=\"succeeded\""));
    let doctor: Value = stage.desk.json(&["doctor"]);
    let told = doctor.as_array().unwrap().iter().any(|finding| {
        finding["what"] == "house loss" && finding["message"].as_str().unwrap().contains("mallory")
    });
    assert!(told, "{doctor}");
    // What is still under way comes to its end, at the house's cost at most.
    for id in &asked {
        stage.ask(&json!({ "cancel": id }));
    }
    service.signal(Signal::TERM);
    assert_eq!(service.end().run.code, Some(0));
    // Each can cost twice: the unknown submission, and the one more that the house pays.
    assert!(lost(&stage) <= BUDGET + RUNNING * 2 * COST, "{} lost", lost(&stage));
    assert!(lost(&stage) >= BUDGET);
    assert_eq!(Books::problems(&stage.desk), [] as [String; 0]);
}
