//! Parameters on their way to PostgreSQL and values on their way back, in its binary format. Only the kinds
//! that both databases share pass.

use std::{collections::BTreeSet, error::Error as StdError};

use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::{Param, Value};

type Failed = Box<dyn StdError + Sync + Send>;

/// A parameter that outlives its caller: it may wait until its statement is sent.
pub(super) enum Bound {
    Int(Option<i64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
}

impl Bound {
    pub(super) fn all(params: &[Param<'_>]) -> Vec<Bound> {
        let owned = |param: &Param<'_>| match *param {
            Param::Int(value) => Bound::Int(value),
            Param::Text(value) => Bound::Text(value.map(str::to_owned)),
            Param::Blob(value) => Bound::Blob(value.map(<[u8]>::to_vec)),
        };
        params.iter().map(owned).collect()
    }
}

impl std::fmt::Debug for Bound {
    /// The client library prints parameters into its log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl ToSql for Bound {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
        match self {
            Bound::Int(value) => value.to_sql(kind, out),
            Bound::Text(value) => value.to_sql(kind, out),
            Bound::Blob(value) => value.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true // a statement is prepared with exactly the kinds it is called with
    }

    to_sql_checked!();
}

/// The type that a parameter is declared as. PostgreSQL converts it to that of its column.
pub(super) fn kind(param: &Param<'_>) -> Type {
    match param {
        Param::Int(_) => Type::INT8,
        Param::Text(_) => Type::TEXT,
        Param::Blob(_) => Type::BYTEA,
    }
}

/// How many placeholders there are, when they are `$1`, `$2`, … without a gap. PostgreSQL itself ignores a
/// parameter that no placeholder names.
pub(super) fn placeholders(sql: &str) -> Option<usize> {
    let mut numbers = BTreeSet::new();
    let mut quote = None;
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '$') => {
                let mut number = 0_usize;
                while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
                    number = number.checked_mul(10)?.checked_add(usize::try_from(digit).ok()?)?;
                    rest.next();
                }
                numbers.insert(number);
            }
            (None, _) => {}
        }
    }
    numbers.iter().copied().eq(1..=numbers.len()).then_some(numbers.len())
}

/// Whether columns of this type pass.
pub(super) fn is_portable(kind: &Type) -> bool {
    let known = [
        Type::INT8,
        Type::INT4,
        Type::INT2,
        Type::BOOL,
        Type::NUMERIC,
        Type::BYTEA,
        Type::TEXT,
        Type::VARCHAR,
        Type::NAME,
        Type::UNKNOWN,
    ];
    known.contains(base(kind))
}

/// What a domain is made of.
fn base(kind: &Type) -> &Type {
    if let Kind::Domain(of) = kind.kind() { base(of) } else { kind }
}

/// A value, or why there is none.
pub(super) struct Cell(pub(super) Result<Value, &'static str>);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Cell, Failed> {
        let kind = base(kind);
        let value = match *kind {
            Type::INT8 => Value::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Value::Int(i64::from(i32::from_sql(kind, raw)?)),
            Type::INT2 => Value::Int(i64::from(i16::from_sql(kind, raw)?)),
            Type::BOOL => Value::Int(i64::from(bool::from_sql(kind, raw)?)),
            Type::NUMERIC => match whole_number(raw) {
                Some(number) => Value::Int(number),
                None => return Ok(Cell(Err("is no whole number of 64 bits"))),
            },
            Type::BYTEA => Value::Blob(raw.to_vec()),
            _ => match std::str::from_utf8(raw) {
                Ok(text) => Value::Text(text.to_owned()),
                Err(_) => return Ok(Cell(Err("is text but not UTF-8"))),
            },
        };
        Ok(Cell(Ok(value)))
    }

    fn from_sql_null(_: &Type) -> Result<Cell, Failed> {
        Ok(Cell(Ok(Value::Null)))
    }

    fn accepts(_: &Type) -> bool {
        true // a statement with other columns is refused when it is prepared
    }
}

/// `sum(bigint)` is a numeric: digits to the base of 10,000, the first of weight `weight`; then zeros.
/// (PostgreSQL, `src/backend/utils/adt/numeric.c`, `numeric_send`.)
pub(super) fn whole_number(raw: &[u8]) -> Option<i64> {
    let word = |index: usize| Some(i16::from_be_bytes([*raw.get(2 * index)?, *raw.get(2 * index + 1)?]));
    let (digits, weight, sign) = (word(0)?, word(1)?, word(2)?);
    let mut number: i128 = 0;
    for place in 0..=weight {
        let digit = if place < digits { word(4 + usize::try_from(place).ok()?)? } else { 0 };
        number = number.checked_mul(10_000)?.checked_add(i128::from(digit))?;
    }
    match (sign, digits > weight.checked_add(1)?) {
        (0, false) => i64::try_from(number).ok(),
        (0x4000, false) => i64::try_from(-number).ok(),
        _ => None, // a fraction, an infinity or no number at all
    }
}
