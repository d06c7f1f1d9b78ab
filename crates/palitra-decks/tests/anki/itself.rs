//! A collection of Anki in a folder of its own, through `anki_itself.py`.

use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

pub(crate) struct Anki {
    folder: TempDir,
}

/// What a collection has.
pub(crate) struct State(Value);

pub(crate) struct Exported {
    pub(crate) state: Value,
    /// By name.
    pub(crate) packages: BTreeMap<String, Vec<u8>>,
}

#[expect(clippy::disallowed_methods, reason = "a test is told where the tools are by the environment")]
fn python() -> PathBuf {
    std::env::var("PALITRA_TEST_PYTHON")
        .expect(
            "no Python with Anki for the tests: run `cargo xtask test --install`, or set PALITRA_TEST_PYTHON",
        )
        .into()
}

impl Anki {
    fn new() -> Anki {
        Anki { folder: tempfile::tempdir().expect("a folder") }
    }

    fn run(&self, command: &str, words: &[PathBuf]) -> Value {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/anki/anki_itself.py");
        let mut python = Command::new(python());
        python.arg(script).arg(command).arg(self.folder.path().join("collection")).args(words);
        let output = python.output().expect("PALITRA_TEST_PYTHON names a Python");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// Imports packages one after the other into a new collection; what it has after each.
    pub(crate) fn import<const N: usize>(packages: [&[u8]; N]) -> [State; N] {
        let anki = Anki::new();
        let paths: Vec<PathBuf> = packages
            .iter()
            .enumerate()
            .map(|(at, bytes)| {
                let path = anki.folder.path().join(format!("{at}.apkg"));
                std::fs::write(&path, bytes).expect("a file");
                path
            })
            .collect();
        let Value::Array(states) = anki.run("import", &paths) else { panic!("states") };
        let check = |state: Value| {
            for note in state["notes"].as_array().expect("notes") {
                assert_eq!(note["checksum"], note["checksum_of_anki"], "{note:#}");
            }
            State(state)
        };
        let states: Vec<State> = states.into_iter().map(check).collect();
        states.try_into().unwrap_or_else(|states: Vec<State>| panic!("{} states", states.len()))
    }

    /// A collection of Anki's making.
    pub(crate) fn export() -> Exported {
        let anki = Anki::new();
        let state = anki.run("export", &[]);
        let entries = std::fs::read_dir(anki.folder.path().join("collection")).expect("a folder");
        let mut packages = BTreeMap::new();
        for entry in entries.map(|entry| entry.expect("an entry")) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with("pkg") {
                packages.insert(name, std::fs::read(entry.path()).expect("a file"));
            }
        }
        Exported { state, packages }
    }
}

impl State {
    pub(crate) fn notes(&self) -> usize {
        self.0["notes"].as_array().map_or(0, Vec::len)
    }

    /// The note with that in its first field.
    #[track_caller]
    pub(crate) fn note(&self, first: &str) -> &Value {
        let notes = self.0["notes"].as_array().expect("notes");
        let has = |note: &&Value| {
            note["fields"].as_object().and_then(|fields| fields.values().next()) == Some(&Value::from(first))
        };
        notes.iter().find(has).unwrap_or_else(|| panic!("no note `{first}` in {:#}", self.0["notes"]))
    }

    /// Anki's check of the database finds nothing to repair, and every picture and sound that a note names is there.
    #[track_caller]
    pub(crate) fn is_sound(&self) {
        assert_eq!(
            (&self.0["ok"], &self.0["problems"]),
            (&true.into(), &"Database rebuilt and optimized.".into())
        );
        assert_eq!(self.0["missing_media"], serde_json::json!([]));
    }

    /// A part as JSON.
    pub(crate) fn text(&self, pointer: &str) -> String {
        self.0.pointer(pointer).expect("such a part").to_string()
    }

    /// Names and SHA-1 of the media.
    pub(crate) fn media(&self) -> impl Iterator<Item = (&str, &str)> {
        let media = self.0["media"].as_object().expect("media");
        media.iter().map(|(name, sha1)| (name.as_str(), sha1.as_str().unwrap_or_default()))
    }

    /// Guid, sort field and checksum of every note.
    pub(crate) fn sums(&self) -> BTreeMap<String, (String, i64)> {
        let notes = self.0["notes"].as_array().expect("notes");
        notes
            .iter()
            .map(|note| {
                let text = |key: &str| note[key].as_str().expect("a text").to_owned();
                (text("guid"), (text("sort_field"), note["checksum"].as_i64().expect("a number")))
            })
            .collect()
    }
}

/// Guid, sort field and checksum of every note in a package of ours.
pub(crate) fn sums(package: &[u8]) -> BTreeMap<String, (String, i64)> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(package)).expect("a zip");
    let mut bytes = Vec::new();
    zip.by_name("collection.anki2").expect("a collection").read_to_end(&mut bytes).expect("bytes");
    let mut database = rusqlite::Connection::open_in_memory().expect("a database");
    database
        .deserialize_read_exact(rusqlite::MAIN_DB, bytes.as_slice(), bytes.len(), true)
        .expect("a database");
    let mut statement =
        database.prepare("select guid, cast(sfld as text), csum from notes").expect("a query");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

pub(crate) fn sha1(bytes: &[u8]) -> String {
    use sha1::Digest;
    sha1::Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
