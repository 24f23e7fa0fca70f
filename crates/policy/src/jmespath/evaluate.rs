//! A query put to a document.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::evaluation::{Evaluation, QueryFailure};
use super::tree::{Comparison, Node, Slice};
use super::{Json, Query, functions, number};
use crate::fuel::Fuel;

/// Steps for a node of a query that is evaluated, with the value that it gives.
const NODE: usize = 2;

impl Query {
    /// What the query finds in the document; `null` where it finds nothing.
    pub(crate) fn evaluate(&self, document: &Json, fuel: &mut Fuel) -> Result<Json, QueryFailure> {
        Evaluation::new(fuel).node(&self.root, document)
    }
}

impl Evaluation<'_> {
    pub(super) fn node(&mut self, node: &Node, current: &Json) -> Result<Json, QueryFailure> {
        self.fuel.spend(NODE)?;
        match node {
            Node::Current => Ok(current.clone()),
            Node::Literal(json) => Ok(json.clone()),
            Node::Field(name) => self.field(name, current),
            Node::Index(index) => Ok(element(current, *index)),
            Node::Slice(slice) => self.slice(*slice, current),
            Node::Then(left, right) | Node::Pipe(left, right) => {
                let left = self.node(left, current)?;
                self.node(right, &left)
            }
            Node::Each(left, right) => self.each(left, right, current),
            Node::EachMember(left, right) => self.each_member(left, right, current),
            Node::Filter(left, condition, right) => self.filter(left, condition, right, current),
            Node::Flatten(left) => self.flatten(left, current),
            Node::Or(left, right) => {
                let left = self.node(left, current)?;
                if left.is_truth() { Ok(left) } else { self.node(right, current) }
            }
            Node::And(left, right) => {
                let left = self.node(left, current)?;
                if left.is_truth() { self.node(right, current) } else { Ok(left) }
            }
            Node::Not(inner) => Ok(Json::Boolean(!self.node(inner, current)?.is_truth())),
            Node::Compare(comparison, left, right) => self.compare(*comparison, left, right, current),
            Node::List(elements) => self.list(elements, current),
            Node::Hash(members) => self.hash(members, current),
            Node::Call(function, arguments) => functions::call(*function, arguments, current, self),
            // Only functions know what to do with it, and they take it as it is.
            Node::Reference(_) => Ok(Json::Null),
        }
    }

    fn field(&mut self, name: &str, current: &Json) -> Result<Json, QueryFailure> {
        let Json::Object(members) = current else { return Ok(Json::Null) };
        self.fuel.look_up(name.len(), members.len())?;
        Ok(members.get(name).cloned().unwrap_or(Json::Null))
    }

    fn slice(&mut self, slice: Slice, current: &Json) -> Result<Json, QueryFailure> {
        let Json::Array(elements) = current else { return Ok(Json::Null) };
        self.fuel.allocate(2)?;
        let mut picked = Vec::new();
        for element in places(slice, elements.len()).filter_map(|place| elements.get(place)) {
            self.make(1)?;
            picked.push(element.clone());
        }
        Ok(Json::array(picked))
    }

    fn each(&mut self, left: &Node, right: &Node, current: &Json) -> Result<Json, QueryFailure> {
        let Json::Array(elements) = self.node(left, current)? else { return Ok(Json::Null) };
        self.of_each(elements.iter(), right)
    }

    fn each_member(&mut self, left: &Node, right: &Node, current: &Json) -> Result<Json, QueryFailure> {
        let Json::Object(members) = self.node(left, current)? else { return Ok(Json::Null) };
        self.of_each(members.values(), right)
    }

    /// What `right` finds in each, where it finds something.
    fn of_each<'j>(&mut self, elements: impl Iterator<Item = &'j Json>, right: &Node) -> Result<Json, QueryFailure> {
        self.fuel.allocate(2)?;
        let mut found = Vec::new();
        for element in elements {
            let value = self.node(right, element)?;
            if value != Json::Null {
                self.make(1)?;
                found.push(value);
            }
        }
        Ok(Json::array(found))
    }

    fn filter(&mut self, left: &Node, condition: &Node, right: &Node, current: &Json) -> Result<Json, QueryFailure> {
        let Json::Array(elements) = self.node(left, current)? else { return Ok(Json::Null) };
        self.fuel.allocate(1)?;
        let mut passing = Vec::new();
        for element in elements.iter() {
            if self.node(condition, element)?.is_truth() {
                passing.push(element);
            }
        }
        self.of_each(passing.into_iter(), right)
    }

    fn flatten(&mut self, left: &Node, current: &Json) -> Result<Json, QueryFailure> {
        let Json::Array(elements) = self.node(left, current)? else { return Ok(Json::Null) };
        self.fuel.allocate(2)?;
        let mut flat = Vec::new();
        for element in elements.iter() {
            self.fuel.spend(2)?;
            match element {
                Json::Array(inner) => {
                    self.make(inner.len())?;
                    flat.extend(inner.iter().cloned());
                }
                other => {
                    self.make(1)?;
                    flat.push(other.clone());
                }
            }
        }
        Ok(Json::array(flat))
    }

    fn compare(
        &mut self,
        comparison: Comparison,
        left: &Node,
        right: &Node,
        current: &Json,
    ) -> Result<Json, QueryFailure> {
        let left = self.node(left, current)?;
        let right = self.node(right, current)?;
        let ordering = match (comparison, &left, &right) {
            (Comparison::Equal, ..) => return Ok(Json::Boolean(self.equal(&left, &right)?)),
            (Comparison::NotEqual, ..) => return Ok(Json::Boolean(!self.equal(&left, &right)?)),
            (_, Json::Number(left), Json::Number(right)) => number::compare(left, right),
            // Only numbers have an order.
            _ => return Ok(Json::Null),
        };
        Ok(Json::Boolean(match comparison {
            Comparison::Less => ordering == Ordering::Less,
            Comparison::LessOrEqual => ordering != Ordering::Greater,
            Comparison::Greater => ordering == Ordering::Greater,
            _ => ordering != Ordering::Less,
        }))
    }

    fn list(&mut self, elements: &[Node], current: &Json) -> Result<Json, QueryFailure> {
        if *current == Json::Null {
            return Ok(Json::Null);
        }
        self.fuel.allocate(2)?;
        self.make(elements.len())?;
        let list: Result<Vec<Json>, _> = elements.iter().map(|element| self.node(element, current)).collect();
        list.map(Json::array)
    }

    fn hash(&mut self, members: &[(Arc<str>, Node)], current: &Json) -> Result<Json, QueryFailure> {
        if *current == Json::Null {
            return Ok(Json::Null);
        }
        self.fuel.allocate(1)?;
        self.make(members.len())?;
        let mut hash = BTreeMap::new();
        for (name, node) in members {
            self.fuel.allocate(1)?;
            self.fuel.look_up(name.len(), hash.len())?;
            hash.insert(Arc::clone(name), self.node(node, current)?);
        }
        Ok(Json::Object(Arc::new(hash)))
    }
}

fn element(current: &Json, index: i64) -> Json {
    let Json::Array(elements) = current else { return Json::Null };
    let place = place(index, elements.len());
    place.and_then(|place| elements.get(place)).cloned().unwrap_or(Json::Null)
}

/// From the end where negative.
fn place(index: i64, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// The places that a slice picks, in its order. Bounds beyond the ends are the ends.
fn places(slice: Slice, length: usize) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let is_forward = slice.step > 0;
    let (lowest, highest) = if is_forward { (0, length) } else { (-1, length.saturating_sub(1)) };
    let bound = |bound: i64| {
        let bound = if bound < 0 { bound.saturating_add(length) } else { bound };
        bound.clamp(lowest, highest.max(lowest))
    };
    let start = slice.start.map_or(if is_forward { lowest } else { highest }, bound);
    let stop = slice.stop.map_or(if is_forward { highest } else { lowest }, bound);
    std::iter::successors(Some(start), move |place| place.checked_add(slice.step))
        .take_while(move |place| if is_forward { *place < stop } else { *place > stop })
        .filter_map(|place| usize::try_from(place).ok())
}
