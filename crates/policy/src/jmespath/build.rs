//! Nodes put together, each with its height; and what they hardly mean.

use super::QueryError;
use super::lex::error;
use super::tree::{Comparison, Node};
use crate::limits::{MAX_DIAGNOSTICS, MAX_QUERY_HEIGHT};

/// A node, how high its tree is, and where its text begins.
pub(super) struct Built {
    pub(super) node: Node,
    height: usize,
    at: usize,
}

impl Built {
    pub(super) const fn leaf(node: Node, at: usize) -> Self {
        Self { node, height: 1, at }
    }

    pub(super) const fn current(at: usize) -> Self {
        Self::leaf(Node::Current, at)
    }
}

#[derive(Default)]
pub(super) struct Builder {
    pub(super) warnings: Vec<QueryError>,
}

impl Builder {
    pub(super) fn one(&mut self, make: fn(Box<Node>) -> Node, inner: Built) -> Result<Built, QueryError> {
        let height = inner.height;
        raised(make(Box::new(inner.node)), height, inner.at)
    }

    pub(super) fn two(
        &mut self,
        make: fn(Box<Node>, Box<Node>) -> Node,
        left: Built,
        right: Built,
    ) -> Result<Built, QueryError> {
        let height = left.height.max(right.height);
        raised(make(Box::new(left.node), Box::new(right.node)), height, left.at)
    }

    pub(super) fn filter(&mut self, left: Built, condition: Built, right: Built) -> Result<Built, QueryError> {
        let height = left.height.max(condition.height).max(right.height);
        let node = Node::Filter(Box::new(left.node), Box::new(condition.node), Box::new(right.node));
        raised(node, height, left.at)
    }

    pub(super) fn many(
        &mut self,
        make: impl FnOnce(Vec<Node>) -> Node,
        parts: Vec<Built>,
        at: usize,
    ) -> Result<Built, QueryError> {
        let height = parts.iter().map(|part| part.height).max().unwrap_or_default();
        raised(make(parts.into_iter().map(|part| part.node).collect()), height, at)
    }

    pub(super) fn comparison(
        &mut self,
        comparison: Comparison,
        left: Built,
        right: Built,
    ) -> Result<Built, QueryError> {
        let is_full = self.warnings.len() >= MAX_DIAGNOSTICS;
        for (one, other) in [(&left, &right), (&right, &left)].into_iter().filter(|_| !is_full) {
            self.doubt(one, &other.node);
        }
        let height = left.height.max(right.height);
        raised(Node::Compare(comparison, Box::new(left.node), Box::new(right.node)), height, left.at)
    }

    /// A side of a comparison that is surely not meant.
    fn doubt(&mut self, side: &Built, other: &Node) {
        match &side.node {
            Node::Field(name) if matches!(&**name, "true" | "false" | "null") => {
                let help = format!("write `{name}` in backticks");
                let message = format!("{name} without backticks is the member of that name");
                self.warnings.push(error(side.at, message, help));
            }
            Node::Literal(super::Json::String(text)) if gives_number(other) => {
                let help = format!("write the number in backticks: `{text}`");
                let message = "a number is compared with a text: they are never equal";
                self.warnings.push(error(side.at, message, help));
            }
            _ => {}
        }
    }
}

fn gives_number(node: &Node) -> bool {
    matches!(node, Node::Call(function, _) if function.gives_number())
}

fn raised(node: Node, height: usize, at: usize) -> Result<Built, QueryError> {
    if height >= MAX_QUERY_HEIGHT {
        let help = format!("a query has at most {MAX_QUERY_HEIGHT} levels");
        return Err(error(at, "query is nested too deeply", help));
    }
    Ok(Built { node, height: height.saturating_add(1), at })
}
