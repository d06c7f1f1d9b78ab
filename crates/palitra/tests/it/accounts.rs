//! `palitra accounts`: terms, price groups, referrals, and the welcome that a new account finds.

use crate::{
    bad_input::{Mistake, refused},
    harness::{Desk, FLUX, deck, on_fal},
};
use palitra_domain::ErrorCode;
use serde_json::{Value, json};

fn roubles(minor: i64) -> Value {
    json!({ "amount": minor, "currency": "RUB" })
}

#[test]
fn what_an_account_pays_follows_its_terms() {
    let desk = Desk::with_fal("http://127.0.0.1:9");
    desk.write("deck.md", deck(2));
    let one = || {
        desk.json(&["create", "a lake", "--model", FLUX, "--format", "1000x1000", "--plan"])["price"].clone()
    };
    let two = || desk.json(&on_fal("deck.md", "out", &["--plan"]))["price"]["amount"].as_i64().unwrap();
    let plain = two();
    assert_eq!(one(), roubles(475));
    assert_eq!(
        desk.json(&["accounts", "groups", "set", "friends", "0.5"]),
        json!({ "name": "friends", "factor": "0.5" })
    );
    let set = desk.json(&["accounts", "set", "local", "--group", "friends"]);
    assert_eq!(
        set,
        json!({ "name": "local", "group": "friends", "factor": "0.5", "free_access": false, "referred_by": null })
    );
    // Half of it, rounded up once: 237.5 kopecks are 238.
    assert_eq!(one(), roubles(238));
    // Each of the four steps is rounded for itself.
    assert!((plain / 2..=plain / 2 + 4).contains(&two()), "{plain} and {}", two());
    assert_eq!(
        desk.json(&["accounts", "groups", "ls"]),
        json!([{ "name": "friends", "factor": "0.5", "accounts": 1 }])
    );
    refused(
        &desk,
        &Mistake {
            words: &["accounts", "groups", "rm", "friends"],
            code: ErrorCode::GroupInUse,
            names: &["`friends`"],
        },
    );
    desk.json(&["accounts", "set", "local", "--free", "on", "--no-group"]);
    assert_eq!((one(), two()), (roubles(0), 0));
    desk.json(&["accounts", "set", "local", "--free", "off"]);
    assert_eq!((one(), two()), (roubles(475), plain));
    assert_eq!(
        desk.json(&["accounts", "groups", "rm", "friends"]),
        json!({ "name": "friends", "removed": true })
    );
}

#[test]
fn s2_104_a_new_account_has_its_welcome_and_sees_until_when() {
    let desk = Desk::new().set("PALITRA_MONEY__WELCOME_DAYS", "30");
    for _ in 0..2 {
        desk.json(&["keys", "create", "--account", "ann"]);
    }
    let ann = desk.json(&["accounts", "show", "ann"]);
    assert_eq!(
        (&ann["cash"], &ann["bonus"], &ann["kind"]),
        (&roubles(0), &roubles(3_000), &json!("customer"))
    );
    assert_eq!(ann["expiring"][0]["amount"], roubles(3_000));
    assert_eq!(desk.json(&["balance", "--account", "ann"])["expiring"], ann["expiring"]);
    let said = desk.run(&["balance", "--account", "ann", "--lang", "ru"]);
    assert!(said.stdout.contains("из бонуса 30 ₽ сгорит 20"), "{}", said.stdout);
    let ledger = desk.json(&["balance", "ledger", "--account", "ann"]);
    assert_eq!((ledger.as_array().unwrap().len(), &ledger[0]["kind"]), (1, &json!("welcome")));
    // The house gives, and is given nothing.
    assert_eq!(desk.json(&["accounts", "show", "local"])["bonus"], roubles(0));
    let listed = desk.json(&["accounts", "ls"]);
    assert_eq!((&listed[0]["name"], &listed[1]["name"]), (&json!("ann"), &json!("local")));
}

#[test]
fn whoever_has_brought_an_account_is_said_once() {
    let desk = Desk::new();
    for name in ["ann", "bob", "eve"] {
        desk.json(&["keys", "create", "--account", name]);
    }
    let code =
        |name: &str| desk.json(&["accounts", "show", name])["referral_code"].as_str().unwrap().to_owned();
    let (ann, bob) = (code("ann"), code("bob"));
    let set = desk.json(&["accounts", "set", "ann", "--referral", &bob.to_lowercase()]);
    assert_eq!(set["referred_by"], "bob");
    assert_eq!(desk.json(&["accounts", "show", "bob"])["referred"], 1);
    for words in [
        &["accounts", "set", "ann", "--referral", &bob][..],
        &["accounts", "set", "bob", "--referral", &ann],
        &["accounts", "set", "eve", "--referral", &code("eve")],
        &["accounts", "set", "local", "--referral", &ann],
    ] {
        refused(&desk, &Mistake { words, code: ErrorCode::ReferralRefused, names: &[] });
    }
    // All or nothing.
    let both = ["accounts", "set", "eve", "--free", "on", "--referral", "NOBODY"];
    refused(&desk, &Mistake { words: &both, code: ErrorCode::NotFound, names: &["`NOBODY`"] });
    assert_eq!(desk.json(&["accounts", "show", "eve"])["free_access"], false);
}

