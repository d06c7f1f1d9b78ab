//! An account is handed out in pages and deleted in parts: nothing of it is left but its money, and nothing of anybody else's is touched.

use super::{
    api_keys::new_key,
    deck::{slides, start},
    harness::{Fresh, on_every_database},
    shop::{
        anna, at, balance, boris, commit, create, failure, house, id, is_rule, make, moved, number, open,
        refused, settlement, wanted,
    },
    webhooks::{hook, wants},
};
use crate::{
    Error, MIGRATIONS, Tx, accounts,
    api_keys::{self, Budgets, NewApiKey},
    assets::{self, NewUpload},
    books,
    generations::{self, NewGeneration},
    ledger::{self, Gift, GiftKind, Purse},
    p,
    people::{
        self,
        erase::{self, Part, ROWS, STAYS, STEPS},
        export::SECTIONS,
    },
    profiles,
    requests::{self, Rating, Request},
    webhooks,
};
use palitra_domain::{
    ErrorCode, GenerationId, Livemode,
    state::{AttemptState, Event, GenerationState},
};
use std::collections::BTreeSet;

on_every_database!(MIGRATIONS =>
    s1_10_of_a_deleted_account_only_money_is_left,
    s1_10_a_deletion_that_breaks_off_anywhere_goes_on,
    s1_10_what_is_at_a_market_is_waited_for,
    what_a_ghost_keeps_is_waited_for_where_it_is,
    nobody_finds_an_account_that_is_being_deleted,
    the_house_stays,
    an_account_is_handed_out_whole_and_nobody_elses,
);

/// A key with a budget, a picture, a failure, a batch, a queued one, an upload, an identity, a guess.
async fn furnished(fresh: &Fresh) {
    open(fresh, 4).await;
    commit(fresh, |tx| {
        let budgets = Budgets { total: Some(1_000_000), ..Budgets::default() };
        api_keys::insert(tx, &NewApiKey { livemode: Livemode::Live, budgets, ..new_key(1) }, at(0))?;
        let keyed = |n| NewGeneration { key: Some(id(1)), ..wanted(n) };
        create(tx, &anna(), &[keyed(1), keyed(2), keyed(3)])?;
        create(tx, &boris(), &[wanted(50)])?;
        start(tx, &slides(1, 2))?;
        tx.send(
            "insert into identity(kind, realm, external_id, account_id, created_at) values('telegram', 'bot', '7', $1, 1)",
            p![anna().as_str()],
        )?;
        tx.send("insert into voucher_guess(account_id, since, failed) values($1, 1, 1)", p![anna().as_str()])?;
        tx.send("update transfer set note = 'for Anna' where account_id = $1", p![anna().as_str()])
    })
    .await;
    commit(fresh, |tx| {
        let fence = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&fence, 1), at(2))?;
        let fence = make(tx, 2, at(1))?;
        generations::fail(tx, &failure(&fence, 2, Event::Fail, AttemptState::Failed), at(2))?;
        let fence = make(tx, 50, at(1))?;
        generations::settle(tx, &settlement(&fence, 50), at(2))
    })
    .await;
    commit(fresh, |tx| {
        webhooks::insert(tx, &wants(80, anna(), &["*"], None), 20, at(0))?;
        webhooks::insert(tx, &wants(81, boris(), &["*"], None), 20, at(0))?;
        for (lane, count) in [(hook(80).to_string(), 3), (anna().to_string(), 2), (hook(81).to_string(), 1)] {
            for n in 0..count {
                tx.send(
                    "insert into webhook_delivery(id, account_id, livemode, lane, form, event, next_at, created_at)
                     select $1, coalesce((select account_id from webhook where id = $2), $2), 'live', $2, 'standard', 'webhook.test', 0, 0",
                    p![&format!("dlv_{lane}{n}"), &lane],
                )?;
            }
        }
        Ok(())
    })
    .await;
    for (n, account) in [(70, anna()), (71, boris())] {
        let upload = upload(n, account);
        commit(fresh, move |tx| assets::insert_upload(tx, &upload, 0, at(0))).await;
    }
}

