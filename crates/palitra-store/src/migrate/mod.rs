//! Brings a database to the tables of this version, and refuses one that is not ours, was changed behind our
//! back or is newer. The files themselves are in `migrations/`; how a database reads them is in `translate`.

mod translate;

#[cfg(test)]
mod tests;

use crate::{Dialect, Error, Result, Store, Tx, p, sql};

/// A key of PostgreSQL's advisory locks, so that processes that start together migrate one after another.
pub(crate) const LOCK: i64 = 7_272_711;

impl Store {
    /// Applies what is missing of `files` (name, text), all or nothing. Answers how many were applied.
    ///
    /// Files are append-only: [`Error::Refused`] when an applied one has changed or is not in `files` (a
    /// newer version was here), and when the database has tables but none of ours. No file may make a
    /// deferrable constraint: broken at the commit, it would fail every transaction of its group.
    pub async fn migrate(&self, files: &'static [(&'static str, &'static str)]) -> Result<usize> {
        self.write(move |tx| migrate(tx, files)).await
    }
}

/// [`Error::Refused`] when there are tables but not ours.
pub(crate) fn refuse_foreign(tx: &mut Tx<'_>) -> Result<()> {
    let tables = tx.query_one(
        sql!("select count(*), count(case when name = 'palitra_migration' then 1 end) from ", TABLES),
        p![],
    )?;
    let (all, ours): (i64, i64) = (tables.get(0)?, tables.get(1)?);
    if all > 0 && ours == 0 {
        return Err(Error::Refused(
            "the database belongs to another program: it has tables, but none of `palitra`".to_owned(),
        ));
    }
    Ok(())
}

fn migrate(tx: &mut Tx<'_>, files: &[(&str, &str)]) -> Result<usize> {
    let dialect = tx.dialect();
    if dialect == Dialect::Pg {
        // A migration takes as long as its tables are big, and others wait for it.
        tx.script("set local statement_timeout = 0; set local lock_timeout = 0")?;
        tx.query("select 1 from pg_advisory_xact_lock($1)", p![LOCK])?;
    }
    refuse_foreign(tx)?;
    if dialect == Dialect::Pg {
        make_schema(tx)?;
    }
    // The whole text is kept instead of a checksum: it also tells what has changed.
    let own = "create table if not exists palitra_migration(\n  n bigint primary key, name text not null, body text not null\n);";
    tx.script(&translate::for_dialect(own, dialect))?;
    let applied = applied(tx, files)?;
    let missing = files.get(applied..).unwrap_or_default();
    for (n, (name, body)) in (1_i64..).zip(files).skip(applied) {
        tx.script(&translate::for_dialect(body, dialect)).map_err(|error| match error {
            Error::Sql(why) => Error::Sql(format!("migration `{name}`: {why}")),
            other => other,
        })?;
        tx.must(1, "insert into palitra_migration(n, name, body) values($1, $2, $3)", p![n, *name, *body])?;
    }
    Ok(missing.len())
}

/// How many of `files` have been applied. [`Error::Refused`] when something else was.
pub(crate) fn applied(tx: &mut Tx<'_>, files: &[(&str, &str)]) -> Result<usize> {
    let applied = tx.query("select name, body from palitra_migration order by n", p![])?;
    for (position, row) in applied.iter().enumerate() {
        let (name, body): (String, String) = (row.get(0)?, row.get(1)?);
        if files.get(position) != Some(&(name.as_str(), body.as_str())) {
            return Err(Error::Refused(difference(&name, files.get(position), files)));
        }
    }
    Ok(applied.len())
}

/// The schema `palitra`, which every session has for its only one. It may have been made for us by somebody
/// who may make schemas here, which we may not.
fn make_schema(tx: &mut Tx<'_>) -> Result<()> {
    let schema = tx.query_opt(
        "select has_schema_privilege(oid, 'create, usage') from pg_namespace where nspname = 'palitra'",
        p![],
    )?;
    match schema {
        None => tx.script("create schema palitra"),
        Some(row) if row.get(0)? => Ok(()),
        Some(_) => Err(Error::Refused(
            "the schema `palitra` belongs to another user of the database; \
             `alter schema palitra owner to` ours, or use another database"
                .to_owned(),
        )),
    }
}

/// Why the migration `name` that was applied is not the one that stands in its place.
fn difference(name: &str, instead: Option<&(&str, &str)>, files: &[(&str, &str)]) -> String {
    match instead {
        Some((same, _)) if *same == name => {
            format!("migration `{name}` was changed after it had been applied; put it back and add a new one")
        }
        Some((other, _)) if files.iter().any(|(known, _)| *known == name) => {
            format!("migration `{other}` stands where `{name}` was applied; new migrations go to the end")
        }
        _ => format!(
            "the database was used by a newer version: migration `{name}` is not known here; \
             run that version, or restore the backup made before the upgrade"
        ),
    }
}
