//! Quotes, collateral and certificates field by field, for people and other programs. A description proves nothing.

pub(crate) mod body;
pub(crate) mod certificate;
pub(crate) mod certification;
pub(crate) mod documents;
pub(crate) mod epid;
pub(crate) mod quote;
pub(crate) mod readable;
pub(crate) mod verified;
