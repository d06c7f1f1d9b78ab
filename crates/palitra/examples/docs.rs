//! Writes the generated pages below the folder it is given: `cargo xtask docs` runs it with the root of the repository.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let root = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    for (path, text) in palitra::pages::all() {
        std::fs::write(root.join(path), text)?;
    }
    Ok(())
}
