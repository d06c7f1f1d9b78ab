//! Reading the documents of the API, whoever sent them.

use super::{Result, Session};
use crate::{control::Service, failure::Failure};
use palitra_domain::{Currency, ErrorCode, Money};
use serde_json::{Map, Value};

pub(super) fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn money(value: &Value) -> Money {
    let currency = value["currency"].as_str().and_then(Currency::parse).unwrap_or(Currency::RUB);
    Money::new(value["amount"].as_i64().unwrap_or(0), currency)
}

/// These fields of a document, in this order; `account=account_id` is one by another name.
pub(super) fn only(document: &Value, names: &[&str]) -> Value {
    let field = |name: &&str| {
        let (name, field) = name.split_once('=').unwrap_or((name, name));
        (name.to_owned(), document[field].clone())
    };
    Value::Object(names.iter().map(field).collect::<Map<_, _>>())
}

/// Of the wallet that amounts are for.
pub(super) async fn currency(session: &Session) -> Result<Currency> {
    let Some(service) = Service::named(session)? else { return Ok(session.config().money.currency) };
    let of = async |path| service.ask(session, "GET", path, &Value::Null).await;
    // A key that is the operator's alone may not look at its own account.
    let account = match of("/v1/account").await {
        Err(failure) if failure.code() == ErrorCode::Forbidden => of("/v1/accounts/local").await?,
        account => account?,
    };
    Ok(money(&account["cash"]).currency)
}

/// The same failure in the words of the command line: what is a field there is a flag here.
pub(super) fn in_flags(session: &Session, failure: Failure, flags: &[(&str, &str)]) -> Failure {
    if failure.code() != ErrorCode::InvalidInput {
        return failure;
    }
    let named = |text: String| {
        flags
            .iter()
            .fold(text, |text, (field, flag)| text.replace(&format!("`{field}`"), &format!("`{flag}`")))
    };
    let texts = failure.texts(session.console.lang).into_iter();
    texts.fold(Failure::new(failure.code()), |told, (name, text)| told.with(name, named(text)))
}

/// The same failure with where such things can be seen, when it is not there.
pub(super) fn seen_in(failure: Failure, value: &str, place: &str) -> Failure {
    if failure.code() != ErrorCode::NotFound {
        return failure;
    }
    Failure::new(ErrorCode::NotFound).with("value", value).with("hint", place)
}

/// Keeps what a message shows within a line.
pub(super) fn short(text: &str) -> String {
    text.chars().take(60).collect()
}
