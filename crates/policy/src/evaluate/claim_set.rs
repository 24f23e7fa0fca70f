//! The claims of an evaluation: those of the evidence, and those that rules added. None is ever removed, so that a claim is
//! known by its number.

use crate::claims::Claim;
use crate::limits::{MAX_CLAIM_BYTES, MAX_CLAIMS};
use crate::refusal::Fault;

/// The numbers of the claims that each condition of a rule matched.
pub(super) type Matches = Vec<Vec<usize>>;

pub(super) struct ClaimSet<'a> {
    incoming: &'a [Claim],
    added: Vec<Claim>,
    bytes: usize,
}

impl<'a> ClaimSet<'a> {
    pub(super) fn new(incoming: &'a [Claim]) -> Result<Self, Fault> {
        let bytes = incoming.iter().map(Claim::bytes).fold(0, usize::saturating_add);
        let claims = Self { incoming, added: Vec::new(), bytes };
        claims.check_room(0, 0)?;
        Ok(claims)
    }

    /// How many are of the evidence.
    pub(super) const fn incoming(&self) -> usize {
        self.incoming.len()
    }

    pub(super) const fn len(&self) -> usize {
        self.incoming.len().saturating_add(self.added.len())
    }

    pub(super) fn get(&self, number: usize) -> Option<&Claim> {
        match number.checked_sub(self.incoming.len()) {
            None => self.incoming.get(number),
            Some(added) => self.added.get(added),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.incoming.iter().chain(&self.added)
    }

    /// Those of these numbers.
    pub(super) fn of<'s>(&'s self, numbers: &'s [usize]) -> impl Iterator<Item = &'s Claim> {
        numbers.iter().filter_map(|number| self.get(*number))
    }

    /// Before claims are made, so that a doubling rule is stopped while it is small.
    pub(super) const fn check_room(&self, more: usize, bytes: usize) -> Result<(), Fault> {
        if self.len().saturating_add(more) > MAX_CLAIMS {
            return Err(Fault::TooManyClaims);
        }
        if self.bytes.saturating_add(bytes) > MAX_CLAIM_BYTES {
            return Err(Fault::TooManyBytes);
        }
        Ok(())
    }

    pub(super) fn add(&mut self, claim: Claim) -> Result<(), Fault> {
        self.check_room(1, claim.bytes())?;
        self.bytes = self.bytes.saturating_add(claim.bytes());
        self.added.push(claim);
        Ok(())
    }
}