fn upload(n: u64, account: palitra_domain::AccountId) -> NewUpload {
    NewUpload {
        is_promised: false,
        id: id(n),
        account,
        livemode: Livemode::Live,
        kind: "image",
        mime: "image/png",
        object_key: format!("uploads/{n}.png"),
        bytes: 5,
        sha256: format!("{n:064}"),
        width: None,
        height: None,
    }
}

/// Every step as far as it goes, `max` rows at a time; whether it is over.
async fn erased(fresh: &Fresh, max: u32, now: i64) -> bool {
    for step in STEPS {
        loop {
            let part = commit(fresh, move |tx| (step.run)(tx, &anna(), max, at(now))).await;
            if part.gone == 0 && part.waits {
                return false;
            }
            if part.gone == 0 {
                break;
            }
        }
    }
    commit(fresh, move |tx| erase::finish(tx, &anna(), at(now))).await
}

/// Tables of rows that name the account, with how many.
async fn left(fresh: &Fresh) -> Vec<(&'static str, i64)> {
    let tables = ROWS.iter().chain(STAYS).map(|(table, _)| *table).filter(|table| *table != "key_budget_use");
    let tables: Vec<_> = tables.collect();
    let read = fresh.store.read(move |tx| {
        let mut found = Vec::new();
        for table in &tables {
            let sql = format!("select count(*) from {table} where account_id = $1");
            let count: i64 = tx.query_one(&sql, p![anna().as_str()])?.get(0)?;
            if count > 0 {
                found.push((*table, count));
            }
        }
        Ok(found)
    });
    read.await.unwrap()
}

async fn gone_but_for_money(fresh: &Fresh) {
    let left = left(fresh).await;
    let tables: Vec<_> = left.iter().map(|(table, _)| *table).collect();
    assert_eq!(tables, ["outbox", "book", "transfer", "generation_past"], "{left:?}");
    assert_eq!(
        number(fresh, "select count(*) from outbox where kind <> 'erase' and kind <> 'batch'").await,
        1,
        "boris'"
    );
    // The picture and the upload.
    let erasures = "select count(*) from outbox o join account a on a.id = o.account_id where o.kind = 'erase' and a.deleted_at is not null";
    assert_eq!(number(fresh, erasures).await, 2);
    let named = "select count(*) from transfer t join account a on a.id = t.account_id where a.deleted_at is not null and t.note <> ''";
    assert_eq!(number(fresh, named).await, 0);
    assert_eq!(number(fresh, "select count(*) from account where name = 'anna'").await, 0);
    assert_eq!(
        number(
            fresh,
            "select count(*) from account where deleted_at is not null and name like 'deleted-acc%'"
        )
        .await,
        1
    );
    assert_eq!(number(fresh, "select count(*) from key_budget_use").await, 0);
    assert_eq!(
        number(fresh, "select count(*) from item").await + number(fresh, "select count(*) from step").await,
        0
    );
    assert_eq!(fresh.store.read(books::everything).await, Ok(vec![]));
    // Of everybody else nothing is gone.
    assert_eq!(number(fresh, "select count(*) from webhook_delivery").await, 1);
    assert_eq!(number(fresh, "select count(*) from webhook where deleted_at is null").await, 1);
    assert_eq!(number(fresh, "select count(*) from asset where deleted_at is null").await, 2);
    assert_eq!(number(fresh, "select count(*) from generation").await, 1);
}

async fn s1_10_of_a_deleted_account_only_money_is_left(fresh: Fresh) {
    furnished(&fresh).await;
    let holdings = fresh.store.read(|tx| people::holdings(tx, &anna())).await.unwrap();
    assert_eq!((holdings.files, holdings.bytes, holdings.waiting, holdings.keys), (2, 10, 5, 1));
    assert!(commit(&fresh, |tx| erase::begin(tx, &anna(), at(9))).await);
    assert_eq!(fresh.store.read(|tx| erase::begun(tx, 9)).await, Ok(vec![anna()]));
    assert!(erased(&fresh, 100, 10).await);
    gone_but_for_money(&fresh).await;
    // One was charged, and everything that had not begun came back.
    let has = balance(&fresh, anna()).await;
    assert_eq!((has.cash, has.held), (super::shop::CASH - super::shop::PRICE, 0));
    assert_eq!(fresh.store.read(|tx| erase::begun(tx, 9)).await, Ok(vec![]));
    assert!(!commit(&fresh, |tx| erase::begin(tx, &anna(), at(20))).await, "once");
}

