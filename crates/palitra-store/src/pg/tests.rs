//! PostgreSQL's errors in the store's words, its numbers as ours, addresses, and when a transaction is run
//! again. All without a server.

use std::{path::PathBuf, sync::Arc, time::Duration};

use palitra_domain::{BoxFuture, Clock, Timestamp, secret::Secret};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{
    PgSettings,
    errors::{by_code, may_pass},
    retry::Patience,
    server::{Address, Security, Server},
    values::{placeholders, whole_number},
};
use crate::{Constraint, Error, Result};

#[test]
fn every_error_code_has_its_meaning() {
    let constraint = |kind| Error::Constraint { kind, message: String::new() };
    let text = String::new;
    let cases = [
        ("23505", constraint(Constraint::Unique)),
        ("23503", constraint(Constraint::ForeignKey)),
        ("23001", constraint(Constraint::ForeignKey)),
        ("23502", constraint(Constraint::NotNull)),
        ("23514", constraint(Constraint::Check)),
        ("40001", Error::Conflict(text())),
        ("40P01", Error::Conflict(text())),
        ("55P03", Error::Conflict(text())),
        ("53100", Error::Full(text())),
        ("53200", Error::Unavailable(text())),
        ("53300", Error::Unavailable(text())),
        ("57014", Error::Unavailable(text())),
        ("57P01", Error::Unavailable(text())),
        ("57P03", Error::Unavailable(text())),
        ("08006", Error::Unavailable(text())),
        ("58030", Error::Unavailable(text())),
        ("28P01", Error::Unavailable(text())),
        ("3D000", Error::Unavailable(text())),
        ("42501", Error::Unavailable(text())),
        ("XX001", Error::Unavailable(text())),
        ("25006", Error::Sql(text())),
        ("42601", Error::Sql(text())),
        ("22P02", Error::Sql(text())),
        ("XX000", Error::Sql(text())),
    ];
    for (code, wanted) in cases {
        let got = by_code(code, "why", "select 1");
        let message = match &got {
            Error::Constraint { message, .. } => message,
            Error::Conflict(text) | Error::Full(text) | Error::Unavailable(text) | Error::Sql(text) => text,
            other => panic!("{code}: {other:?}"),
        };
        assert!(message.starts_with(code), "{message}");
        let same = match (&got, &wanted) {
            (Error::Constraint { kind, .. }, Error::Constraint { kind: wanted, .. }) => kind == wanted,
            _ => std::mem::discriminant(&got) == std::mem::discriminant(&wanted),
        };
        assert!(same, "{code}: {got:?}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_not_repeated() {
    let error =
        by_code("22P02", "invalid input syntax for type bigint: \"4111 1111\"", "select $1").to_string();
    assert!(!error.contains("4111") && error.contains("select $1"), "{error}");
}

#[test]
fn another_connection_helps_against_some_losses_only() {
    for code in ["57P01", "57P02", "57P03", "57P05", "53300", "08006"] {
        assert!(may_pass(code), "{code}");
    }
    for code in ["28P01", "28000", "3D000", "25P03"] {
        assert!(!may_pass(code), "{code}");
    }
}

/// A number as PostgreSQL sends it: the words count, weight, sign, scale, then digits.
fn numeric(words: &[i16]) -> Option<i64> {
    whole_number(&words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>())
}

#[test]
fn whole_numbers_of_a_sum_are_read() {
    let (negative, nan, infinity) = (0x4000, -0x4000, -0x3000);
    for (words, wanted) in [
        (&[0, 0, 0, 0][..], Some(0)),
        (&[1, 0, 0, 0, 7], Some(7)),
        (&[1, 0, negative, 0, 7], Some(-7)),
        (&[1, 1, 0, 0, 12], Some(120_000)), // trailing zeros are left out
        (&[3, 2, 0, 0, 1, 2, 3], Some(100_020_003)),
        (&[5, 4, 0, 0, 922, 3372, 368, 5477, 5807], Some(i64::MAX)),
        (&[5, 4, negative, 0, 922, 3372, 368, 5477, 5808], Some(i64::MIN)),
        (&[5, 4, 0, 0, 922, 3372, 368, 5477, 5808], None), // one more than fits
        (&[2, 0, 0, 1, 7, 5000], None),                    // 7.5
        (&[1, -1, 0, 1, 5000], None),                      // 0.5
        (&[0, 0, nan, 0], None),
        (&[0, 0, infinity, 0], None),
        (&[1, 0, 0], None),    // cut off
        (&[1, 0, 0, 0], None), // no digit where one was promised
    ] {
        assert_eq!(numeric(words), wanted, "{words:?}");
    }
}

#[test]
fn placeholders_are_counted_outside_of_quotes() {
    for (sql, wanted) in [
        ("select 1", Some(0)),
        ("select $1, $2, $1", Some(2)),
        ("select $2", None),
        ("select $0", None),
        ("select '$2', \"$3\", $1", Some(1)),
        ("select 'it''s $2' || $1", Some(1)),
        ("select $10, $9, $8, $7, $6, $5, $4, $3, $2, $1", Some(10)),
        ("select $99999999999999999999999", None),
    ] {
        assert_eq!(placeholders(sql), wanted, "{sql}");
    }
}

#[test]
fn addresses_are_read() {
    let verified = |roots: Option<&str>| Security::Verified { roots: roots.map(PathBuf::from) };
    for (url, rest, security) in [
        ("postgres://a:b@c/d", "postgres://a:b@c/d?sslmode=prefer", Security::Encrypted),
        ("postgres://a:b?c=@d/e?port=7", "postgres://a:b?c=@d/e?port=7&sslmode=prefer", Security::Encrypted),
        ("postgresql://c:1/d?sslmode=disable", "postgresql://c:1/d?sslmode=disable", Security::None),
        (
            "postgres://c/d?sslmode=require&port=7",
            "postgres://c/d?port=7&sslmode=require",
            Security::Encrypted,
        ),
        ("postgres://c/d?sslmode=verify-full", "postgres://c/d?", verified(None)),
        (
            "postgres://c/d?sslrootcert=/r.pem&sslmode=verify-full",
            "postgres://c/d?",
            verified(Some("/r.pem")),
        ),
    ] {
        let address = Address::read(url).unwrap();
        assert_eq!((address.rest.as_str(), address.security), (rest, security), "{url}");
    }
}

struct NoClock;

impl Clock for NoClock {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn server(url: &str) -> Result<Server> {
    Server::new(&PgSettings::new(Secret::new(url), Arc::new(NoClock), Arc::new(|| 0)))
}

#[test]
fn no_message_about_an_address_holds_its_password() {
    for url in [
        "mysql://ann:s3cret@db/palitra",
        "postgres://ann:s3cret@db:port/palitra",
        "postgres://ann:@s3cret@db/palitra",
        "postgres://ann:s3@s3/cret@db/palitra",
        "postgres://ann:s3cret@db/palitra?sslmode=allow",
        "postgres://ann:s3cret@db/palitra?sslmode=verify-ca",
        "postgres://ann:s3cret@db/palitra?sslrootcert=/nowhere.pem",
        "postgres://ann:s3cret@db/palitra?sslmode=verify-full&sslrootcert=/nowhere.pem",
        "postgres://ann:s3cret@db/palitra?password=s3cret&what=s3cret",
    ] {
        let error = server(url).err().unwrap();
        assert!(matches!(error, Error::Address(_) | Error::Unavailable(_)), "{url}: {error:?}");
        assert!(!error.to_string().contains("s3"), "{error}");
    }
    let settings =
        PgSettings::new(Secret::new("postgres://ann:s3cret@db/a"), Arc::new(NoClock), Arc::new(|| 0));
    assert!(!format!("{settings:?}").contains("s3cret"));
    for (url, place) in [
        ("postgres://ann:s3cret@a,b:7/palitra", "`a:5432` or `b:7`, database `palitra`, as `ann`"),
        ("postgres:///palitra?host=/run/pg", "`/run/pg/.s.PGSQL.5432`, database `palitra`"),
    ] {
        let told = server(url).unwrap().cannot_connect("why").to_string();
        assert_eq!(told, format!("the database is unavailable: cannot connect to {place}: why"));
    }
}

#[test]
fn old_servers_and_other_encodings_are_refused() {
    let server = server("postgres://db/palitra").unwrap();
    for version in ["15.0", "15.18 (Debian 15.18-0+deb12u1)", "18beta1", "100.2"] {
        assert_eq!(server.check(version, "UTF8"), Ok(()), "{version}");
    }
    for version in ["14.11", "9.6.24", "unknown", ""] {
        let why =
            format!("`db:5432`, database `palitra` is PostgreSQL {version}: version 15 or newer is needed");
        assert_eq!(server.check(version, "UTF8").unwrap_err().to_string(), why);
    }
    assert!(matches!(server.check("15.0", "SQL_ASCII"), Err(Error::Unfit { .. })));
}

/// The pauses before each further run, when every run ends like this.
fn pauses(end: &Result<()>, lost: bool, random: u128) -> Vec<Duration> {
    let mut patience = Patience::default();
    std::iter::from_fn(|| patience.again(end, lost, || random)).collect()
}

#[test]
fn only_what_may_pass_is_run_again() {
    let unavailable = Err(Error::Unavailable(String::new()));
    assert_eq!(pauses(&Err(Error::Conflict(String::new())), false, 0).len(), 10);
    assert_eq!(pauses(&unavailable, true, 0).len(), 9);
    assert!(pauses(&unavailable, false, 0).is_empty(), "a slow statement would only be slow again");
    for end in [
        Ok(()),
        Err(Error::InDoubt(String::new())),
        Err(Error::Refused(String::new())),
        Err(Error::Full(String::new())),
        Err(Error::Sql(String::new())),
        Err(Error::Panicked(String::new())),
        Err(Error::Constraint { kind: Constraint::Unique, message: String::new() }),
    ] {
        assert!(pauses(&end, true, 0).is_empty(), "{end:?}");
    }
}

proptest! {
    #[test]
    fn pauses_grow_and_stay_bounded(random: u128) {
        let losses = pauses(&Err(Error::Unavailable(String::new())), true, random);
        prop_assert_eq!(losses[0], Duration::ZERO);
        prop_assert!(losses.is_sorted());
        let sum: Duration = losses.iter().sum();
        prop_assert!((Duration::from_secs(3)..Duration::from_secs(7)).contains(&sum), "{:?}", sum);
        let conflicts: Duration = pauses(&Err(Error::Conflict(String::new())), false, random).iter().sum();
        prop_assert!(conflicts < Duration::from_secs(2), "{:?}", conflicts);
    }
}
