//! A call, and what its arguments have to be.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Number;

use super::Json;
use super::evaluation::{Evaluation, QueryFailure};
use super::function::Function;
use super::tree::Node;

pub(super) struct Argument {
    pub(super) json: Json,
    pub(super) is_reference: bool,
}

pub(super) struct Call<'a, 'f> {
    pub(super) function: Function,
    pub(super) arguments: &'a [Argument],
    pub(super) reference: Option<&'a Node>,
    pub(super) evaluation: &'a mut Evaluation<'f>,
}

impl<'a> Call<'a, '_> {
    pub(super) fn value(&self, number: usize) -> Result<&'a Json, QueryFailure> {
        match self.arguments.get(number) {
            Some(argument) if !argument.is_reference => Ok(&argument.json),
            _ => Err(self.wrong_type("a value", "an &expression")),
        }
    }

    pub(super) fn number(&self, number: usize) -> Result<&'a Number, QueryFailure> {
        match self.value(number)? {
            Json::Number(found) => Ok(found),
            other => Err(self.wrong("a number", other)),
        }
    }

    pub(super) fn string(&self, number: usize) -> Result<&'a str, QueryFailure> {
        match self.value(number)? {
            Json::String(text) => Ok(text),
            other => Err(self.wrong("a string", other)),
        }
    }

    pub(super) fn array(&self, number: usize) -> Result<&'a [Json], QueryFailure> {
        match self.value(number)? {
            Json::Array(elements) => Ok(elements),
            other => Err(self.wrong("an array", other)),
        }
    }

    pub(super) fn object(&self, number: usize) -> Result<&'a BTreeMap<Arc<str>, Json>, QueryFailure> {
        match self.value(number)? {
            Json::Object(members) => Ok(members),
            other => Err(self.wrong("an object", other)),
        }
    }

    pub(super) fn numbers(&mut self, number: usize) -> Result<Vec<&'a Number>, QueryFailure> {
        let elements = self.array(number)?;
        self.evaluation.fuel.allocate(1)?;
        self.evaluation.fuel.spend(elements.len())?;
        let number_of = |element: &'a Json| match element {
            Json::Number(number) => Ok(number),
            other => Err(self.wrong("an array of numbers", other)),
        };
        elements.iter().map(number_of).collect()
    }

    pub(super) fn strings(&mut self, number: usize) -> Result<Vec<&'a str>, QueryFailure> {
        let elements = self.array(number)?;
        self.evaluation.fuel.allocate(1)?;
        self.evaluation.fuel.spend(elements.len())?;
        let string_of = |element: &'a Json| match element {
            Json::String(text) => Ok(&**text),
            other => Err(self.wrong("an array of strings", other)),
        };
        elements.iter().map(string_of).collect()
    }

    pub(super) fn reference(&self, number: usize) -> Result<&'a Node, QueryFailure> {
        match self.arguments.get(number) {
            Some(argument) if !argument.is_reference => Err(self.wrong("an &expression", &argument.json)),
            _ => self.reference.ok_or_else(|| self.wrong_type("an &expression", "nothing")),
        }
    }

    pub(super) fn finite(&self, number: Option<Json>) -> Result<Json, QueryFailure> {
        number.ok_or(QueryFailure::NotFinite { function: self.function.as_str() })
    }

    pub(super) fn wrong(&self, expected: &'static str, found: &Json) -> QueryFailure {
        self.wrong_type(expected, found.type_name())
    }

    pub(super) const fn wrong_type(&self, expected: &'static str, found: &'static str) -> QueryFailure {
        QueryFailure::WrongType { function: self.function.as_str(), expected, found }
    }
}
