//! The dictionary of differences: every word has both texts, and means the same on every database.

use super::harness::{Fresh, PROBE, on_every_database};
use crate::{Dialect, Sql, SqlText, p, sql};

#[test]
fn every_word_has_both_texts() {
    let words = [
        (sql!(SKIP_LOCKED), "", " for update skip locked"),
        (sql!(FOR_UPDATE), "", " for update"),
        (sql!(GREATEST), "max", "greatest"),
        (sql!(LEAST), "min", "least"),
        (
            sql!(NOW_US),
            "(cast(unixepoch('subsec') * 1000 as integer) * 1000)",
            "cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)",
        ),
        (
            sql!(EACH, "$1", EACH_END),
            "(select cast(value as text) as value from json_each($1)) list",
            "(select value from json_array_elements_text(cast($1 as json))) list",
        ),
        (sql!(INSTR, "(a, b)"), "instr(a, b)", "strpos(a, b)"),
        (sql!(JSON, "input", JSON_END), "input", "cast(input as json)"),
        (
            sql!(TABLES),
            "(select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\') tables",
            "(select cast(relname as text) as name from pg_class where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace = to_regnamespace('palitra')) tables",
        ),
        (sql!("select ", LEAST, "(1, 2)",), "select min(1, 2)", "select least(1, 2)"),
    ];
    for (statement, lite, pg) in words {
        assert_eq!((statement.text(Dialect::Lite), statement.text(Dialect::Pg)), (lite, pg));
    }
}

on_every_database!(PROBE =>
    words_mean_the_same,
    locking_words_change_no_answer,
    the_database_clock_counts_microseconds,
);

async fn words_mean_the_same(fresh: Fresh) {
    const WORDS: Sql = sql!(
        "select ",
        GREATEST,
        "(1, 3, 2), ",
        LEAST,
        "(3, 1, 2), ",
        JSON,
        "doc",
        JSON_END,
        " ->> 'prompt', ",
        "(select count(*) from probe where cast(id as text) in (select value from ",
        EACH,
        "$1",
        EACH_END,
        ")), ",
        "(select count(*) from ",
        TABLES,
        " where name = 'probe') from (select cast($2 as text) as doc) docs"
    );
    let row = fresh.store.write(|tx| {
        tx.script("insert into probe(id) values(1), (2), (3)")?;
        tx.query_one(WORDS, p![r#"["1", "3", "4"]"#, r#"{"prompt": "кот", "seed": 5}"#])
    });
    let row = row.await.unwrap();
    assert_eq!((row.get::<i64>(0), row.get::<i64>(1)), (Ok(3), Ok(1)));
    assert_eq!(row.get::<String>(2).as_deref(), Ok("кот"));
    assert_eq!((row.get::<i64>(3), row.get::<i64>(4)), (Ok(2), Ok(1)));
}

async fn locking_words_change_no_answer(fresh: Fresh) {
    const SKIP: Sql = sql!("select id from probe where flag = 0 order by id limit $1", SKIP_LOCKED);
    const WAIT: Sql = sql!("select id from probe where flag = 0 order by id limit $1", FOR_UPDATE);
    let counts = fresh.store.write(|tx| {
        tx.script("insert into probe(id) values(1), (2), (3)")?;
        Ok((tx.query(SKIP, p![2_i64])?.len(), tx.query(WAIT, p![9_i64])?.len()))
    });
    assert_eq!(counts.await, Ok((2, 3)));
}

async fn the_database_clock_counts_microseconds(fresh: Fresh) {
    let row = fresh.store.read(|tx| tx.query_one(sql!("select ", NOW_US), p![])).await.unwrap();
    let now: i64 = row.get(0).unwrap();
    let (year_2026, year_2126) = (1_767_225_600_000_000, 4_922_899_200_000_000);
    assert!((year_2026..year_2126).contains(&now), "{now}");
}
