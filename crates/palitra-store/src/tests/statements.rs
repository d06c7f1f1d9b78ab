//! Statements, parameters and rows mean the same on every database.

use super::harness::{Fresh, PROBE, ids, insert, on_every_database};
use crate::{Error, Param, Result, Value, p};

on_every_database!(PROBE =>
    placeholders_are_bound_by_number_not_by_appearance,
    parameters_must_match_placeholders,
    values_come_back_as_they_went_in,
    a_null_has_no_kind_of_its_own,
    a_column_of_another_kind_is_corrupt,
    floating_point_does_not_pass,
    one_statement_at_a_time,
    returning_writes_every_row,
    conflicts_can_be_handled_in_the_statement,
    text_with_a_nul_is_refused,
    sums_are_integers,
    text_sorts_by_bytes,
    a_wrong_statement_is_told,
);

async fn placeholders_are_bound_by_number_not_by_appearance(fresh: Fresh) {
    let rows = fresh.store.write(|tx| {
        tx.must(1, "insert into probe(name, id, flag) values($2, $3, $1)", p![true, "кот", 7_i64])?;
        tx.query("select id, name, flag from probe where name = $2 and id = $1 and id = $1", p![7_i64, "кот"])
    });
    let rows = rows.await.unwrap();
    assert_eq!(rows[0].values(), [Value::Int(7), Value::Text("кот".to_owned()), Value::Int(1)]);
}

async fn parameters_must_match_placeholders(fresh: Fresh) {
    let cases: [(&str, Vec<i64>); 6] = [
        ("insert into probe(id, name) values($1, $2)", vec![1]),
        ("insert into probe(id) values($1)", vec![1, 2]),
        ("insert into probe(id) values(1)", vec![1]),
        ("insert into probe(id) values($2)", vec![1]),
        ("insert into probe(id) values($0)", vec![1]),
        ("insert into probe(id) values(?)", vec![1]),
    ];
    for (sql, params) in cases {
        let answer = fresh.store.write(move |tx| {
            let params: Vec<Param<'_>> = params.iter().map(|number| Param::from(*number)).collect();
            tx.execute(sql, &params)
        });
        let answer = answer.await;
        assert!(matches!(answer, Err(Error::Sql(_))), "{sql}: {answer:?}");
    }
    assert!(ids(&fresh.store).await.is_empty());
}

async fn values_come_back_as_they_went_in(fresh: Fresh) {
    let bytes: Vec<u8> = (0..=255).collect();
    let texts = ["", "it's; -- $1", "\"quoted\"\n", "Кот 🐈 и ё", "%_\\"];
    for (id, text) in [i64::MIN, -1, 0, 1, i64::MAX].into_iter().zip(texts) {
        let blob = bytes.clone();
        let row = fresh.store.write(move |tx| {
            tx.must(
                1,
                "insert into probe(id, name, flag, bytes) values($1, $2, $3, $4)",
                p![id, text, id > 0, &blob],
            )?;
            tx.query_one("select id, name, flag, bytes from probe where id = $1", p![id])
        });
        let row = row.await.unwrap();
        assert_eq!(row.get::<i64>(0), Ok(id));
        assert_eq!(row.get::<String>(1).as_deref(), Ok(text));
        assert_eq!(row.get::<bool>(2), Ok(id > 0));
        assert_eq!(row.get::<Vec<u8>>(3), Ok(bytes.clone()));
    }
}

