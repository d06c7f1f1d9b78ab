//! What stands between the cells of a table: found by how evenly it divides the first rows.

/// In the order of trust: a comma is often a part of a sentence, a tab never.
const CANDIDATES: [char; 3] = ['\t', ';', ','];

/// Rows that are looked at; in a list of a hundred thousand they tell as much as all of them.
const ROWS: usize = 200;

/// The delimiter that divides the most rows into the same number of cells; `None` when none divides at least half of them.
pub(crate) fn find(text: &str) -> Option<char> {
    let mut best: Option<(usize, char)> = None;
    for delimiter in CANDIDATES {
        let (even, rows) = evenly_divided(text, delimiter);
        if even * 2 >= rows.max(1) && best.is_none_or(|(most, _)| even > most) {
            best = Some((even, delimiter));
        }
    }
    best.map(|(_, delimiter)| delimiter)
}

/// How many of the first rows have the commonest number of cells above one, and how many rows there are.
pub(crate) fn evenly_divided(text: &str, delimiter: char) -> (usize, usize) {
    let Ok(byte) = u8::try_from(delimiter) else { return (0, 0) };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(byte)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = csv::ByteRecord::new();
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    let mut rows = 0;
    while rows < ROWS && matches!(reader.read_byte_record(&mut record), Ok(true)) {
        rows += 1;
        *counts.entry(record.len()).or_default() += 1;
    }
    (counts.into_iter().filter(|(cells, _)| *cells > 1).map(|(_, rows)| rows).max().unwrap_or(0), rows)
}