async fn s1_10_a_deletion_that_breaks_off_anywhere_goes_on(fresh: Fresh) {
    furnished(&fresh).await;
    commit(&fresh, |tx| erase::begin(tx, &anna(), at(9))).await;
    // After each single part it is as if the process had died: the next one begins with the first step.
    let mut parts = 0;
    'anew: loop {
        for step in STEPS {
            let part = commit(&fresh, move |tx| (step.run)(tx, &anna(), 1, at(10))).await;
            if part.gone > 0 {
                parts += 1;
                assert!(parts < 100, "it never ends");
                continue 'anew;
            }
            assert!(!part.waits, "{} waits for nothing", step.name);
        }
        break;
    }
    assert!(commit(&fresh, |tx| erase::finish(tx, &anna(), at(11))).await);
    gone_but_for_money(&fresh).await;
}

async fn s1_10_what_is_at_a_market_is_waited_for(fresh: Fresh) {
    furnished(&fresh).await;
    let storing = commit(&fresh, |tx| make(tx, 3, at(3))).await;
    commit(&fresh, |tx| erase::begin(tx, &anna(), at(9))).await;
    assert!(!erased(&fresh, 100, 10).await);
    let asked = "select count(*) from generation where cancel_requested_at is not null";
    assert_eq!(number(&fresh, asked).await, 1);
    assert_eq!(number(&fresh, "select count(*) from key_budget_use").await, 3, "its hold is still counted");
    // It was done before anybody heard of it: charged, and then its file goes, too.
    let from = GenerationState::Storing;
    commit(&fresh, move |tx| generations::settle(tx, &settlement(&moved(&storing, from), 3), at(11))).await;
    assert!(erased(&fresh, 100, 12).await);
    assert_eq!(number(&fresh, "select count(*) from outbox where kind = 'erase'").await, 3);
    assert_eq!(number(&fresh, "select count(*) from asset").await, 2, "boris' two");
    assert_eq!(fresh.store.read(books::everything).await, Ok(vec![]));
}

/// What a ghost keeps is not looked for again and again among all that the account ever made.
async fn what_a_ghost_keeps_is_waited_for_where_it_is(fresh: Fresh) {
    furnished(&fresh).await;
    let ghost = |look_at: Option<i64>| {
        commit(&fresh, move |tx| {
            let sql = "update attempt set look_at = $2 where generation_id = $1";
            let first: GenerationId = id(1);
            tx.must(1, sql, p![first.as_str(), look_at])
        })
    };
    ghost(Some(5)).await;
    commit(&fresh, |tx| erase::begin(tx, &anna(), at(9))).await;
    assert!(!erased(&fresh, 100, 10).await);
    let generations = STEPS.iter().find(|step| step.name == "generations").unwrap();
    let part = commit(&fresh, |tx| (generations.run)(tx, &anna(), 1, at(11))).await;
    assert_eq!(part, Part { gone: 0, waits: true });
    ghost(None).await;
    assert!(!erased(&fresh, 100, 12).await, "once more from the beginning");
    assert!(erased(&fresh, 100, 13).await);
    gone_but_for_money(&fresh).await;
}

