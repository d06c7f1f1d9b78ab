//! The command line at a service: by its address with a key, and, where the service has the data directory, over its control socket.

use super::{
    client::Client,
    service::{ARTIST, PICTURE, Stage, balance, fox, made, roubles},
};
use serde_json::{Value, json};
use std::fs;

/// The commands of the operator: the same words, the same documents, whether they work on a directory of their own, on one that a service
/// has, or at a service with a key. `at` runs one of them; ann has a hundred roubles, and a picture of hers was charged.
fn operates(at: impl Fn(&[&str]) -> Value, picture: &str) {
    let of = |words: &[&str], name: &str| at(words)[name].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let has = |cash: i64| json!({ "account": "ann", "cash": roubles(cash), "bonus": roubles(0), "held": roubles(0), "debt": roubles(0) });
    assert_eq!(at(&["balance", "add", "5", "--account", "ann"]), has(10_500 - PICTURE));
    assert_eq!(at(&["balance", "take", "5", "--account", "ann", "--yes"]), has(10_000 - PICTURE));
    let refunded = at(&["balance", "refund", picture, "--amount", "0.90", "--note", "six fingers", "--yes"]);
    assert_eq!((&refunded["generation"], &refunded["cash"]), (&json!(picture), &roubles(90)));
    let ledger = at(&["balance", "ledger", "--account", "ann", "--limit", "2"]);
    assert_eq!((ledger.as_array().unwrap().len(), &ledger[0]["generation"]), (2, &json!(picture)));
    // Keys.
    let made =
        at(&["keys", "create", "--account", "bob", "--credit", "1", "--scope", "read", "--budget-day", "2"]);
    let id = text(&made["id"]);
    assert_eq!(made["account"], of(&["accounts", "show", "bob"], "id"));
    assert_eq!(made["budgets"]["day"], json!({ "budget": roubles(200), "used": roubles(0) }));
    let listed = at(&["keys", "ls", "--account", "bob"]);
    let names: Vec<&str> = listed[0].as_object().unwrap().keys().map(String::as_str).collect();
    let wanted = "id account mode key created_at revoked_at name scopes expires_at used_at old_until budgets";
    assert_eq!((names.join(" ").as_str(), &listed[0]["account"]), (wanted, &json!("bob")));
    assert_ne!(of(&["keys", "rotate", &id, "--keep", "0"], "key"), made["key"]);
    assert_eq!(at(&["keys", "revoke", &id]), json!({ "id": id, "revoked": true }));
    // Accounts and their terms.
    assert_eq!(
        at(&["accounts", "groups", "set", "friends", "0.5"]),
        json!({ "name": "friends", "factor": "0.5" })
    );
    assert_eq!(of(&["accounts", "set", "bob", "--group", "friends"], "factor"), "0.5");
    assert_eq!(of(&["accounts", "set", "bob", "--no-group", "--free", "on"], "free_access"), true);
    assert_eq!(at(&["accounts", "groups", "ls"])[0]["accounts"], 0);
    assert_eq!(at(&["accounts", "groups", "rm", "friends"]), json!({ "name": "friends", "removed": true }));
    // Vouchers.
    let voucher = at(&["vouchers", "create", "--amount", "3", "--uses", "9"]);
    let given = at(&["balance", "redeem", &text(&voucher["code"]), "--account", "bob"]);
    assert_eq!((&given["account"], &given["amount"]), (&json!("bob"), &roubles(300)));
    assert_eq!(at(&["vouchers", "ls"])[0]["uses"], 1);
    assert_eq!(of(&["vouchers", "revoke", &text(&voucher["id"])], "revoked"), true);
    // Models.
    assert_eq!(of(&["models", "price", ARTIST, "--unit", "image", "--cost", "0.01"], "id"), ARTIST);
    assert_eq!(of(&["models", "approve", ARTIST], "id"), ARTIST);
    assert_eq!(at(&["models", "history"])[0]["change"], "approved");
    assert_eq!(at(&["models", "sync"]), json!([]));
    // Out and away.
    assert_eq!(at(&["accounts", "export", "bob"])["account"]["name"], "bob");
    assert_eq!(at(&["accounts", "delete", "bob", "--yes"])["lost"]["cash"], roubles(400));
    assert_eq!(at(&["accounts", "audit", "--limit", "1"])[0]["action"], "account_delete");
    let accounts = at(&["accounts", "ls"]);
    let names: Vec<&Value> = accounts.as_array().unwrap().iter().map(|account| &account["name"]).collect();
    assert!(names.contains(&&json!("ann")) && !names.contains(&&json!("bob")), "{names:?}");
}

