//! Quotes that are opened and never closed: without a look at them, one would swallow all rows that follow.

/// Whether a row that spans several lines has a quote that nothing closes: it ends inside one, or a cell goes on behind the quote
/// that should have ended it, because that one opened a cell further down.
pub(crate) fn is_open(row: &str, delimiter: u8) -> bool {
    enum At {
        Beginning,
        Plain,
        Quoted,
        /// Behind a quote that closes, or is the first of two that stand for one.
        Closed,
    }
    let row = row.trim_end_matches(['\r', '\n']);
    let mut at = At::Beginning;
    let mut goes_on = false;
    for byte in row.bytes() {
        at = match (at, byte) {
            (At::Beginning, b'"') | (At::Closed, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, _) => At::Quoted,
            (_, byte) if byte == delimiter => At::Beginning,
            (before, _) => {
                goes_on |= matches!(before, At::Closed);
                At::Plain
            }
        };
    }
    (goes_on || matches!(at, At::Quoted)) && row.contains('\n')
}
