//! Lists in tables: CSV and TSV of any delimiter, and what Anki exports as *Notes in Plain Text*.

use super::{
    Assumption, BadReason, CELL_BYTES_MAX, Candidate, Columns, Format, Gather, Place, Role, WordList,
    WordsError,
    cell::{self, Flag},
    delimiter,
    headers::{self, Layout},
    markup, quotes, write,
};

/// How often a quote that is never closed is read over; then the rest of the file is given up.
const OPEN_QUOTES_MAX: usize = 16;

/// Whether a text says of itself that Anki exported it.
pub(crate) fn is_of_anki(text: &str) -> bool {
    text.starts_with("#separator:")
}

/// Whether a text that is called one is a table all the same: Anki exported it, its first row is names of columns, or tabs or semicolons
/// divide nearly all of its lines evenly. Commas alone do not count: they stand in sentences.
pub(crate) fn is_one(text: &str) -> bool {
    let Some(delimiter) = delimiter::find(text) else { return is_of_anki(text) };
    let (even, rows) = delimiter::evenly_divided(text, delimiter);
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let first: Vec<String> = first.split(delimiter).map(str::to_owned).collect();
    is_of_anki(text) || headers::says_names(&first) || (delimiter != ',' && even * 10 >= rows * 9)
}

pub(crate) fn read(text: &str, name: &str, columns: &Columns) -> Result<WordList, WordsError> {
    let preamble = Preamble::read(text);
    let body = &text[preamble.bytes..];
    let mut gather = Gather::new(Format::Table);
    let delimiter = match (columns.delimiter, preamble.delimiter) {
        (Some(delimiter), _) | (None, Some(delimiter)) => delimiter,
        (None, None) => {
            let found = delimiter::find(body);
            let found = found.or_else(|| name.to_ascii_lowercase().ends_with(".tsv").then_some('\t'));
            gather.assumed.extend(found.map(Assumption::Delimiter));
            found.unwrap_or(',')
        }
    };
    let byte = u8::try_from(delimiter).ok().filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte));
    let byte = byte.ok_or(WordsError::BadDelimiter(delimiter))?;
    let mut rows = Rows { delimiter: byte, body, row: preamble.lines, layout: None, language: None };
    let mut from = 0;
    for attempt in 0.. {
        let Some(open) = rows.read(from, attempt < OPEN_QUOTES_MAX, &preamble, columns, &mut gather)? else {
            break;
        };
        from = open;
    }
    Ok(gather.list())
}

/// What Anki writes above its rows, as in `#separator:tab`.
#[derive(Debug, Default)]
struct Preamble {
    bytes: usize,
    lines: usize,
    delimiter: Option<char>,
    html: bool,
    names: Option<Vec<String>>,
    /// Columns from 0 that are no fields: guid, note type, deck, tags.
    others: Vec<usize>,
}

impl Preamble {
    fn read(text: &str) -> Preamble {
        let mut preamble = Preamble::default();
        if !is_of_anki(text) {
            return preamble;
        }
        for line in text.split_inclusive('\n').take_while(|line| line.starts_with('#')) {
            preamble.bytes += line.len();
            preamble.lines += 1;
            let Some((key, value)) = line.trim_end()[1..].split_once(':') else { continue };
            match key {
                "separator" => preamble.delimiter = separator(value),
                "html" => preamble.html = value == "true",
                "columns" => {
                    let delimiter = preamble.delimiter.unwrap_or('\t');
                    preamble.names = Some(value.split(delimiter).map(str::to_owned).collect());
                }
                _ if key.ends_with(" column") => {
                    preamble
                        .others
                        .extend(value.parse::<usize>().ok().and_then(|number| number.checked_sub(1)));
                }
                _ => {}
            }
        }
        preamble
    }
}

fn separator(word: &str) -> Option<char> {
    Some(match word.to_ascii_lowercase().as_str() {
        "tab" => '\t',
        "comma" => ',',
        "semicolon" => ';',
        "colon" => ':',
        "pipe" => '|',
        "space" => ' ',
        other => other.chars().next()?,
    })
}

struct Rows<'a> {
    delimiter: u8,
    body: &'a str,
    /// Rows so far, as a spreadsheet counts them.
    row: usize,
    layout: Option<Layout>,
    language: Option<&'static str>,
}

