//! Writes the generated pages below the folder it is given: `cargo xtask docs` runs it with the root of the repository, and with what
//! `cargo tree` says of the program's crates on stdin.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let root = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let tree = std::io::read_to_string(std::io::stdin())?;
    std::fs::write(root.join("docs/crates.md"), palitra::licences::crates_page(&tree))?;
    for (path, text) in palitra::pages::all() {
        std::fs::write(root.join(path), text)?;
    }
    Ok(())
}
