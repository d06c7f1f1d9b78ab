//! Portable values: what goes into a statement and what comes out of it. Integers, text, bytes and null;
//! nothing floats. Times, ids and money keep their own types in `palitra-domain`; they enter and leave as one
//! of these.

use std::sync::Arc;

use crate::{Error, Result};

/// A value on its way in. A null carries its kind, so that no database has to guess a type.
#[derive(Clone, Copy, Debug)]
pub enum Param<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Blob(Option<&'a [u8]>),
}

/// `p![id, "text", None::<i64>]`: the parameters `$1`, `$2`, … of a statement.
#[macro_export]
macro_rules! p {
    ($($value:expr),* $(,)?) => { &[$($crate::Param::from($value)),*] };
}

macro_rules! param_from {
    ($($from:ty => |$value:ident| $param:expr;)+) => {
        $(impl<'a> From<$from> for Param<'a> {
            fn from($value: $from) -> Param<'a> {
                $param
            }
        })+
    };
}

param_from! {
    i64 => |v| Param::Int(Some(v));
    i32 => |v| Param::Int(Some(i64::from(v)));
    u32 => |v| Param::Int(Some(i64::from(v)));
    bool => |v| Param::Int(Some(i64::from(v)));
    Option<i64> => |v| Param::Int(v);
    Option<u32> => |v| Param::Int(v.map(i64::from));
    Option<bool> => |v| Param::Int(v.map(i64::from));
    &'a str => |v| Param::Text(Some(v));
    &'a String => |v| Param::Text(Some(v));
    Option<&'a str> => |v| Param::Text(v);
    Option<&'a String> => |v| Param::Text(v.map(String::as_str));
    &'a Option<String> => |v| Param::Text(v.as_deref());
    &'a [u8] => |v| Param::Blob(Some(v));
    &'a Vec<u8> => |v| Param::Blob(Some(v));
    Option<&'a [u8]> => |v| Param::Blob(v);
    &'a Option<Vec<u8>> => |v| Param::Blob(v.as_deref());
}

impl<'a, const N: usize> From<&'a [u8; N]> for Param<'a> {
    fn from(bytes: &'a [u8; N]) -> Param<'a> {
        Param::Blob(Some(bytes))
    }
}

/// A value on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// One row of an answer. It remembers its statement, so that a row which does not decode can be found.
#[derive(Clone, Debug)]
pub struct Row {
    values: Vec<Value>,
    statement: Arc<str>,
}

impl Row {
    pub(crate) fn new(values: Vec<Value>, statement: &Arc<str>) -> Row {
        Row { values, statement: statement.clone() }
    }

    /// Column `index`, counted from 0. [`Error::Corrupt`] when there is none or it holds another kind of
    /// value.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T> {
        let found = self.values.get(index);
        found.and_then(T::from_value).ok_or_else(|| {
            let holds = match found {
                None => "is missing",
                Some(Value::Null) => "is null",
                Some(Value::Int(_)) => "is an integer",
                Some(Value::Text(_)) => "is text",
                Some(Value::Blob(_)) => "is bytes",
            };
            let wanted = std::any::type_name::<T>();
            Error::Corrupt(format!(
                "column {index} {holds} and cannot be read as {wanted}: {}",
                self.statement
            ))
        })
    }

    pub fn values(&self) -> &[Value] {
        &self.values
    }
}

/// A type that a column can be read as. Types of the domain implement it where their SQL is.
pub trait FromValue: Sized {
    /// `None` when `value` is of another kind or out of range.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<i64> {
        if let Value::Int(number) = value { Some(*number) } else { None }
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value) -> Option<u32> {
        i64::from_value(value).and_then(|number| u32::try_from(number).ok())
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Option<bool> {
        match value {
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            Value::Null | Value::Int(_) | Value::Text(_) | Value::Blob(_) => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<String> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: &Value) -> Option<Vec<u8>> {
        if let Value::Blob(bytes) = value { Some(bytes.clone()) } else { None }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Option<T>> {
        if *value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}
