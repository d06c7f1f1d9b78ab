//! What no compiler checks: which crate may know which, how files look, what must not stand in the repository.
//!
//! Each test collects every offence before it fails, so one run tells all. That settings are documented is tested beside
//! `config`, that errors have texts and hints beside `failure`.

#![expect(clippy::unwrap_used, reason = "a check that cannot read the repository has failed")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Crate of ours, the crates of ours it may use, and those its tests may use besides.
const EDGES: &[(&str, &[&str], &[&str])] = &[
    ("palitra-domain", &[], &[]),
    ("palitra-store", &["palitra-domain"], &["xtask"]),
    ("palitra-fonts", &[], &[]),
    ("palitra-media", &["palitra-domain", "palitra-fonts"], &[]),
    ("palitra-objects", &["palitra-domain"], &[]),
    ("palitra-decks", &["palitra-domain"], &[]),
    ("palitra-sim", &["palitra-domain", "palitra-fonts"], &[]),
    ("palitra-markets", &["palitra-domain"], &["palitra-sim"]),
    (
        "palitra-engine",
        &["palitra-domain", "palitra-store"],
        &["palitra-markets", "palitra-objects", "palitra-sim"],
    ),
    ("palitra-api", &["palitra-decks", "palitra-domain", "palitra-engine"], &[]),
    (
        "palitra",
        &[
            "palitra-api",
            "palitra-decks",
            "palitra-domain",
            "palitra-engine",
            "palitra-fonts",
            "palitra-markets",
            "palitra-media",
            "palitra-objects",
            "palitra-sim",
            "palitra-store",
        ],
        &["xtask"],
    ),
    ("xtask", &[], &[]),
];

/// Crates that stand for a capability, and who may have it. Tests may use what they like.
const OWNERS: &[(&str, &[&str])] = &[
    // A package of Anki is a SQLite database.
    ("rusqlite", &["palitra-store", "palitra-decks"]),
    ("reqwest", &["palitra-markets"]),
    ("rustls", &["palitra-markets", "palitra-store"]),
    ("tokio-postgres", &["palitra-store"]),
    ("axum", &["palitra-sim", "palitra-api", "palitra"]),
    ("pulldown-cmark", &["palitra-decks"]),
    ("tiny-skia", &["palitra-sim"]),
    ("clap", &["palitra"]),
    ("figment", &["palitra"]),
    ("tracing-subscriber", &["palitra"]),
    (
        "tokio",
        &[
            "palitra-store",
            "palitra-objects",
            "palitra-sim",
            "palitra-markets",
            "palitra-media",
            "palitra-engine",
            "palitra-api",
            "palitra",
        ],
    ),
];

const LINES_MAX: usize = 600;

