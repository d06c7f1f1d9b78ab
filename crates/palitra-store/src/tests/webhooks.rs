//! Webhooks out: who hears of what, once; whose turn it is; what a try that is too late may change; pages and replays.

use super::{
    deck::{self, pictures, succeed},
    harness::{Fresh, Held, on_every_database},
    shop::{anna, at, boris, commit, create, failure, id, make, number, open, refused, settlement, wanted},
};
use crate::{
    MIGRATIONS, Result, Tx, generations, outbox, p,
    webhooks::{self, Endpoint, NewWebhook, Page, Range, Report, Take, Try},
};
use palitra_domain::{
    AccountId, DeliveryId, Livemode, WebhookId,
    state::{AttemptState, Event},
    webhook::{Callback, DeliveryState, Disabled, EventType, Events, Form, Only},
};

on_every_database!(MIGRATIONS =>
    every_end_has_its_name,
    filters_choose_by_type_and_by_batch,
    events_without_an_ear_are_closed_without_a_row,
    telling_is_whole_or_not_at_all_and_once,
    many_events_that_are_heard_are_told_in_parts,
    a_callback_is_told_once_and_goes,
    every_lane_has_its_turn_and_few_at_once,
    who_was_too_slow_records_nothing,
    an_old_secret_is_there_as_long_as_it_signs,
    failing_for_too_long_disables_once,
    what_waits_for_a_disabled_endpoint_is_closed,
    pages_and_ranges_are_the_accounts_own,
);

pub(super) fn hook(n: u128) -> WebhookId {
    WebhookId::new(at(0), n)
}

pub(super) fn wants(n: u128, account: AccountId, events: &[&str], only: Option<Only>) -> NewWebhook {
    NewWebhook {
        id: hook(n),
        account,
        livemode: Livemode::Live,
        url: format!("https://example.com/{n}"),
        events: Events::parse(events, only).unwrap(),
        description: String::new(),
        secret: format!("whsec_{n}"),
    }
}

async fn listen(fresh: &Fresh, new: NewWebhook) {
    commit(fresh, move |tx| webhooks::insert(tx, &new, 20, at(0))).await;
}

fn tell(tx: &mut Tx<'_>) -> Result<u64> {
    let mut told = 0;
    for kind in outbox::EVENTS {
        told += webhooks::close_and_tell(tx, kind, 1_000, at(50))?.told;
    }
    Ok(told)
}

/// Events by lane, in the order of their ids.
async fn told(fresh: &Fresh) -> Vec<(String, String)> {
    let read = |tx: &mut Tx<'_>| {
        let rows = tx.query("select lane, event from webhook_delivery order by lane, event", p![])?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    };
    fresh.store.read(read).await.unwrap()
}

fn of(n: u128, events: &[&str]) -> Vec<(String, String)> {
    events.iter().map(|event| (hook(n).to_string(), (*event).to_owned())).collect()
}

/// Anna's endpoint 1 and some work of hers that has been cancelled.
async fn cancelled(fresh: &Fresh, count: u64) {
    open(fresh, 4).await;
    listen(fresh, wants(1, anna(), &["*"], None)).await;
    cancel(fresh, anna(), 1, count).await;
}

async fn cancel(fresh: &Fresh, account: AccountId, first: u64, count: u64) {
    commit(fresh, move |tx| {
        create(tx, &account, &(first..first + count).map(wanted).collect::<Vec<_>>())?;
        (first..first + count).try_for_each(|n| generations::cancel(tx, &id(n), at(3)).map(drop))
    })
    .await;
}

