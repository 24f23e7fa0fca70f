//! Files do not import each other in a circle, and none is too long.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{Source, crates};

/// Lines of a file.
const MAX_LINES: usize = 400;

#[test]
fn no_file_is_longer_than_400_lines() {
    for source in crates().values().flatten() {
        assert!(source.lines <= MAX_LINES, "{} has {} lines", source.path.display(), source.lines);
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    for sources in crates().values() {
        let imports = imports(sources);
        for file in imports.keys() {
            let reached = reached(&imports, file);
            assert!(
                !reached.contains(file),
                "{} imports itself through {:?}",
                sources[*file].path.display(),
                reached
                    .iter()
                    .filter(|other| self::reached(&imports, other).contains(file))
                    .map(|other| &sources[*other].path)
                    .collect::<Vec<_>>(),
            );
        }
    }
}

/// The files that a file imports, itself or through others.
fn reached(imports: &BTreeMap<usize, BTreeSet<usize>>, file: &usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<usize> = imports[file].iter().copied().collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(&imports[&file]);
        }
    }
    reached
}

/// Which files of a crate import which. What a module has of its own submodules is no import: it declares them.
fn imports(sources: &[Source]) -> BTreeMap<usize, BTreeSet<usize>> {
    let files: BTreeMap<&[String], usize> =
        sources.iter().enumerate().map(|(number, source)| (source.module.as_slice(), number)).collect();
    let of = |source: &Source| {
        let mut imported = BTreeSet::new();
        for path in paths(source) {
            let target = (0..=path.len()).rev().find_map(|length| files.get_key_value(&path[..length]));
            if let Some((module, number)) = target {
                let is_own = module.starts_with(&source.module);
                if !is_own && !module.is_empty() {
                    imported.insert(*number);
                }
            }
        }
        imported
    };
    sources.iter().enumerate().map(|(number, source)| (number, of(source))).collect()
}

/// The absolute paths within the crate that a file names, by `crate::` and `super::`.
fn paths(source: &Source) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (start, keyword) in ["crate::", "super::"].iter().flat_map(|keyword| {
        source.code.match_indices(keyword).map(|(start, keyword)| (start, keyword)).collect::<Vec<_>>()
    }) {
        let before = source.code[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || "_:$".contains(c)) {
            continue;
        }
        let mut base = if keyword == "crate::" { Vec::new() } else { source.module.clone() };
        let mut rest = &source.code[start..];
        if keyword == "crate::" {
            rest = &rest["crate::".len()..];
        }
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop();
            rest = after;
        }
        expand(&base, rest, &mut paths);
    }
    paths
}

/// Adds every path that begins with `base` and goes on as the text does, which may branch in braces. Returns what follows.
fn expand<'a>(base: &[String], text: &'a str, paths: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = expand(base, rest, paths).trim_start();
            match rest.strip_prefix(',') {
                Some(more) if !more.trim_start().starts_with('}') => rest = more,
                Some(more) => return more.trim_start().strip_prefix('}').unwrap_or(more),
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return rest;
    }
    let mut path = base.to_vec();
    if name != "self" {
        path.push(name.to_owned());
    }
    match rest.strip_prefix("::") {
        Some(rest) => expand(&path, rest, paths),
        None => {
            paths.push(path);
            // An alias does not matter.
            let renamed = rest.trim_start().strip_prefix("as ");
            renamed.map_or(rest, |alias| alias.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'))
        }
    }
}