async fn nobody_finds_an_account_that_is_being_deleted(fresh: Fresh) {
    furnished(&fresh).await;
    commit(&fresh, |tx| erase::begin(tx, &anna(), at(9))).await;
    for name in ["anna".to_owned(), format!("deleted-{}", anna())] {
        assert_eq!(fresh.store.read(move |tx| accounts::find(tx, &name)).await, Ok(None));
    }
    assert_eq!(fresh.store.read(|tx| profiles::of(tx, &anna())).await, Ok(None));
    assert_eq!(fresh.store.read(accounts::list).await.unwrap().len(), 2);
    assert_eq!(fresh.store.read(|tx| profiles::list(tx, "", 10)).await.unwrap().len(), 2);
    assert_eq!(fresh.store.read(|tx| api_keys::working(tx, &[1; 32], at(9))).await, Ok(None));
    let error = refused(&fresh, |tx| create(tx, &anna(), &[wanted(90)])).await;
    assert!(is_rule(&error, ErrorCode::NotFound), "{error}");
    let error = refused(&fresh, |tx| assets::insert_upload(tx, &upload(91, anna()), 0, at(9))).await;
    assert!(is_rule(&error, ErrorCode::NotFound), "{error}");
    let error = refused(&fresh, |tx| api_keys::insert(tx, &new_key(9), at(9))).await;
    assert!(is_rule(&error, ErrorCode::NotFound), "{error}");
    let webhook = wants(92, anna(), &["*"], None);
    let error = refused(&fresh, move |tx| webhooks::insert(tx, &webhook, 20, at(9))).await;
    assert!(is_rule(&error, ErrorCode::NotFound), "{error}");
    let secret = |tx: &mut Tx<'_>| webhooks::account_secret(tx, (&anna(), Livemode::Live), "whsec_9", at(9));
    let error = refused(&fresh, secret).await;
    assert!(is_rule(&error, ErrorCode::NotFound), "{error}");
    // The name is free.
    commit(&fresh, |tx| accounts::create(tx, &id(9), "anna", false, at(10))).await;
}

async fn the_house_stays(fresh: Fresh) {
    open(&fresh, 1).await;
    let error = refused(&fresh, |tx| erase::begin(tx, &house(), at(9))).await;
    assert_eq!(error, Error::Rule { code: ErrorCode::InvalidInput, value: "`local`".to_owned() });
    assert!(!commit(&fresh, |tx| erase::begin(tx, &id(77), at(9))).await, "there is no such account");
}

async fn an_account_is_handed_out_whole_and_nobody_elses(fresh: Fresh) {
    furnished(&fresh).await;
    commit(&fresh, |tx| {
        for n in [1, 50] {
            let metadata = Some(format!("{{\"of\":{n}}}"));
            requests::insert(tx, &id(n), &Request { metadata, ..Request::default() })?;
            requests::rate(tx, &id(n), Rating::Good, Some("nice"), at(9))?;
        }
        for (n, account) in [(2_000_000, anna()), (2_000_001, boris())] {
            let gift = Gift {
                transfer: id(n),
                account,
                livemode: Livemode::Live,
                kind: GiftKind::Welcome,
                purse: Purse::Bonus,
                amount: 5,
                note: String::new(),
                expires_at: Some(at(99)),
            };
            ledger::give(tx, &gift, at(9))?;
        }
        Ok(())
    })
    .await;
    let mut counts = Vec::new();
    for section in SECTIONS {
        let (mut after, mut rows) = (None::<String>, Vec::new());
        loop {
            let from = after.clone();
            let page =
                fresh.store.read(move |tx| section.page(tx, &anna(), from.as_deref(), 2)).await.unwrap();
            assert!(page.rows.iter().all(|row| row.len() == section.columns.len()), "{}", section.name);
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let each: BTreeSet<_> = rows.iter().map(|row| format!("{row:?}")).collect();
        assert_eq!(each.len(), rows.len(), "{} has a row twice", section.name);
        counts.push((section.name, rows.len()));
    }
    assert_eq!(
        counts,
        [
            ("identities", 1),
            ("keys", 1),
            ("balances", 2),
            ("movements", 9),
            ("vouchers", 0),
            ("bonus_grants", 1),
            ("webhooks", 1),
            ("generations", 7),
            ("requests", 1),
            ("feedback", 1),
            ("past_generations", 0),
            ("batches", 1),
            ("items", 2),
            ("files", 2),
        ]
    );
}

#[test]
fn every_table_with_rows_of_accounts_says_what_becomes_of_them() {
    let schema = MIGRATIONS.iter().map(|(_, text)| *text).collect::<String>();
    let known: BTreeSet<_> = ROWS.iter().chain(STAYS).map(|(table, _)| *table).collect();
    for table in schema.split("\ncreate table ").skip(1) {
        let (name, rest) = table.split_once('(').unwrap();
        let body = rest.split("\n);").next().unwrap();
        let has_account = body.contains("account_id text") || body.contains("references api_key(id)");
        assert_eq!(has_account, known.contains(name), "{name}");
    }
}