async fn every_end_has_its_name(fresh: Fresh) {
    open(&fresh, 4).await;
    listen(&fresh, wants(1, anna(), &["*"], None)).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &(1..=4).map(wanted).collect::<Vec<_>>())?;
        let fence = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&fence, 1), at(2))?;
        let fence = make(tx, 2, at(1))?;
        generations::fail(tx, &failure(&fence, 2, Event::Fail, AttemptState::Failed), at(2))?;
        let fence = make(tx, 3, at(1))?;
        generations::fail(tx, &failure(&fence, 3, Event::Fail, AttemptState::Failed), at(2))?;
        let late: palitra_domain::GenerationId = id(3);
        tx.must(1, "update generation set state = 'timed_out' where id = $1", p![late.as_str()])?;
        generations::cancel(tx, &id(4), at(2)).map(drop)
    })
    .await;
    assert_eq!(commit(&fresh, tell).await, 4);
    let names = ["generation.cancelled", "generation.failed", "generation.failed", "generation.succeeded"];
    assert_eq!(told(&fresh).await, of(1, &names));
}

async fn filters_choose_by_type_and_by_batch(fresh: Fresh) {
    open(&fresh, 4).await;
    listen(&fresh, wants(1, anna(), &["*"], Some(Only::Single))).await;
    listen(&fresh, wants(2, anna(), &["*"], Some(Only::Batches))).await;
    listen(&fresh, wants(3, anna(), &["batch.completed", "generation.cancelled"], None)).await;
    listen(&fresh, wants(4, boris(), &["*"], None)).await;
    let test = NewWebhook { livemode: Livemode::Test, ..wants(5, anna(), &["*"], None) };
    listen(&fresh, test).await;
    commit(&fresh, |tx| deck::start(tx, &pictures(1, 1))).await;
    commit(&fresh, |tx| succeed(tx, 1, 3)).await;
    cancel(&fresh, anna(), 1_000, 1).await;
    commit(&fresh, tell).await;
    let wanted = [
        of(1, &["generation.cancelled"]),
        of(2, &["batch.completed", "generation.succeeded"]),
        of(3, &["batch.completed", "generation.cancelled"]),
    ];
    assert_eq!(told(&fresh).await, wanted.concat());
}

async fn events_without_an_ear_are_closed_without_a_row(fresh: Fresh) {
    cancelled(&fresh, 2).await;
    cancel(&fresh, boris(), 100, 3).await;
    let outcome = commit(&fresh, |tx| webhooks::close_and_tell(tx, outbox::GENERATION, 10, at(4))).await;
    assert_eq!((outcome.closed, outcome.told, outcome.is_full), (5, 2, false));
    assert_eq!(number(&fresh, "select count(*) from webhook_delivery").await, 2);
    assert_eq!(number(&fresh, "select count(*) from outbox where state = 'new'").await, 0);
    // A disabled endpoint hears nothing, and then nobody does.
    commit(&fresh, |tx| tx.must(1, "update webhook set disabled_at = 1, disabled_why = 'owner'", p![])).await;
    assert_eq!(fresh.store.read(webhooks::is_heard).await, Ok(false));
    cancel(&fresh, anna(), 200, 3).await;
    assert_eq!(commit(&fresh, tell).await, 0);
    assert_eq!(number(&fresh, "select count(*) from webhook_delivery").await, 2);
}

async fn telling_is_whole_or_not_at_all_and_once(fresh: Fresh) {
    cancelled(&fresh, 3).await;
    refused(&fresh, |tx| {
        assert_eq!(tell(tx)?, 3);
        tx.must(1, "update account set name = 'x' where id = 'nobody'", p![])
    })
    .await;
    assert_eq!(told(&fresh).await, []);
    assert_eq!(commit(&fresh, tell).await, 3);
    // Another one closes them, and tells them again.
    let ids: Vec<DeliveryId> = (1..=3).map(|n| DeliveryId::of_generation(&id(n))).collect();
    commit(&fresh, move |tx| webhooks::tell(tx, &ids, at(60))).await;
    assert_eq!(told(&fresh).await.len(), 3);
}

