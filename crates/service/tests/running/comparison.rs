//! Azure's recorded answers against ours: status, members, claim names, JSON types. What differs is listed in docs/azure.md.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Where the differences are listed.
const DOCUMENT: &str = include_str!("../../../../docs/azure.md");

/// What an answer has at each place: `keys[].kty` is `string`, `token#claims.exp` is `number`.
pub type Shape = BTreeMap<String, String>;

pub fn shape(status: u16, body: &Value) -> Shape {
    let mut shape = Shape::from([("status".to_owned(), status.to_string())]);
    walk(body, String::new(), &mut shape);
    shape
}

pub fn walk(value: &Value, place: String, shape: &mut Shape) {
    let below = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(text) => {
            for (part, value) in parts_of_jws(text).into_iter().flatten() {
                walk(&value, format!("{place}#{part}"), shape);
            }
            "string"
        }
        Value::Array(all) => {
            all.iter().for_each(|one| walk(one, format!("{place}[]"), shape));
            "array"
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| walk(value, below(name), shape));
            "object"
        }
    };
    shape.insert(if place.is_empty() { "body".to_owned() } else { place }, kind.to_owned());
}

/// Header and payload of a text that is a JWS; the payload of one that resets is empty.
fn parts_of_jws(text: &str) -> Option<Vec<(&'static str, Value)>> {
    let mut segments = text.split('.');
    let (header, payload, _) = (segments.next()?, segments.next()?, segments.next()?);
    let read = |segment: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(segment).ok()?).ok();
    let header = read(header).filter(|header| header.get("alg").is_some())?;
    Some([("header", header)].into_iter().chain(read(payload).map(|claims| ("claims", claims))).collect())
}

/// A line of the list: which answers, which place in them, how ours is, and why.
#[derive(Debug)]
struct Exception {
    asked: String,
    place: String,
    ours: String,
}

/// The rows between `<!-- NAME begin -->` and `<!-- NAME end -->`.
fn exceptions(name: &str) -> Vec<Exception> {
    let (_, list) = DOCUMENT.split_once(&format!("<!-- {name} begin -->")).unwrap();
    let (list, _) = list.split_once(&format!("<!-- {name} end -->")).unwrap();
    let rows = list.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
        let [asked, place, ours, why] = cells[..] else { panic!("{row}") };
        assert!(why.len() > 20, "a reason is a sentence: {row}");
        Exception { asked: asked.to_owned(), place: place.to_owned(), ours: ours.to_owned() }
    })
    .collect()
}

/// Whether a text is the pattern, in which `*` stands for anything.
pub fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((begin, end)) => text
            .strip_prefix(begin)
            .is_some_and(|rest| (0..=rest.len()).any(|at| rest.is_char_boundary(at) && fits(end, &rest[at..]))),
    }
}

/// Compares answers, and says in the end which of the listed differences there were.
pub struct Comparison {
    exceptions: Vec<Exception>,
    seen: BTreeSet<usize>,
    unlisted: BTreeSet<String>,
    pub compared: usize,
}

impl Comparison {
    /// With the list of that name in docs/azure.md.
    pub fn with(list: &str) -> Self {
        Self { exceptions: exceptions(list), seen: BTreeSet::new(), unlisted: BTreeSet::new(), compared: 0 }
    }

    pub fn compare(&mut self, asked: &str, azure: &Shape, ours: &Shape) {
        self.compared += 1;
        if azure["status"] != ours["status"] {
            // Two answers to different ends have nothing to be compared in.
            return self.differs(asked, "status", &format!("{} for {}", ours["status"], azure["status"]));
        }
        for place in azure.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
            match (azure.get(place), ours.get(place)) {
                (Some(_), None) => self.differs(asked, place, "absent"),
                (None, Some(_)) => self.differs(asked, place, "added"),
                (Some(azure), Some(ours)) if azure != ours => {
                    self.differs(asked, place, &format!("{ours} for {azure}"));
                }
                _ => {}
            }
        }
    }

    fn differs(&mut self, asked: &str, place: &str, ours: &str) {
        let listed = |exception: &Exception| {
            fits(&exception.asked, asked) && fits(&exception.place, place) && exception.ours == ours
        };
        match self.exceptions.iter().position(listed) {
            Some(number) => drop(self.seen.insert(number)),
            None => drop(self.unlisted.insert(format!("{asked}: {place} {ours}"))),
        }
    }

    pub fn finish(self) {
        assert!(self.unlisted.is_empty(), "not in docs/azure.md: {:#?}", self.unlisted);
        let unseen = self.exceptions.iter().enumerate().filter(|(number, _)| !self.seen.contains(number));
        let unseen: Vec<_> = unseen.map(|(_, exception)| exception).collect();
        assert!(unseen.is_empty(), "in docs/azure.md, and no difference any more: {unseen:#?}");
    }
}
