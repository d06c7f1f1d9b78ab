//! What must happen to a file on its way in and out, by the door of each module.

#![expect(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    reason = "in tests that fail is the answer; colours are measured"
)]

mod adjusted;
mod bad;
mod cleaned;
mod decoded;
mod encoded;
mod films;
mod likeness;
mod made;
mod mutated;
mod recipes;
mod shrunk;

/// A file of `tests/fixtures`, which `make.py` there makes.
fn fixture(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