async fn many_events_that_are_heard_are_told_in_parts(fresh: Fresh) {
    cancelled(&fresh, 150).await;
    cancel(&fresh, boris(), 1_000, 10).await;
    for (closed, told, is_full) in [(110, 100, true), (50, 50, false), (0, 0, false)] {
        let part = commit(&fresh, |tx| webhooks::close_and_tell(tx, outbox::GENERATION, 1_000, at(4))).await;
        assert_eq!((part.closed, part.told, part.is_full), (closed, told, is_full));
    }
    assert_eq!(told(&fresh).await.len(), 150);
}

async fn a_callback_is_told_once_and_goes(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| {
        let callback = Callback { url: "https://example.com/c".to_owned(), form: Form::Fal };
        webhooks::call_back(tx, (&boris(), Livemode::Live), &id(1), &callback, "whsec_new", at(0))?;
        create(tx, &boris(), &[wanted(1), wanted(2)])?;
        generations::cancel(tx, &id(1), at(2))?;
        generations::cancel(tx, &id(2), at(2)).map(drop)
    })
    .await;
    assert_eq!(commit(&fresh, tell).await, 1);
    assert_eq!(number(&fresh, "select count(*) from callback").await, 0);
    let take = take("one", 10);
    let letters = commit(&fresh, take).await;
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!(
        (letter.url.as_str(), letter.form, &letter.webhook),
        ("https://example.com/c", Form::Fal, &None)
    );
    assert_eq!(letter.secrets.as_ref().map(|secrets| secrets.secret.as_str()), Some("whsec_new"));
    // The account keeps the first secret that was made for it.
    let again = |tx: &mut Tx<'_>| {
        webhooks::account_secret(tx, (&boris(), Livemode::Live), "whsec_other", at(5)).map(|it| it.secret)
    };
    assert_eq!(commit(&fresh, again).await, "whsec_new");
}

fn take(owner: &str, max: u32) -> impl Fn(&mut Tx<'_>) -> Result<Vec<webhooks::Letter>> + Send + use<> {
    let take = Take { owner: owner.to_owned(), max, lane_max: 4, until: at(160), after: String::new() };
    move |tx| Ok(webhooks::take(tx, &take, at(100))?.letters)
}

fn a_try(letter: &webhooks::Letter, owner: &str) -> Try {
    Try { id: letter.id.clone(), owner: owner.to_owned(), attempt: letter.attempt }
}

async fn every_lane_has_its_turn_and_few_at_once(fresh: Fresh) {
    cancelled(&fresh, 10).await;
    listen(&fresh, wants(2, boris(), &["*"], None)).await;
    cancel(&fresh, boris(), 100, 2).await;
    commit(&fresh, tell).await;
    let letters = commit(&fresh, take("one", 100)).await;
    let of = |n| letters.iter().filter(|letter| letter.webhook == Some(hook(n))).count();
    assert_eq!((of(1), of(2)), (4, 2));
    assert!(letters.iter().all(|letter| letter.event == EventType::GenerationCancelled && letter.tries == 1));
    assert_eq!(commit(&fresh, take("two", 100)).await.len(), 0, "their lanes are full");
    // Where the last look ended the next one begins, and round again.
    let mut after = String::new();
    commit(&fresh, |tx| webhooks::release_all(tx, at(100))).await;
    for wanted in [hook(1), hook(2), hook(1)] {
        let look =
            Take { owner: "one".to_owned(), max: 1, lane_max: 4, until: at(160), after: after.clone() };
        let taken = commit(&fresh, move |tx| webhooks::take(tx, &look, at(100))).await;
        assert_eq!(taken.letters.iter().map(|it| it.webhook.clone()).collect::<Vec<_>>(), [Some(wanted)]);
        after = taken.after;
    }
    // A failing endpoint has one at once.
    commit(&fresh, |tx| {
        webhooks::release_all(tx, at(100))?;
        tx.must(2, "update webhook set failing_since = 1", p![])
    })
    .await;
    assert_eq!(commit(&fresh, take("one", 100)).await.len(), 2);
}

