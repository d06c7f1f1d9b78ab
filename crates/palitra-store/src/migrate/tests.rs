//! How a migration file reads on each database.

use proptest::{prop_assert_eq, proptest};

use super::translate::for_dialect;
use crate::Dialect;

const FILE: &str = "\
-- Why this table is there; it's dropped, apostrophe and all.
create table probe(
  id bigint primary key, -- text; bigint
  name text not null default 'a text; -- of 2 bigint', flag smallint, bytes bytea, \"text\" bigint,
  check(cast(id as text) <> '')
);
--lite create table kept(id integer primary key) strict, without rowid;
--pg create table kept(id bigint primary key) with (fillfactor = 50);
create index probe_text on probe(name) where flag = 1;
CREATE TABLE IF NOT EXISTS other(a TEXT); create unique index b on other(a);
alter table other add column c text;
";

#[test]
fn each_database_reads_the_file_in_its_own_words() {
    let lite = "
create table probe(
  id integer primary key, \n  name text not null default 'a text; -- of 2 bigint', flag integer, bytes blob, \"text\" integer,
  check(cast(id as text) <> '')
) strict;
create table kept(id integer primary key) strict, without rowid;
create index probe_text on probe(name) where flag = 1;
CREATE TABLE IF NOT EXISTS other(a TEXT) strict; create unique index b on other(a);
alter table other add column c text;
";
    let pg = "
create table probe(
  id bigint primary key, \n  name text collate \"C\" not null default 'a text; -- of 2 bigint', flag smallint, bytes bytea, \"text\" bigint,
  check(cast(id as text) <> '')
);
create table kept(id bigint primary key) with (fillfactor = 50);
create index probe_text on probe(name) where flag = 1;
CREATE TABLE IF NOT EXISTS other(a text collate \"C\"); create unique index b on other(a);
alter table other add column c text collate \"C\";
";
    assert_eq!(for_dialect(FILE, Dialect::Lite), lite);
    assert_eq!(for_dialect(FILE, Dialect::Pg), pg);
}

#[test]
fn a_statement_may_end_in_words_of_one_database() {
    let file = "create table a(id bigint)\n--lite strict, without rowid;\n  --pg with (fillfactor = 50);\ncreate index b on a(id);\n";
    let lite = "create table a(id integer)\nstrict, without rowid;\ncreate index b on a(id);\n";
    let pg = "create table a(id bigint)\nwith (fillfactor = 50);\ncreate index b on a(id);\n";
    assert_eq!(for_dialect(file, Dialect::Lite), lite);
    assert_eq!(for_dialect(file, Dialect::Pg), pg);
}

proptest! {
    #[test]
    fn quoted_text_is_left_alone(text in "[a-z';\" \n-]{0,40}|(text|bigint|create table|;|--pg |--lite |\n| ){0,8}") {
        let quoted = format!("'{}'", text.replace('\'', "''"));
        let file = format!("insert into a(b) values({quoted});\n");
        // A quoted line that begins with `--pg ` or `--lite ` is the one thing a file cannot say.
        if !quoted.lines().any(|line| line.trim_start().starts_with("--")) {
            prop_assert_eq!(&for_dialect(&file, Dialect::Lite), &file);
            prop_assert_eq!(&for_dialect(&file, Dialect::Pg), &file);
        }
    }
}
