//! Statements, parameters and rows mean the same on every database.

use super::harness::on_every_database;
use crate::{Value, p};

on_every_database! {
    async fn placeholders_are_bound_by_number_not_by_appearance(fresh) {
        let rows = fresh.store.write(|tx| {
            tx.must(1, "insert into probe(name, id, flag) values($2, $3, $1)", p![true, "кот", 7_i64])?;
            tx.query("select id, name, flag from probe where name = $2 and id = $1 and id = $1", p![7_i64, "кот"])
        });
        let rows = rows.await.unwrap();
        assert_eq!(rows[0].values(), [Value::Int(7), Value::Text("кот".to_owned()), Value::Int(1)]);
    }
}