/// A picture of ann's that was paid.
fn picture_of(ann: &Client) -> String {
    made(ann, &fox())["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_operators_commands_work_while_a_service_has_the_data_directory() {
    let (stage, service, ann) = Stage::with_ann();
    let picture = picture_of(&ann);
    operates(|words| stage.desk.json(words), &picture);
    // What is refused is refused in the same words.
    let refused = stage.desk.run(&["balance", "add", "5", "--account", "nobody", "--lang", "en"]);
    assert_eq!(
        (refused.code, refused.complaint().0.contains("`nobody`")),
        (Some(2), true),
        "{}",
        refused.stderr
    );
    stage.close(service);
}

#[test]
fn the_operators_commands_work_in_a_directory_of_their_own() {
    let (stage, service, ann) = Stage::with_ann();
    let picture = picture_of(&ann);
    stage.close(service);
    operates(|words| stage.desk.json(words), &picture);
}

#[test]
fn an_operator_works_at_a_service_with_a_key() {
    let (stage, service, ann) = Stage::with_ann_and_operator();
    let picture = picture_of(&ann);
    let (url, key) = (service.url(""), stage.operator());
    operates(|words| stage.desk.json(&[words, &["--server", &url, "--key", &key]].concat()), &picture);
    stage.close(service);
}

#[test]
fn an_account_looks_after_itself_at_a_service() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "100"]);
    let code = stage.desk.json(&["vouchers", "create", "--amount", "3"])["code"].as_str().unwrap().to_owned();
    let service = stage.serve();
    let url = service.url("");
    let at = |words: &[&str]| stage.desk.json(&[words, &["--server", &url, "--key", &key]].concat());
    assert_eq!(at(&["balance"])["account"], "ann");
    assert_eq!(at(&["balance", "redeem", &code])["amount"], roubles(300));
    assert_eq!(at(&["balance"])["cash"], roubles(10_300));
    assert_eq!(at(&["balance", "ledger"])[0]["kind"], "voucher");
    let made = at(&["keys", "create", "--name", "decks", "--scope", "read"]);
    assert_eq!(at(&["keys", "ls"]).as_array().unwrap().len(), 2);
    at(&["keys", "revoke", made["id"].as_str().unwrap()]);
    let others = stage.desk.run(&["balance", "--account", "local", "--server", &url, "--key", &key]);
    assert_eq!(others.code, Some(1), "{}", others.stderr);
    stage.close(service);
}