const VAGUE: &[&str] = &["common", "helpers", "manager", "misc", "util", "utils"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file below the root, as path from there, without what git ignores and hidden folders but `.ci` and `.cargo`.
fn files(ending: &[&str]) -> Vec<String> {
    fn walk(folder: &Path, from: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let below = if from.is_empty() { name.clone() } else { format!("{from}/{name}") };
            let ours = !name.starts_with('.') || matches!(name.as_str(), ".ci" | ".cargo" | ".env.example");
            if path.is_dir() && ours && !matches!(below.as_str(), "target" | "out" | "palitra-data") {
                walk(&path, &below, found);
            } else if path.is_file() && ours {
                found.push(below);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.retain(|path| ending.iter().any(|ending| path.ends_with(ending)));
    found.sort();
    assert!(!found.is_empty(), "no file ends with {ending:?}: the walk is broken");
    found
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn none(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

type Manifests = BTreeMap<String, toml::Table>;

fn manifests() -> Manifests {
    let paths = files(&["/Cargo.toml"]);
    let manifests = paths.iter().map(|path| toml::from_str(&read(path)).unwrap());
    let named = manifests
        .map(|manifest: toml::Table| (manifest["package"]["name"].as_str().unwrap().to_owned(), manifest));
    named.collect()
}

fn dependencies(manifest: &toml::Table, table: &str) -> Vec<String> {
    let table = manifest.get(table).and_then(toml::Value::as_table);
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

/// Dependencies that [`EDGES`] and [`OWNERS`] do not allow.
fn forbidden(manifests: &Manifests) -> Vec<String> {
    let mut offences = Vec::new();
    for (name, manifest) in manifests {
        let Some((_, uses, tests_use)) = EDGES.iter().find(|(known, ..)| known == name) else {
            offences.push(format!("{name} is not in the table of crates"));
            continue;
        };
        let normal =
            [dependencies(manifest, "dependencies"), dependencies(manifest, "build-dependencies")].concat();
        for dependency in &normal {
            if manifests.contains_key(dependency) && !uses.contains(&dependency.as_str()) {
                offences.push(format!("{name} must not know {dependency}"));
            }
            let owners = OWNERS.iter().find(|(known, _)| known == dependency);
            if owners.is_some_and(|(_, owners)| !owners.contains(&name.as_str())) {
                offences.push(format!("{name} must not use {dependency}"));
            }
        }
        for dependency in dependencies(manifest, "dev-dependencies") {
            let known = [*uses, *tests_use].concat();
            if manifests.contains_key(&dependency) && !known.contains(&dependency.as_str()) {
                offences.push(format!("tests of {name} must not know {dependency}"));
            }
        }
    }
    offences
}

#[test]
fn invariant_06_dependencies_point_one_way() {
    let manifests = manifests();
    none(&forbidden(&manifests));
    assert_eq!(manifests.len(), EDGES.len(), "a crate of the table is gone");
    // The check can fail.
    let door: toml::Table = toml::from_str("[dependencies]\nreqwest = '1'\npalitra-engine = '1'").unwrap();
    let mut broken = manifests.clone();
    broken.insert("palitra-decks".to_owned(), door);
    assert_eq!(
        forbidden(&broken),
        ["palitra-decks must not use reqwest", "palitra-decks must not know palitra-engine"]
    );
}

#[test]
fn every_crate_takes_versions_and_lints_from_the_workspace() {
    let mut offences = Vec::new();
    for (name, manifest) in manifests() {
        if manifest["lints"]["workspace"].as_bool() != Some(true) {
            offences.push(format!("{name}: `[lints] workspace = true` is missing"));
        }
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for dependency in dependencies(&manifest, table) {
                let entry = &manifest[table][&dependency];
                if entry.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                    offences.push(format!("{name}: `{dependency}` names its own version"));
                }
            }
        }
    }
    none(&offences);
}

#[test]
fn every_source_file_says_what_it_owns_and_is_about_one_thing() {
    let mut offences = Vec::new();
    for path in files(&[".rs"]) {
        let text = read(&path);
        if !text.starts_with("//! ") {
            offences.push(format!("{path}: no `//!` at the top"));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            offences.push(format!("{path}: {lines} lines; look for the seam"));
        }
        let vague = path.split('/').any(|part| VAGUE.contains(&part.trim_end_matches(".rs")));
        if vague {
            offences.push(format!("{path}: the name does not say what it is about"));
        }
    }
    none(&offences);
}

#[test]
fn lints_are_expected_with_a_reason_and_no_test_is_skipped() {
    // Put together here, so that this file does not find itself.
    let words = [
        (["#[al", "low("], "say `expect(lint, reason = …)`"),
        (["#![al", "low("], "say `expect(lint, reason = …)`"),
        (["#[ig", "nore"], "a test that does not run is no test"),
        (["to", "do!("], "not finished"),
        (["unimpl", "emented!("], "not finished"),
        (["TO", "DO"], "not finished"),
        (["FIX", "ME"], "not finished"),
        (["XX", "X"], "not finished"),
    ];
    let mut offences = Vec::new();
    for path in files(&[".rs", ".toml", ".ftl", ".sql", ".md", ".ci/run"]) {
        for (number, line) in read(&path).lines().enumerate() {
            for (word, why) in &words {
                if line.contains(&word.concat()) {
                    offences.push(format!("{path}:{}: `{}`: {why}", number + 1, word.concat()));
                }
            }
        }
    }
    none(&offences);
}

#[test]
fn the_repository_names_no_machine_and_no_key() {
    // Beginnings of paths of one machine, and of keys of markets and services.
    let words =
        [["/ro", "ot/"], ["/wo", "rk/"], ["/Us", "ers/"], ["sk-p", "roj-"], ["AK", "IA"], ["gh", "p_"]];
    let mut offences = Vec::new();
    for path in files(&[".rs", ".toml", ".ftl", ".sql", ".md", ".json", ".html", ".ci/run", ".env.example"]) {
        for (number, line) in read(&path).lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(&word.concat())) {
                offences.push(format!("{path}:{}: `{}`", number + 1, word.concat()));
            }
        }
    }
    none(&offences);
}

#[test]
fn s2_099_generated_pages_are_fresh() {
    let stale: Vec<String> = palitra::pages::all()
        .into_iter()
        .filter(|(path, text)| std::fs::read_to_string(root().join(path)).ok().as_ref() != Some(text))
        .map(|(path, _)| format!("{path} is old: run `cargo xtask docs`"))
        .collect();
    none(&stale);
}

#[test]
fn s2_099_what_others_made_is_named() {
    let named = read("THIRD_PARTY.md");
    let assets = files(&[""]).into_iter().filter(|path| path.contains("/assets/"));
    let unnamed = |path: &String| !named.contains(Path::new(path).file_name().unwrap().to_str().unwrap());
    let offences: Vec<String> =
        assets.filter(unnamed).map(|path| format!("THIRD_PARTY.md does not name {path}")).collect();
    none(&offences);
}

/// The page is made by `cargo tree`, which no test runs: that it has every crate of ours uses, and none of another version than is locked.
#[test]
fn s2_099_the_page_of_crates_is_fresh() {
    let page = read("docs/crates.md");
    let rows: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "))
        .filter_map(|(name, rest)| Some((name, rest.split_once(" | ")?.0)))
        .filter(|(name, _)| *name != "crate")
        .collect();
    let lock: toml::Table = toml::from_str(&read("Cargo.lock")).unwrap();
    let locked: Vec<(&str, &str)> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["name"].as_str().unwrap(), package["version"].as_str().unwrap()))
        .collect();
    let mut offences: Vec<String> = rows
        .iter()
        .filter(|row| !locked.contains(row))
        .map(|(name, version)| {
            format!("docs/crates.md: {name} {version} is not locked: run `cargo xtask docs`")
        })
        .collect();
    for (ours, manifest) in manifests() {
        let used = manifest.get("dependencies").and_then(toml::Value::as_table).into_iter().flatten();
        let missing = used
            .map(|(name, _)| name)
            .filter(|name| !name.starts_with("palitra-") && !rows.iter().any(|(row, _)| row == name));
        offences.extend(
            missing
                .map(|name| format!("docs/crates.md: {name} of {ours} is missing: run `cargo xtask docs`")),
        );
    }
    assert!(rows.len() > 100, "the page has {} rows", rows.len());
    none(&offences);
}
