//! `palitra vouchers` and `palitra balance redeem`.

use crate::{
    bad_input::{Mistake, refused},
    harness::Desk,
};
use palitra_domain::{ErrorCode, codes::GUESSES_MAX};
use serde_json::json;

#[test]
fn a_voucher_is_made_redeemed_listed_and_revoked() {
    let desk = Desk::new().set("PALITRA_MONEY__WELCOME_MINOR", "0");
    desk.json(&["keys", "create", "--account", "ann"]);
    let made =
        desk.json(&["vouchers", "create", "--amount", "100", "--uses", "50", "--expires", "2199-01-31"]);
    let (id, code) = (made["id"].as_str().unwrap(), made["code"].as_str().unwrap());
    assert!(id.starts_with("vch_") && code.len() == 14, "{made}");
    let given = desk.json(&["balance", "redeem", &code.to_lowercase(), "--account", "ann"]);
    let amount = json!({ "amount": 10_000, "currency": "RUB" });
    assert_eq!(given, json!({ "account": "ann", "purse": "cash", "amount": amount, "expires_at": null }));
    assert_eq!(desk.json(&["balance", "--account", "ann"])["cash"], amount);
    let listed = desk.json(&["vouchers", "ls"]);
    assert!(!listed.to_string().contains(code), "the code is shown once");
    let it = &listed[0];
    assert_eq!((&it["status"], &it["uses"], &it["uses_max"]), (&json!("active"), &json!(1), &json!(50)));
    // The named day is part of it.
    assert_eq!(it["expires_at"], "2199-02-01T00:00:00.000Z");
    let again = ["balance", "redeem", code, "--account", "ann"];
    refused(&desk, &Mistake { words: &again, code: ErrorCode::VoucherUsed, names: &[code] });
    desk.json(&["vouchers", "revoke", id]);
    assert_eq!(desk.json(&["vouchers", "ls"])[0]["status"], "revoked");
    refused(&desk, &Mistake { words: &["vouchers", "revoke", id], code: ErrorCode::NotFound, names: &[id] });
    refused(
        &desk,
        &Mistake { words: &["balance", "redeem", code], code: ErrorCode::VoucherOver, names: &[code] },
    );
}

#[test]
fn a_bonus_of_a_voucher_has_an_end() {
    let desk = Desk::new();
    let words = ["vouchers", "create", "--amount", "30", "--code", "Spring-27", "--bonus", "--days", "30"];
    assert_eq!(desk.json(&words)["code"], "Spring-27");
    refused(&desk, &Mistake { words: &words, code: ErrorCode::VoucherExists, names: &["`Spring-27`"] });
    let given = desk.json(&["balance", "redeem", "SPRING27"]);
    assert_eq!((&given["purse"], given["expires_at"].is_string()), (&json!("bonus"), true));
    let balance = desk.json(&["balance"]);
    assert_eq!(
        balance["expiring"],
        json!([{ "amount": given["amount"], "expires_at": given["expires_at"] }])
    );
    let listed = desk.json(&["vouchers", "ls"]);
    assert_eq!((&listed[0]["days"], &listed[0]["status"]), (&json!(30), &json!("used_up")));
    let said = desk.run(&["vouchers", "ls", "--lang", "en"]);
    assert!(said.stdout.contains("bonus 30 ₽, used 1 of 1"), "{}", said.stdout);
}

#[test]
fn codes_that_do_not_exist_close_the_hour() {
    let desk = Desk::new();
    let guess = ["balance", "redeem", "ABCD-EFGH"];
    let mut tries = 0;
    // Four runs each time: two languages, for people and for machines.
    while tries + 4 <= GUESSES_MAX {
        refused(&desk, &Mistake { words: &guess, code: ErrorCode::VoucherUnknown, names: &["`ABCD-EFGH`"] });
        tries += 4;
    }
    for _ in tries..GUESSES_MAX {
        assert_eq!(desk.run(&guess).code, Some(2));
    }
    let run = desk.run(&[&guess[..], &["--json"]].concat());
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stdout.contains("voucher_tries"), "{}", run.stdout);
}

#[test]
fn vouchers_that_cannot_be_are_refused() {
    let desk = Desk::new();
    for (words, name) in [
        (&["vouchers", "create", "--amount", "5", "--code", "abc"][..], "`--code`"),
        (&["vouchers", "create", "--amount", "5", "--code", "a+b=c"], "`--code`"),
        (&["vouchers", "create", "--amount", "5", "--expires", "2020-01-31"], "`--expires`"),
        (&["vouchers", "create", "--amount", "0"], "`--amount`"),
    ] {
        refused(&desk, &Mistake { words, code: ErrorCode::InvalidInput, names: &[name] });
    }
    refused(
        &desk,
        &Mistake { words: &["vouchers", "revoke", "vch_x"], code: ErrorCode::NotFound, names: &["`vch_x`"] },
    );
    for words in [
        &["vouchers", "create"][..],
        &["vouchers", "create", "--amount", "5", "--days", "3"],
        &["vouchers", "create", "--amount", "5", "--uses", "0"],
    ] {
        assert_eq!(desk.run(words).code, Some(2), "{words:?}");
    }
    assert_eq!(desk.json(&["vouchers", "ls"]), json!([]));
}
