//! Judging a verified quote by somebody's requirements.

pub(crate) mod refusal;
pub(crate) mod requirements;