async fn who_was_too_slow_records_nothing(fresh: Fresh) {
    cancelled(&fresh, 1).await;
    commit(&fresh, tell).await;
    let first = commit(&fresh, take("one", 9)).await.remove(0);
    commit(&fresh, |tx| webhooks::release_all(tx, at(100))).await;
    let second = commit(&fresh, take("two", 9)).await.remove(0);
    assert_eq!((second.id.clone(), second.attempt, second.tries), (first.id.clone(), 2, 2));
    let (stale, report) = (a_try(&first, "one"), Report::default());
    let outcome = commit(&fresh, move |tx| {
        Ok([
            webhooks::keep_body(tx, &stale, "{}")?,
            webhooks::delivered(tx, &stale, None, &report, at(170))?,
            webhooks::failed(tx, &stale, &report, Some(at(180)), None, at(170))?.0,
            webhooks::give_up(tx, &stale, "no", at(170))?,
        ])
    });
    assert_eq!(outcome.await, [false; 4]);
    let of = a_try(&second, "two");
    let outcome = commit(&fresh, move |tx| {
        assert!(webhooks::keep_body(tx, &of, "{}")?);
        assert!(!webhooks::keep_body(tx, &of, "{1}")?, "a body is made once");
        webhooks::delivered(tx, &of, None, &Report { status: Some(200), ..Report::default() }, at(170))
    });
    assert!(outcome.await);
    let found =
        fresh.store.read(move |tx| webhooks::delivery(tx, (&anna(), Livemode::Live), &first.id)).await;
    let found = found.unwrap();
    assert_eq!((found.state, found.body.as_deref()), (DeliveryState::Delivered, Some("{}")));
    assert_eq!((found.status, found.closed_at, found.next_at), (Some(200), Some(at(170)), None));
}

async fn an_old_secret_is_there_as_long_as_it_signs(fresh: Fresh) {
    cancelled(&fresh, 1).await;
    commit(&fresh, tell).await;
    let owner = anna();
    commit(&fresh, move |tx| {
        webhooks::rotate(tx, (&owner, Livemode::Live), &hook(1), ("whsec_new", at(200)), at(100))
    })
    .await;
    let secrets = commit(&fresh, take("one", 9)).await.remove(0).secrets.unwrap();
    assert_eq!((secrets.secret.as_str(), secrets.old), ("whsec_new", Some(("whsec_1".to_owned(), at(200)))));
}

fn endpoint(is_gone: bool, failing_before: i64) -> Endpoint {
    Endpoint { id: hook(1), is_gone, failing_before: at(failing_before), notices: Vec::new() }
}

async fn failing_for_too_long_disables_once(fresh: Fresh) {
    cancelled(&fresh, 4).await;
    commit(&fresh, tell).await;
    let letters = commit(&fresh, take("one", 9)).await;
    let report = Report { status: Some(500), error: Some("answered 500".to_owned()), ..Report::default() };
    for (n, failing_before, disabled) in
        [(0, 50, None), (1, 109, None), (2, 110, Some(Disabled::Failing)), (3, 120, None)]
    {
        let (of, report) = (a_try(&letters[n], "one"), report.clone());
        let now = at(110 + i64::try_from(n).unwrap());
        let outcome = commit(&fresh, move |tx| {
            webhooks::failed(tx, &of, &report, Some(at(500)), Some(&endpoint(false, failing_before)), now)
        });
        assert_eq!(outcome.await, (true, disabled), "try {n}");
    }
}

async fn what_waits_for_a_disabled_endpoint_is_closed(fresh: Fresh) {
    cancelled(&fresh, 6).await;
    commit(&fresh, tell).await;
    let letters = commit(&fresh, take("one", 9)).await;
    let (of, report) = (a_try(&letters[0], "one"), Report { status: Some(410), ..Report::default() });
    let outcome =
        commit(&fresh, move |tx| webhooks::failed(tx, &of, &report, None, Some(&endpoint(true, 0)), at(110)));
    assert_eq!(outcome.await, (true, Some(Disabled::Gone)));
    assert_eq!(commit(&fresh, take("two", 9)).await.len(), 0);
    let count = "select count(*) from webhook_delivery where state = 'failed'";
    assert_eq!(number(&fresh, count).await, 3, "three are under way");
    assert_eq!(number(&fresh, "select count(*) from webhook_delivery where owner = 'one'").await, 3);
}

