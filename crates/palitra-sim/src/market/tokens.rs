//! A rough count of tokens, for what a market says that it bills.

/// Four characters each.
pub(crate) fn count(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}