impl Rows<'_> {
    /// Reads from a byte on. `Some` byte after it when a quote was open to the end, and the row that opened it was told.
    fn read(
        &mut self,
        from: usize,
        again: bool,
        preamble: &Preamble,
        columns: &Columns,
        gather: &mut Gather,
    ) -> Result<Option<usize>, WordsError> {
        let body = &self.body[from..];
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(body.as_bytes());
        let mut record = csv::StringRecord::new();
        let mut seen = 0; // bytes of the body that have been counted as rows
        while reader.read_record(&mut record).unwrap_or(false) {
            let starts = record.position().map_or(seen, |position| offset(position.byte()));
            let starts = starts + blank_lines(&body[starts..]);
            let ends = offset(reader.position().byte()).max(starts);
            self.row += 1 + lines(&body[seen.min(starts)..starts]);
            let raw = &body[starts..ends];
            // The reader leaves the second half of a Windows line end to the next row.
            seen = if raw.ends_with('\r') && body[ends..].starts_with('\n') { ends + 1 } else { ends };
            if quotes::is_open(raw, self.delimiter) {
                let place = Place::Row { row: self.row, column: None };
                if !again {
                    gather.bad(place, BadReason::OpenQuotes)?;
                    return Ok(None);
                }
                gather.bad(place, BadReason::OpenQuote)?;
                return Ok(raw.find('\n').map(|at| from + starts + at + 1));
            }
            self.record(&record, preamble, columns, gather)?;
        }
        Ok(None)
    }

    fn record(
        &mut self,
        record: &csv::StringRecord,
        preamble: &Preamble,
        columns: &Columns,
        gather: &mut Gather,
    ) -> Result<(), WordsError> {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        let layout = match self.layout.take() {
            Some(layout) => self.layout.insert(layout),
            None => {
                let layout = self.first(record, preamble, columns, gather)?;
                if layout.headers {
                    self.layout = Some(layout);
                    return Ok(());
                }
                self.layout.insert(layout)
            }
        };
        let place = |column: Option<usize>| Place::Row { row: self.row, column: column.map(|at| at + 1) };
        if let Some((at, cell)) = record.iter().enumerate().find(|(_, cell)| cell.len() > CELL_BYTES_MAX) {
            return gather.bad(place(Some(at)), BadReason::CellTooLarge { bytes: cell.len() });
        }
        let text = |role: Role| {
            let cell = layout.columns.get(&role).and_then(|at| record.get(*at)).unwrap_or_default();
            let cell = write::unescaped(cell);
            if preamble.html { markup::text(cell) } else { cell.to_owned() }
        };
        let mut row = Candidate {
            word: text(Role::Word),
            translation: text(Role::Translation),
            example: text(Role::Example),
            language: text(Role::Language),
            prompt: text(Role::Prompt),
            has_image: preamble.html && record.iter().any(cell::has_picture),
            has_audio: preamble.html && record.iter().any(cell::has_sound),
            ..Candidate::default()
        };
        if let (true, Some(code)) = (row.language.trim().is_empty(), self.language) {
            row.language = code.to_owned();
        }
        for role in [Role::Image, Role::Audio] {
            let Some(&at) = layout.columns.get(&role) else { continue };
            let cell = record.get(at).unwrap_or_default();
            let Some(flag) = cell::flag(cell) else {
                let text = cell.trim().chars().take(60).collect();
                return gather.bad(place(Some(at)), BadReason::NoFlag { text });
            };
            let (wish, has) = match role {
                Role::Image => (&mut row.image, &mut row.has_image),
                _ => (&mut row.audio, &mut row.has_audio),
            };
            match flag {
                Flag::Nothing => {}
                Flag::Wish(wished) => *wish = Some(wished),
                Flag::File => *has = true,
            }
        }
        gather.add(row, place(None))
    }

    fn first(
        &mut self,
        record: &csv::StringRecord,
        preamble: &Preamble,
        columns: &Columns,
        gather: &mut Gather,
    ) -> Result<Layout, WordsError> {
        let first: Vec<String> = record.iter().map(str::to_owned).collect();
        let mut layout = headers::layout(&first, preamble.names.as_deref(), columns, &preamble.others)?;
        let assumed = std::mem::take(&mut layout.assumed);
        self.language = assumed.iter().find_map(|assumption| match assumption {
            Assumption::Language(code) => Some(*code),
            _ => None,
        });
        gather.assumed.extend(assumed);
        Ok(layout)
    }
}

fn offset(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The reader skips empty lines and counts them to the row that follows.
fn blank_lines(text: &str) -> usize {
    text.len() - text.trim_start_matches(['\n', '\r']).len()
}
