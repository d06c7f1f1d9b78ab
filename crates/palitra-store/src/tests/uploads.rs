//! Files that accounts bring: each once, all together within a bound, and faces for a shorter time.

use super::{
    harness::{Fresh, on_every_database},
    shop::{anna, at, boris, commit, id, number, open},
};
use crate::{
    Error, MIGRATIONS,
    assets::{self, NewUpload},
    retention::{self, Kind},
};
use palitra_domain::{AccountId, AssetId, ErrorCode, Livemode};

on_every_database!(MIGRATIONS =>
    the_same_file_is_kept_once,
    an_account_has_so_much_room_and_the_house_has_any,
    faces_leave_first,
    those_that_have_a_row_are_known,
);

fn upload(n: u64, account: AccountId, bytes: u64) -> NewUpload {
    NewUpload {
        is_promised: false,
        id: id(n),
        account,
        livemode: Livemode::Live,
        kind: "image",
        mime: "image/png",
        object_key: format!("uploads/2026/11/30/{n}.png"),
        bytes,
        sha256: format!("{n:064}"),
        width: Some(8),
        height: Some(8),
    }
}

const MB: u64 = 1024 * 1024;

async fn bring(fresh: &Fresh, upload: NewUpload, megabytes: i64) -> Result<AssetId, Error> {
    let bytes_max = megabytes * 1024 * 1024;
    let kept = fresh.store.write(move |tx| assets::insert_upload(tx, &upload, bytes_max, at(0))).await?;
    Ok(kept.id)
}

async fn the_same_file_is_kept_once(fresh: Fresh) {
    open(&fresh, 1).await;
    let again = NewUpload { id: id(2), ..upload(1, anna(), 5) };
    assert_eq!(bring(&fresh, upload(1, anna(), 5), 0).await, Ok(id(1)));
    assert_eq!(bring(&fresh, again.clone(), 0).await, Ok(id(1)));
    assert_eq!(
        bring(&fresh, NewUpload { account: boris(), ..again }, 0).await,
        Ok(id(2)),
        "another's is his own"
    );
}

async fn an_account_has_so_much_room_and_the_house_has_any(fresh: Fresh) {
    open(&fresh, 1).await;
    bring(&fresh, upload(1, anna(), MB), 2).await.unwrap();
    bring(&fresh, upload(2, anna(), MB), 2).await.unwrap();
    let full = bring(&fresh, upload(3, anna(), 1), 2).await;
    assert_eq!(full, Err(Error::Rule { code: ErrorCode::UploadsFull, value: "2".to_owned() }));
    assert_eq!(bring(&fresh, upload(1, anna(), MB), 2).await, Ok(id(1)), "what is there takes no more room");
    bring(&fresh, upload(4, boris(), MB), 2).await.unwrap();
    bring(&fresh, upload(5, anna(), 9 * MB), 0).await.unwrap();
    commit(&fresh, |tx| tx.send("update account set kind = 'house' where name = 'anna'", crate::p![])).await;
    bring(&fresh, upload(6, anna(), MB), 2).await.unwrap();
}

async fn faces_leave_first(fresh: Fresh) {
    open(&fresh, 1).await;
    for n in 1..=3 {
        bring(&fresh, upload(n, anna(), 5), 0).await.unwrap();
    }
    // Somebody else's are not his to mark.
    commit(&fresh, |tx| assets::mark_faces(tx, &boris(), &[id(3)])).await;
    commit(&fresh, |tx| assets::mark_faces(tx, &anna(), &[id(1), id(2)])).await;
    let gone = commit(&fresh, |tx| retention::let_go(tx, Kind::Faces, at(10), 9, at(20))).await;
    assert_eq!(gone.gone, 2);
    assert_eq!(
        number(&fresh, "select count(*) from outbox where kind = 'erase'").await,
        2,
        "their files go, too"
    );
    let gone = commit(&fresh, |tx| retention::let_go(tx, Kind::Uploads, at(10), 9, at(20))).await;
    assert_eq!(gone.gone, 1, "the others when it is their time");
}

async fn those_that_have_a_row_are_known(fresh: Fresh) {
    open(&fresh, 1).await;
    bring(&fresh, upload(1, anna(), 5), 0).await.unwrap();
    let known = commit(&fresh, |tx| assets::known(tx, &[id(1), id(2)])).await;
    assert_eq!(known.into_iter().collect::<Vec<_>>(), [upload(1, anna(), 5).object_key]);
}