async fn pages_and_ranges_are_the_accounts_own(fresh: Fresh) {
    cancelled(&fresh, 5).await;
    commit(&fresh, tell).await;
    let page = |owner: AccountId, livemode, page: Page| {
        let read = move |tx: &mut Tx<'_>| webhooks::deliveries(tx, (&owner, livemode), &page);
        async { fresh.store.read(read).await }
    };
    let all = Page { webhook: Some(hook(1)), limit: 3, ..Page::default() };
    let first = page(anna(), Livemode::Live, all.clone()).await.unwrap();
    let rest = Page { after: first.last().map(|it| it.id.clone()), ..all.clone() };
    let rest = page(anna(), Livemode::Live, rest).await.unwrap();
    assert_eq!((first.len(), rest.len()), (3, 2));
    assert!(first.iter().chain(&rest).map(|it| &it.id).is_sorted_by(|a, b| a > b));
    let failed = Page { state: Some(DeliveryState::Failed), ..all.clone() };
    assert_eq!(page(anna(), Livemode::Live, failed).await.unwrap(), []);
    assert!(page(boris(), Livemode::Live, all.clone()).await.is_err());
    assert!(page(anna(), Livemode::Test, all).await.is_err());
    commit(&fresh, |tx| {
        tx.send("update webhook_delivery set state = 'failed', attempts = 8, closed_at = 9", p![])
    })
    .await;
    let range = Range { since: at(0), until: at(10), is_all: false, after: None, limit: 4 };
    let replay = |owner: AccountId, range: Range| {
        move |tx: &mut Tx<'_>| webhooks::replay_range(tx, (&owner, Livemode::Live), &hook(1), &range, at(100))
    };
    refused(&fresh, replay(boris(), range.clone())).await;
    assert_eq!(commit(&fresh, replay(anna(), range.clone())).await.count, 4);
    assert_eq!(commit(&fresh, replay(anna(), range.clone())).await.count, 1);
    assert_eq!(commit(&fresh, replay(anna(), range)).await.count, 0);
    let letters = commit(&fresh, take("one", 9)).await;
    assert!(letters.iter().all(|letter| (letter.attempt, letter.tries) == (9, 1)), "a new round");
}

/// Two processes: what one is telling the other passes by, and while one takes the other takes nothing.
#[tokio::test]
async fn two_processes_tell_and_take_each_once() {
    let fresh = Fresh::postgres(MIGRATIONS).await;
    let other = fresh.again();
    cancelled(&fresh, 12).await;
    let (held, telling) = Held::write(&other, |tx| {
        assert_eq!(webhooks::close_and_tell(tx, outbox::GENERATION, 8, at(4))?.told, 8);
        Ok(())
    });
    assert_eq!(commit(&fresh, tell).await, 4);
    held.release();
    telling.await.unwrap();
    assert_eq!(told(&fresh).await.len(), 12);
    // The first look of all makes the row that is locked.
    assert_eq!(commit(&fresh, take("two", 0)).await.len(), 0);
    let first = take("one", 100);
    let (held, taking) = Held::write(&other, move |tx| {
        assert_eq!(first(tx)?.len(), 4);
        Ok(())
    });
    assert_eq!(commit(&fresh, take("two", 100)).await.len(), 0, "it would see the same room");
    held.release();
    taking.await.unwrap();
    assert_eq!(commit(&fresh, take("two", 100)).await.len(), 0, "the lane is full");
    tokio::task::spawn_blocking(move || other.close()).await.unwrap();
}
