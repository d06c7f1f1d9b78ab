//! Lines of a file, so many at a time: what each asks for, or what is wrong with it and where.

use crate::commands::batch::Bad;
use palitra_domain::ErrorCode;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, io, path::Path, path::PathBuf};
use tokio::{
    fs::File,
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
};

/// The longest line, in bytes: the longest input that any mode takes, written in escapes.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// Of the lines that are read at once: a part ends behind the line that reaches it, and is one request of at most 16 MiB to a service.
const PART_BYTES_MAX: usize = 12 * 1024 * 1024;

/// Files by their address in the lines that are read at once. A request may name 256; the last line of a part brings 16 at most.
const PART_LINKS_MAX: usize = 256 - 16;

/// The most lines of one file.
pub(super) const LINES_MAX: u32 = 1_000_000;

/// What a line says: the fields of `POST /v1/generations`, and files by their paths.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Its owner's name for it, given back with the result.
    #[serde(default)]
    pub(super) id: Option<Value>,
    #[serde(default)]
    pub(super) model: Option<String>,
    #[serde(default)]
    pub(super) mode: Option<String>,
    /// An object.
    pub(super) input: Value,
    /// Files beside the list, by the word of the input that they are.
    #[serde(default)]
    pub(super) files: BTreeMap<String, Vec<PathBuf>>,
}

/// A line of the file, from 1.
#[derive(Debug, Clone)]
pub(super) struct Numbered {
    pub(super) number: u32,
    pub(super) asked: Result<Asked, Bad>,
}

pub(super) struct Lines {
    file: BufReader<File>,
    number: u32,
}

impl Lines {
    pub(super) async fn open(path: &Path) -> io::Result<Lines> {
        Ok(Lines { file: BufReader::with_capacity(256 * 1024, File::open(path).await?), number: 0 })
    }

    /// The next lines that are not empty, `most` of them at most; none at the end of the file.
    pub(super) async fn next(&mut self, most: usize) -> io::Result<Vec<Numbered>> {
        let mut lines = Vec::new();
        let (mut text, mut bytes, mut linked) = (Vec::new(), 0, 0);
        while lines.len() < most
            && bytes < PART_BYTES_MAX
            && linked <= PART_LINKS_MAX
            && self.number < LINES_MAX
        {
            text.clear();
            let read = (&mut self.file).take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut text).await?;
            if read == 0 {
                break;
            }
            self.number += 1;
            bytes += read;
            let is_whole = text.last() == Some(&b'\n') || read as u64 <= LINE_BYTES_MAX;
            if !is_whole {
                self.skip_line().await?;
            }
            // A byte-order mark before the first one.
            let line = text.strip_prefix(b"\xef\xbb\xbf").filter(|_| self.number == 1).unwrap_or(&text);
            if is_whole && line.trim_ascii().is_empty() {
                continue;
            }
            let asked = if is_whole { read_line(line) } else { Err(too_long()) };
            linked += asked.as_ref().map_or(0, |asked| links(&asked.input));
            lines.push(Numbered { number: self.number, asked });
        }
        Ok(lines)
    }

    /// The file goes on after the last line that is read.
    pub(super) async fn has_more(&mut self) -> io::Result<bool> {
        Ok(!self.file.fill_buf().await?.is_empty())
    }

    async fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.file.fill_buf().await?;
            if buffer.is_empty() {
                return Ok(());
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let consumed = end.map_or(buffer.len(), |end| end + 1);
            self.file.consume(consumed);
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

/// What may be files by their address.
fn links(input: &Value) -> usize {
    match input {
        Value::String(text) => {
            usize::from(["http://", "https://", "data:"].iter().any(|scheme| text.starts_with(scheme)))
        }
        Value::Array(all) => all.iter().map(links).sum(),
        Value::Object(fields) => fields.values().map(links).sum(),
        _ => 0,
    }
}

fn too_long() -> Bad {
    Bad { code: ErrorCode::InvalidInput, message: format!("the line has more than {LINE_BYTES_MAX} bytes") }
}

/// A column is counted in bytes, from 1, as editors show it for plain text.
fn read_line(line: &[u8]) -> Result<Asked, Bad> {
    let bad = |error: serde_json::Error| {
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        let message = if error.column() > 0 {
            format!("column {}: {reason}", error.column())
        } else {
            reason.to_owned()
        };
        Bad { code: ErrorCode::InvalidInput, message }
    };
    let asked: Asked = serde_json::from_slice(line.trim_ascii_end()).map_err(bad)?;
    if !asked.input.is_object() {
        return Err(Bad { code: ErrorCode::InvalidInput, message: "`input` must be an object".to_owned() });
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    async fn all(bytes: &[u8], most: usize) -> Vec<Numbered> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        std::fs::write(&path, bytes).unwrap();
        let mut lines = Lines::open(&path).await.unwrap();
        let mut all = Vec::new();
        loop {
            let some = lines.next(most).await.unwrap();
            assert!(some.len() <= most);
            if some.is_empty() {
                return all;
            }
            all.extend(some);
        }
    }

    #[tokio::test]
    async fn a_bad_line_is_named_and_the_others_are_read() {
        let mut text =
            b"\xef\xbb\xbf{\"input\":{\"prompt\":\"a\"}}\r\n\n  \n{\"input\":{\"prompt\":}}\n".to_vec();
        text.extend(vec![b'x'; usize::try_from(LINE_BYTES_MAX).unwrap() + 5]);
        text.extend(b"\n{\"input\":7}\n\xff\xfe\n{\"inputs\":{}}\n{\"id\":\"z\",\"input\":{}}");
        let lines = all(&text, 2).await;
        let told: Vec<(u32, String)> = lines
            .iter()
            .map(|line| {
                (line.number, line.asked.as_ref().map_or_else(|bad| bad.message.clone(), |_| "ok".to_owned()))
            })
            .collect();
        let numbers: Vec<u32> = told.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 4, 5, 6, 7, 8, 9]);
        assert!(told[0].1 == "ok" && told[6].1 == "ok", "{told:?}");
        for (at, part) in [
            (1, "column 20: expected value"),
            (2, "more than 1048576 bytes"),
            (3, "`input`"),
            (4, "column"),
            (5, "inputs"),
        ] {
            assert!(told[at].1.contains(part), "{:?}", told[at]);
        }
    }

    #[tokio::test]
    async fn a_part_names_no_more_addresses_than_a_request_may() {
        let line =
            json!({ "input": { "prompt": "p", "images": vec!["https://pictures.invalid/1.png"; 16] } });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        std::fs::write(&path, format!("{line}\n").repeat(40)).unwrap();
        let mut lines = Lines::open(&path).await.unwrap();
        for count in [16, 16, 8, 0] {
            assert_eq!(lines.next(1000).await.unwrap().len(), count);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever the bytes are: no panic, numbers rise, nothing empty is read.
        #[test]
        fn any_bytes_are_lines(bytes in proptest::collection::vec(any::<u8>(), 0..400), most in 1usize..5) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let lines = runtime.block_on(all(&bytes, most));
            prop_assert!(lines.is_sorted_by(|a, b| a.number < b.number));
        }
    }
}