#[test]
fn what_makes_one_thing_works_while_a_service_has_the_data_directory() {
    let stage = Stage::new();
    let service = stage.serve();
    let drawn = stage.desk.run(&["create", "a fox", "-o", "fox.png", "--format", "64x64", "--yes"]);
    assert_eq!(drawn.code, Some(0), "{}", drawn.stderr);
    assert!(stage.desk.path("fox.png").is_file());
    let edited = stage.desk.run(&["edit", "fox.png", "--wish", "make it night", "-o", "night.png", "--yes"]);
    assert_eq!(edited.code, Some(0), "{}", edited.stderr);
    let written = stage.desk.run(&["text", "night.png", "Ночь", "-o", "card.png"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let said = stage.desk.run(&["speak", "good evening", "-o", "said.wav", "--yes"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let prompt = stage.desk.json(&["write", "a lighthouse in a storm", "--yes"]);
    assert!(prompt["prompt"].is_string() && prompt["parts"][0][1].is_string(), "{prompt}");
    let sheet = ["contact-sheet", "fox.png", "night.png", "-o", "sheet.png", "--yes"];
    assert_eq!(stage.desk.run(&sheet).code, Some(0));
    let plan = stage.desk.json(&["create", "another", "--format", "64x64", "--plan"]);
    assert_eq!(plan["price"]["amount"], PICTURE, "{plan}");
    let listed = stage.desk.json(&["jobs", "ls"]);
    let made = 5 + prompt["generations"].as_array().unwrap().len();
    assert_eq!(listed.as_array().unwrap().len(), made);
    // What is refused is refused in the same words, and nothing is held.
    let refused =
        stage.desk.run(&["create", "x", "--model", "nobody/nothing", "-o", "x.png", "--lang", "en"]);
    assert_eq!(
        (refused.code, refused.complaint().0.contains("nobody/nothing")),
        (Some(2), true),
        "{}",
        refused.stderr
    );
    stage.close(service);
}

#[test]
fn a_service_is_asked_by_its_address_with_a_key() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "100"]);
    let service = stage.serve();
    let (url, ann) = (service.url(""), service.client(&key));
    let at = |words: &[&str]| {
        stage.desk.run(&[words, &["--server", &url, "--key", &key, "--lang", "en"]].concat())
    };
    let drawn = at(&["create", "a fox", "-o", "out/", "--format", "64x64", "--yes"]);
    assert_eq!(drawn.code, Some(0), "{}", drawn.stderr);
    let file = fs::read_dir(stage.desk.path("out")).unwrap().next().unwrap().unwrap().path();
    let edited = at(&["edit", file.to_str().unwrap(), "--wish", "make it night", "-o", "night.png", "--yes"]);
    assert_eq!(edited.code, Some(0), "{}", edited.stderr);
    assert_eq!(balance(&ann).0, 10_000 - 2 * PICTURE, "it is the account of the key that pays");
    // A price is agreed to, or nothing happens.
    assert_eq!(at(&["create", "a fox", "-o", "x.png", "--format", "64x64"]).code, Some(2));
    assert_eq!(at(&["create", "a fox", "-o", "x.png", "--yes", "--max-cost", "0.01"]).code, Some(3));
    let models = at(&["models", "ls", "--json"]);
    assert!(models.stdout.contains(ARTIST), "{}", models.stdout);
    let jobs = at(&["jobs", "ls", "--json"]);
    let jobs: serde_json::Value = serde_json::from_str(&jobs.stdout).unwrap();
    let id = jobs[0]["id"].as_str().unwrap();
    assert_eq!(at(&["jobs", "show", id]).code, Some(0));
    assert_eq!(at(&["jobs", "watch", id]).code, Some(0));
    assert_eq!(at(&["jobs", "cancel", id, "--yes"]).code, Some(1), "it has ended");
    assert_eq!(at(&["markets", "ls"]).code, Some(1), "that is the operator's");
    let elsewhere = at(&["doctor"]);
    assert_eq!(
        (elsewhere.code, elsewhere.complaint().0.contains("--server")),
        (Some(2), true),
        "{}",
        elsewhere.stderr
    );
    let stranger = stage.desk.run(&["jobs", "ls", "--server", &url, "--key", "sk_live_no"]);
    assert_eq!(stranger.code, Some(1), "{}", stranger.stderr);
    let nobody =
        stage.desk.run(&["jobs", "ls", "--server", "http://127.0.0.1:1", "--key", &key, "--lang", "en"]);
    assert_eq!(
        (nobody.code, nobody.complaint().0.contains("does not answer")),
        (Some(1), true),
        "{}",
        nobody.stderr
    );
    stage.close(service);
}
