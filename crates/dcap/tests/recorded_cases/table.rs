//! The tables of differences in docs/intel-differences.md: what is listed, and whether all of it is there.

use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../../docs/intel-differences.md");

/// Cases of one name pattern that are answered differently from another verifier, for a reason that the document gives.
#[derive(Debug)]
struct Row {
    cases: String,
    ours: String,
    theirs: String,
}

/// One table of the document, and which of its rows were needed so far.
pub struct Table {
    rows: Vec<Row>,
    seen: BTreeSet<usize>,
    unlisted: Vec<String>,
}

impl Table {
    /// The table between `<!-- NAME begin -->` and `<!-- NAME end -->`.
    pub fn named(name: &str) -> Self {
        let (_, table) = DOCUMENT.split_once(&format!("<!-- {name} begin -->")).unwrap();
        let (table, _) = table.split_once(&format!("<!-- {name} end -->")).unwrap();
        let rows = table.lines().filter(|line| line.starts_with('|')).skip(2).map(|row| {
            let cells: Vec<&str> =
                row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
            let [cases, ours, theirs, why] = cells[..] else { panic!("{row}") };
            assert!(why.len() > 20, "a reason is a sentence: {row}");
            Row { cases: cases.to_owned(), ours: ours.to_owned(), theirs: theirs.to_owned() }
        });
        Self { rows: rows.collect(), seen: BTreeSet::new(), unlisted: Vec::new() }
    }

    /// That a case is answered differently; it has to be listed with these answers.
    pub fn differs(&mut self, case: &str, ours: &str, theirs: &str) {
        let is = |row: &Row| fits(&row.cases, case) && row.ours == ours && fits(&row.theirs, theirs);
        let listed: Vec<usize> = (0..self.rows.len()).filter(|&number| is(&self.rows[number])).collect();
        match listed[..] {
            [number] => drop(self.seen.insert(number)),
            [] => self.unlisted.push(format!("{case}: {ours} for {theirs}")),
            _ => panic!("{case} is listed {} times", listed.len()),
        }
    }

    /// That every difference is listed, and every row is a difference.
    pub fn finish(self) {
        assert!(self.unlisted.is_empty(), "not in docs/intel-differences.md: {:#?}", self.unlisted);
        let unseen = self.rows.iter().enumerate().filter(|(number, _)| !self.seen.contains(number));
        let unseen: Vec<_> = unseen.map(|(_, row)| row).collect();
        assert!(unseen.is_empty(), "in docs/intel-differences.md, and no difference any more: {unseen:#?}");
    }
}

/// Whether a text is the pattern, in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((begin, end)) => text
            .strip_prefix(begin)
            .is_some_and(|rest| (0..=rest.len()).any(|at| rest.is_char_boundary(at) && fits(end, &rest[at..]))),
    }
}