#[test]
fn what_is_not_there_is_named() {
    let desk = Desk::new();
    refused(
        &desk,
        &Mistake { words: &["accounts", "show", "ann"], code: ErrorCode::NotFound, names: &["`ann`"] },
    );
    desk.json(&["keys", "create", "--account", "ann"]);
    let mistakes: [(&[&str], &str); 4] = [
        (&["accounts", "show", "nobody"], "`nobody`"),
        (&["accounts", "set", "nobody", "--free", "on"], "`nobody`"),
        (&["accounts", "set", "ann", "--group", "none"], "`none`"),
        (&["accounts", "groups", "rm", "none"], "`none`"),
    ];
    for (words, name) in mistakes {
        refused(&desk, &Mistake { words, code: ErrorCode::NotFound, names: &[name] });
    }
    for words in [
        &["accounts", "set", "ann"][..],
        &["accounts", "set", "ann", "--free", "maybe"],
        &["accounts", "set", "ann", "--group", "a", "--no-group"],
        &["accounts", "groups", "set", "friends", "-1"],
        &["accounts", "groups", "set", "friends", "1000.5"],
    ] {
        assert_eq!(desk.run(words).code, Some(2), "{words:?}");
    }
}

#[test]
fn s1_15_keys_have_a_name_scopes_an_end_and_budgets() {
    let desk = Desk::new();
    let made = desk.json(&[
        "keys",
        "create",
        "--account",
        "ann",
        "--name",
        "decks",
        "--scope",
        "read,generate",
        "--expires",
        "90d",
        "--budget-day",
        "10",
        "--budget-total",
        "99.50",
    ]);
    assert_eq!((&made["name"], &made["scopes"]), (&json!("decks"), &json!(["read", "generate"])));
    let budget = |minor| json!({ "budget": roubles(minor), "used": roubles(0) });
    let budgets = json!({ "day": budget(1_000), "month": null, "total": budget(9_950) });
    assert_eq!(made["budgets"], budgets);
    let usual = desk.json(&["keys", "create", "--account", "ann"]);
    assert_eq!(usual["scopes"], json!(["read", "generate", "account"]));
    let listed = desk.json(&["keys", "ls", "--account", "ann"]);
    let key = &listed[0];
    assert_eq!((&key["id"], &key["budgets"], &key["used_at"]), (&made["id"], &budgets, &Value::Null));
    assert_eq!(key["expires_at"], made["expires_at"]);
    for (lang, words) in
        [("en", ["decks", "may read,generate", "0 ₽ of 10 ₽ today"]), ("ru", ["decks", "может", "сегодня"])]
    {
        let said = desk.run(&["keys", "ls", "--lang", lang]).stdout;
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }
    for words in [
        &["--scope", "read,everything"][..],
        &["--scope", ""],
        &["--expires", "soon"],
        &["--budget-day", "-1"],
        &["--budget-month", "1.234"],
    ] {
        let run = desk.run(&[&["keys", "create", "--account", "ann"], words].concat());
        assert_eq!(run.code, Some(2), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn a_key_does_not_end_before_it_begins() {
    let desk = Desk::new();
    let words = ["keys", "create", "--account", "ann", "--expires", "2020-01-01"];
    refused(&desk, &Mistake { words: &words, code: ErrorCode::InvalidInput, names: &["`--expires`"] });
}

#[test]
fn s1_15_a_key_gets_a_new_secret_and_the_old_one_a_time() {
    let desk = Desk::new();
    let made = desk.json(&["keys", "create", "--account", "ann"]);
    let id = made["id"].as_str().unwrap();
    let next = desk.json(&["keys", "rotate", id, "--keep", "7d"]);
    assert_eq!((&next["id"], &next["account"]), (&made["id"], &made["account"]));
    assert_ne!(next["key"], made["key"]);
    assert_eq!(desk.json(&["keys", "ls"])[0]["old_until"], next["old_until"]);
    let said = desk.run(&["keys", "rotate", id]).stdout;
    assert!(said.contains("sk_live_") && said.lines().count() == 2, "{said}");
    assert_eq!(desk.run(&["keys", "rotate", id, "--keep", "31d"]).code, Some(2));
    desk.json(&["keys", "revoke", id]);
    for words in [&["keys", "rotate", id][..], &["keys", "rotate", "key_x"]] {
        refused(&desk, &Mistake { words, code: ErrorCode::NotFound, names: &["key_"] });
    }
}

#[test]
fn s1_10_an_account_is_exported_whole() {
    let desk = Desk::new();
    desk.json(&["keys", "create", "--account", "ann", "--credit", "1000"]);
    let document = desk.json(&["accounts", "export", "ann"]);
    assert_eq!(
        (&document["account"]["name"], &document["format"]),
        (&json!("ann"), &json!("palitra-account/1"))
    );
    assert_eq!(document["movements"].as_array().unwrap().len(), 2);
    desk.json(&["accounts", "export", "ann", "-o", "ann.json"]);
    assert_eq!(desk.read_json("ann.json")["keys"], document["keys"]);
    // What is there stays as it is.
    let again = ["accounts", "export", "ann", "-o", "ann.json"];
    refused(&desk, &Mistake { words: &again, code: ErrorCode::NotWritable, names: &["ann.json"] });
    let nobody = ["accounts", "export", "nobody"];
    refused(&desk, &Mistake { words: &nobody, code: ErrorCode::NotFound, names: &["`nobody`"] });
}

#[test]
fn s1_10_an_account_is_deleted_once_and_only_when_somebody_agrees() {
    let desk = Desk::new();
    desk.json(&["keys", "create", "--account", "ann", "--credit", "1000"]);
    let delete = ["accounts", "delete", "ann"];
    let run = desk.run(&delete);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("1,000 ₽") || run.stderr.contains("1000 ₽"), "{}", run.stderr);
    assert!(run.stderr.contains("`--yes`"), "{}", run.stderr);
    assert_eq!(desk.json(&["accounts", "show", "ann"])["name"], "ann");
    let deleted = desk.json(&["accounts", "delete", "ann", "--yes"]);
    assert_eq!((&deleted["deleted"], &deleted["lost"]["keys"]), (&json!(true), &json!(1)));
    assert_eq!(deleted["lost"]["cash"], roubles(100_000));
    for words in [
        &["accounts", "delete", "ann", "--yes"][..],
        &["accounts", "show", "ann"],
        &["balance", "--account", "ann"],
    ] {
        refused(&desk, &Mistake { words, code: ErrorCode::NotFound, names: &["`ann`"] });
    }
    let names = desk.json(&["accounts", "ls"]);
    assert_eq!((names.as_array().unwrap().len(), &names[0]["name"]), (1, &json!("local")));
    assert_eq!(desk.json(&["keys", "ls"]), json!([]));
    let house = ["accounts", "delete", "local", "--yes"];
    refused(&desk, &Mistake { words: &house, code: ErrorCode::InvalidInput, names: &["`local`"] });
    assert_eq!(desk.run(&["doctor"]).code, Some(0));
    // The name is free for somebody else.
    desk.json(&["keys", "create", "--account", "ann"]);
    assert_eq!(desk.json(&["balance", "--account", "ann"])["cash"], roubles(0));
}

#[test]
fn what_operators_do_is_written_down() {
    let desk = Desk::new();
    let made = desk.json(&["keys", "create", "--account", "ann"]);
    desk.json(&["balance", "add", "5", "--account", "ann"]);
    desk.json(&["accounts", "groups", "set", "friends", "0.5"]);
    desk.json(&["vouchers", "create", "--amount", "100"]);
    desk.json(&["markets", "pause", "sandbox"]);
    desk.json(&["accounts", "delete", "ann", "--yes"]);
    let actions = |words: &[&str]| {
        let listed = desk.json(&[&["accounts", "audit"], words].concat());
        let actions = listed.as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap().to_owned());
        actions.collect::<Vec<_>>()
    };
    let all = ["account_delete", "market_pause", "voucher_create", "group_set", "credit", "key_create"];
    assert_eq!(actions(&[]), all);
    assert_eq!(actions(&["--subject", made["id"].as_str().unwrap()]), ["key_create"]);
    assert_eq!(actions(&["--action", "credit"]), ["credit"]);
    assert_eq!(actions(&["--limit", "2"]), all[..2]);
    assert_eq!(desk.run(&["accounts", "audit", "--action", "nothing"]).code, Some(2));
    let said = desk.run(&["accounts", "audit"]).stdout;
    assert!(said.lines().count() == 6 && said.contains("operator") && !said.contains("sk_"), "{said}");
    assert!(!said.contains("ann"), "ids, not names: {said}");
}
