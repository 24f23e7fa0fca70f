//! The sources of the workspace: every file of every crate, without comments and tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A source file of a crate.
pub struct Source {
    /// Its path below `crates`.
    pub path: PathBuf,
    /// Its module path within the crate: empty for `lib.rs` and `main.rs`.
    pub module: Vec<String>,
    /// Its text up to its tests, without comments.
    pub code: String,
    /// How many lines the whole file has.
    pub lines: usize,
}

/// The files below `src` of each crate, by the crate's directory.
pub fn crates() -> BTreeMap<String, Vec<Source>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut crates = BTreeMap::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let directory = entry.unwrap().path();
        let src = directory.join("src");
        if src.is_dir() {
            let mut sources = Vec::new();
            read(root, &src, &src, &mut sources);
            crates.insert(directory.file_name().unwrap().to_str().unwrap().to_owned(), sources);
        }
    }
    assert!(crates.len() > 10);
    crates
}

fn read(root: &Path, src: &Path, directory: &Path, sources: &mut Vec<Source>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, src, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let below = path.strip_prefix(src).unwrap().with_extension("");
            let mut module: Vec<String> = below.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if ["lib", "main", "mod"].contains(&module.last().unwrap().as_str()) {
                module.pop();
            }
            let path = path.strip_prefix(root).unwrap().to_owned();
            sources.push(Source { path, module, code: code(&text), lines: text.lines().count() });
        }
    }
}

/// The text up to its tests, without the lines that are comments.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}
