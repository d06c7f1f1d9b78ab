//! Keyset pages: newest first, `next` names where the following page begins.

use palitra_engine::failure::Failure;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub(crate) const LIMIT_MAX: u32 = 1_000;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub(crate) data: Vec<T>,
    /// Give it as `after` for the next page; `null` on the last one.
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    /// `data` was read with `limit + 1`: one more than a page means that there is another one.
    pub(crate) fn of(mut data: Vec<T>, limit: u32, id: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_more = data.len() > limit;
        data.truncate(limit);
        let next = data.last().filter(|_| is_more).map(id);
        Page { data, next }
    }
}

/// Where a page begins and how long it is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paged {
    /// Only what is older than this one.
    pub(crate) after: Option<String>,
    /// 1 to 1000; 20 when it is not given.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<u32>,
}

/// A bounded number of rows.
pub(crate) fn limit(asked: Option<u32>) -> Result<u32, Failure> {
    match asked.unwrap_or(20) {
        limit @ 1..=LIMIT_MAX => Ok(limit),
        _ => Err(crate::input::wrong("limit", "1 to 1000")),
    }
}

/// Where a page begins, as the page before has said it.
pub(crate) fn after<T>(
    after: Option<String>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Failure> {
    let wrong = || crate::input::wrong("after", "the `next` of a page");
    after.map(|after| parse(&after).ok_or_else(wrong)).transpose()
}
