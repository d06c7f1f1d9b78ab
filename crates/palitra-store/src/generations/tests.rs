//! How SQLite finds what is asked for again and again: by indexes that hold only what is under way, however
//! many have ended.

use super::{adopt, cancel, ghost, list, page};
use crate::{
    Dialect, MIGRATIONS, Param, SqlText,
    tests::{harness::Fresh, shop::MARKET},
};

/// One line a step of the plan.
pub(super) async fn plan(fresh: &Fresh, sql: impl SqlText, params: usize) -> Vec<String> {
    let sql = format!("explain query plan {}", sql.text(Dialect::Lite));
    let lines = fresh.store.write(move |tx| {
        let values = [MARKET, "8", "", "0", "0", MARKET].map(Param::from);
        let rows = tx.query(&sql, &values[..params])?;
        rows.iter().map(|row| row.get::<String>(3)).collect()
    });
    lines.await.unwrap()
}

#[tokio::test]
async fn keeping_house_reads_only_what_is_under_way() {
    let fresh = Fresh::sqlite(MIGRATIONS).await;
    let cases = [
        (cancel::WISHES, 1, "SEARCH g USING INDEX generation_live (owner=?)"),
        (adopt::TAKE.lite, 2, "SEARCH generation USING COVERING INDEX generation_live (owner>?)"),
        (adopt::OWNED, 3, "SEARCH generation USING INDEX generation_live (owner=? AND id>?)"),
        (adopt::OLDEST.lite, 4, "SEARCH generation USING INDEX generation_live (owner=?)"),
        (adopt::EXPIRE, 1, "SEARCH slot USING INDEX slot_kept (kept_until<?)"),
        (adopt::LOSE, 1, "SCAN attempt USING INDEX attempt_ghost"),
        (ghost::IS_DUE, 1, "SEARCH attempt USING COVERING INDEX attempt_look (look_at<?)"),
        (ghost::DUE.lite, 2, "SEARCH attempt USING INDEX attempt_look (look_at<?)"),
    ];
    for (sql, params, wanted) in cases {
        let plan = plan(&fresh, sql, params).await;
        assert_eq!(plan[0], wanted, "{plan:#?}");
    }
}

#[tokio::test]
async fn a_page_of_an_account_reads_its_newest_and_no_more() {
    let fresh = Fresh::sqlite(MIGRATIONS).await;
    let sql = format!(
        "select {} from {} where 1 = 1 and holder = $1 and hold < $2 order by hold desc limit $3",
        list::COLUMNS,
        page::HELD
    );
    let plan = plan(&fresh, &sql, 3).await;
    assert_eq!(
        plan[0], "SEARCH transfer USING INDEX transfer_account (account_id=? AND id>? AND id<?)",
        "{plan:#?}"
    );
    assert!(!plan.iter().any(|line| line.contains("B-TREE")), "{plan:#?}");
}

#[tokio::test]
async fn an_older_result_is_found_by_its_recipe_whatever_the_account_has_made() {
    let fresh = Fresh::sqlite(MIGRATIONS).await;
    let plan = plan(&fresh, list::REUSABLE.lite, 3).await;
    assert!(
        plan.contains(&"SEARCH generation USING INDEX generation_recipe (<expr>=?)".to_owned()),
        "{plan:#?}"
    );
}