async fn a_null_has_no_kind_of_its_own(fresh: Fresh) {
    let row = fresh.store.write(|tx| {
        let nulls: &[Param<'_>] = p![1_i64, None::<&str>, None::<&[u8]>, None::<i64>];
        tx.must(1, "insert into probe(id, name, bytes, parent) values($1, $2, $3, $4)", nulls)?;
        tx.must(0, "update probe set flag = 1 where name = $1 or bytes = $2 or parent = $3", &nulls[1..])?;
        tx.query_one(
            "select name, bytes, parent, name is null and cast($1 as text) is null from probe",
            p![None::<&str>],
        )
    });
    let row = row.await.unwrap();
    assert_eq!(row.get::<Option<String>>(0), Ok(None));
    assert_eq!(row.get::<Option<Vec<u8>>>(1), Ok(None));
    assert_eq!(row.get::<Option<i64>>(2), Ok(None));
    assert_eq!(row.get::<Option<bool>>(3), Ok(Some(true)));
}

async fn a_column_of_another_kind_is_corrupt(fresh: Fresh) {
    let row = fresh
        .store
        .write(|tx| tx.query_one("select 5, 'cat', null, -1 where 1 = $1", p![1_i64]))
        .await
        .unwrap();
    let corrupt = |answer: Result<()>, wanted: &str| match answer {
        Err(Error::Corrupt(why)) => {
            assert_eq!(why, format!("{wanted}: select 5, 'cat', null, -1 where 1 = $1"))
        }
        other => panic!("{wanted}: {other:?}"),
    };
    corrupt(row.get::<bool>(0).map(drop), "column 0 is an integer and cannot be read as bool");
    corrupt(row.get::<i64>(1).map(drop), "column 1 is text and cannot be read as i64");
    corrupt(row.get::<i64>(2).map(drop), "column 2 is null and cannot be read as i64");
    corrupt(row.get::<u32>(3).map(drop), "column 3 is an integer and cannot be read as u32");
    corrupt(row.get::<i64>(4).map(drop), "column 4 is missing and cannot be read as i64");
}

async fn floating_point_does_not_pass(fresh: Fresh) {
    let answer = fresh.store.read(|tx| tx.query("select cast(1 as double precision) / 2", p![])).await;
    assert!(matches!(answer, Err(Error::Sql(_))), "{answer:?}");
}

async fn one_statement_at_a_time(fresh: Fresh) {
    let two = "insert into probe(id) values(1); insert into probe(id) values(2)";
    let answer = fresh.store.write(move |tx| tx.execute(two, p![])).await;
    assert!(matches!(answer, Err(Error::Sql(_))), "{answer:?}");
    fresh.store.write(move |tx| tx.script(two)).await.unwrap();
    assert_eq!(ids(&fresh.store).await, [1, 2]);
}

async fn returning_writes_every_row(fresh: Fresh) {
    let first = fresh.store.write(|tx| {
        for id in 1..=9 {
            insert(id)(tx)?;
        }
        tx.query_opt(
            "update probe set flag = 1 where id in (select id from probe order by id limit 5) returning id",
            p![],
        )
    });
    assert!(first.await.unwrap().is_some());
    let flagged = fresh
        .store
        .read(|tx| tx.query("select id from probe where flag = 1 order by id", p![]))
        .await
        .unwrap();
    assert_eq!(flagged.iter().map(|row| row.get(0).unwrap()).collect::<Vec<i64>>(), [1, 2, 3, 4, 5]);
}

async fn conflicts_can_be_handled_in_the_statement(fresh: Fresh) {
    let written = fresh.store.write(|tx| {
        insert(1)(tx)?;
        let nothing = tx.execute("insert into probe(id) values(1) on conflict(id) do nothing", p![])?;
        let row = tx.query_one(
            "insert into probe as old(id) values(1) on conflict(id) do update set flag = old.flag + 1 returning flag",
            p![],
        )?;
        Ok((nothing, row.get::<i64>(0)?))
    });
    assert_eq!(written.await, Ok((0, 1)));
}

async fn text_with_a_nul_is_refused(fresh: Fresh) {
    let sql = "insert into probe(id, name) values($1, $2)";
    let answer = fresh.store.write(move |tx| tx.execute(sql, p![1_i64, "a\0b"])).await;
    let wanted = "parameter $2 is text with a NUL character, which cannot be stored";
    assert_eq!(answer, Err(Error::Sql(wanted.to_owned())));
}

async fn sums_are_integers(fresh: Fresh) {
    let (half, whole) = (i64::MAX / 2, "select sum(id), sum(-id), sum(flag), count(*) from probe");
    let sums = fresh.store.write(move |tx| {
        let none = tx.query_one(whole, p![])?;
        for id in [half, half + 1] {
            tx.must(1, "insert into probe(id, flag) values($1, 1)", p![id])?;
        }
        Ok((none, tx.query_one(whole, p![])?))
    });
    let (none, sums) = sums.await.unwrap();
    assert_eq!(none.values(), [Value::Null, Value::Null, Value::Null, Value::Int(0)]);
    assert_eq!(sums.values(), [Value::Int(i64::MAX), Value::Int(-i64::MAX), Value::Int(2), Value::Int(2)]);
    // What does not fit fails, and is no other number.
    let answer = fresh.store.write(move |tx| {
        tx.must(1, "insert into probe(id) values($1)", p![1_i64])?;
        tx.query("select sum(id) from probe", p![])
    });
    let answer = answer.await;
    assert!(matches!(answer, Err(Error::Sql(_))), "{answer:?}");
}

async fn text_sorts_by_bytes(fresh: Fresh) {
    let sorted = fresh.store.write(|tx| {
        for (id, name) in (0_i64..).zip(["я", "a", "Ж", "B", "b", "_"]) {
            tx.must(1, "insert into probe(id, name) values($1, $2)", p![id, name])?;
        }
        tx.query("select name from probe order by name", p![])
    });
    let names: Vec<String> = sorted.await.unwrap().iter().map(|row| row.get(0).unwrap()).collect();
    assert_eq!(names, ["B", "_", "a", "b", "Ж", "я"]);
}

async fn a_wrong_statement_is_told(fresh: Fresh) {
    for sql in
        ["selec 1", "select nothing from probe", "select 1 from nowhere", "insert into probe(id) values"]
    {
        let answer = fresh.store.write(move |tx| tx.query(sql, p![])).await;
        assert!(matches!(answer, Err(Error::Sql(_))), "{sql}: {answer:?}");
    }
}
