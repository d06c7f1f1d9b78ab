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
