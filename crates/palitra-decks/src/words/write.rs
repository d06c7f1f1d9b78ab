//! Tables out: CSV that spreadsheets open with the right letters, and in which no cell becomes a formula.

use std::io::{self, Write};

/// What a spreadsheet takes for the beginning of a formula, or skips before one (OWASP, *CSV Injection*).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Writes a table as it is made, one row after the other: UTF-8 with a byte order mark and Windows line ends, so that Excel reads
/// it as what it is. `delimiter` is ASCII; Excel splits at `,` in English and at `;` in Russian systems, every other program finds
/// out. A cell that would be a formula gets an apostrophe in front; [`super::read`] takes it away again.
pub fn write_csv<R>(
    out: impl Write,
    delimiter: char,
    names: &[&str],
    rows: impl IntoIterator<Item = R>,
) -> io::Result<()>
where
    R: IntoIterator,
    R::Item: AsRef<str>,
{
    let byte = u8::try_from(delimiter).ok().filter(u8::is_ascii).ok_or(io::ErrorKind::InvalidInput)?;
    let mut out = out;
    out.write_all("\u{feff}".as_bytes())?;
    let mut writer =
        csv::WriterBuilder::new().delimiter(byte).terminator(csv::Terminator::CRLF).from_writer(&mut out);
    writer.write_record(names)?;
    for row in rows {
        for cell in row {
            let cell = cell.as_ref();
            if is_formula(cell) {
                writer.write_field(format!("'{cell}"))?;
            } else {
                writer.write_field(cell)?;
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

/// Also with apostrophes in front of it, so that one more or less is always ours.
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

/// The cell as it was before [`write_csv`].
pub(crate) fn unescaped(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}
