//! Statements, and the dictionary of the few places where the two SQL dialects differ. Statements themselves
//! stand in the functions that run them. A statement keeps to what both databases read alike: no
//! `true`/`false` and no bare flag in `where`, no `select *`, no `ilike`, no data-modifying CTE, no `avg` and
//! no floating point; `like .. escape '\'` and `nulls last` are spelled out; `insert .. select .. where 1=1
//! on conflict`; `lower` and `like` only on ASCII.

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    Lite,
    Pg,
}

/// One statement in both dialects, made by [`sql!`](crate::sql!) at compile time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sql {
    pub lite: &'static str,
    pub pg: &'static str,
}

/// What can stand where a statement is wanted: a [`Sql`], or one text that both databases read alike.
pub trait SqlText {
    fn text(&self, dialect: Dialect) -> &str;
}

impl SqlText for Sql {
    fn text(&self, dialect: Dialect) -> &str {
        match dialect {
            Dialect::Lite => self.lite,
            Dialect::Pg => self.pg,
        }
    }
}

impl SqlText for &str {
    fn text(&self, _: Dialect) -> &str {
        self
    }
}

impl SqlText for &String {
    fn text(&self, _: Dialect) -> &str {
        self
    }
}

/// The parameter that EACH reads: a JSON list of texts.
pub(crate) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let mut list = String::from("[");
    for text in texts {
        list.push_str(if list.len() == 1 { "\"" } else { ",\"" });
        for letter in text.as_ref().chars() {
            match letter {
                '"' | '\\' => list.extend(['\\', letter]),
                '\0'..' ' => list.push_str(&format!("\\u{:04x}", u32::from(letter))),
                _ => list.push(letter),
            }
        }
        list.push('"');
    }
    list.push(']');
    list
}

/// `sql!("select .. limit $1", SKIP_LOCKED)`: literals are common to both, words are looked up in
/// [`word!`](crate::word!).
#[macro_export]
macro_rules! sql {
    ($($part:tt),+ $(,)?) => {
        $crate::Sql { lite: concat!($($crate::word!(lite $part)),+), pg: concat!($($crate::word!(pg $part)),+) }
    };
}

/// The dictionary of differences. An entry names both texts, SQLite first, so no word can be missing in one
/// dialect.
#[macro_export]
macro_rules! word {
    // Ends a `select` whose rows this transaction takes for itself. SQLite has one writer: nobody to skip.
    ($d:ident SKIP_LOCKED) => { $crate::word!(@$d "", " for update skip locked") };
    // The same for a join, of which only the slots, or only the keys, are taken.
    ($d:ident SKIP_LOCKED_SLOTS) => { $crate::word!(@$d "", " for update of slot skip locked") };
    ($d:ident SKIP_LOCKED_KEYS) => { $crate::word!(@$d "", " for update of k skip locked") };
    // The same for rows that only stand for something, such as an account for what it has: new rows may refer to
    // them all the while.
    ($d:ident MINE_SKIP_LOCKED) => { $crate::word!(@$d "", " for no key update skip locked") };
    ($d:ident MINE) => { $crate::word!(@$d "", " for no key update") };
    // Ends a `select` whose rows this transaction changes next.
    ($d:ident FOR_UPDATE) => { $crate::word!(@$d "", " for update") };
    ($d:ident GREATEST) => { $crate::word!(@$d "max", "greatest") };
    ($d:ident LEAST) => { $crate::word!(@$d "min", "least") };
    // The database's clock, microseconds UTC (milliseconds fine on SQLite). For leases only: all other times
    // come from the `Clock`.
    ($d:ident NOW_US) => {
        $crate::word!(@$d
            "(cast(unixepoch('subsec') * 1000 as integer) * 1000)",
            "cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)")
    };
    // Where a text is found in another, from 1; 0 when it is not: INSTR, `(input, $1)`. Letters are themselves: no folding.
    ($d:ident INSTR) => { $crate::word!(@$d "instr", "strpos") };
    // A list of texts as one JSON parameter: `id in (select value from `, EACH, `$1`, EACH_END, `)`.
    ($d:ident EACH) => {
        $crate::word!(@$d "(select cast(value as text) as value from json_each(", "(select value from json_array_elements_text(cast(")
    };
    ($d:ident EACH_END) => { $crate::word!(@$d ")) list", " as json))) list") };
    // A top-level field of a JSON text column, as text: JSON, `input`, JSON_END, ` ->> 'prompt'`. Longer
    // paths are not portable, and a number comes out as a number on SQLite: cast it.
    ($d:ident JSON) => { $crate::word!(@$d "", "cast(") };
    ($d:ident JSON_END) => { $crate::word!(@$d "", " as json)") };
    // The tables of the database we were given, or of our schema of it, as rows with a `name`. On PostgreSQL
    // also those that we may not look into, and views.
    ($d:ident TABLES) => {
        $crate::word!(@$d
            "(select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\') tables",
            "(select cast(relname as text) as name from pg_class where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace = to_regnamespace('palitra')) tables")
    };
    (@lite $lite:literal, $pg:literal) => { $lite };
    (@pg $lite:literal, $pg:literal) => { $pg };
    ($d:ident $text:literal) => { $text };
}
