//! What bounds a policy and its evaluation. Policies come from strangers: anybody may try a draft.

/// Bytes of a policy's text. The longest documented one has 3,000.
pub const MAX_TEXT: usize = 64 << 10;
/// Rules of a policy.
pub const MAX_RULES: usize = 2_000;
/// Conditions of a rule.
pub const MAX_CONDITIONS: usize = 32;
/// Tests of a condition: each pair of them is looked at for a contradiction. A claim has four members.
pub const MAX_TESTS: usize = 32;
/// Calls within calls. Documented policies have two.
pub const MAX_NESTING: usize = 16;
/// Errors and warnings reported of one text; after so many more only repeat them.
pub const MAX_DIAGNOSTICS: usize = 20;
/// Characters of offending text repeated in an error.
pub const MAX_OFFENDING: usize = 60;
/// Claims at any moment of an evaluation, those of the evidence included (about 20).
pub const MAX_CLAIMS: usize = 1_000;
/// Bytes of all claims at any moment of an evaluation, names and values; a token of more would be refused by its readers.
pub const MAX_CLAIM_BYTES: usize = 256 << 10;
/// Steps of one evaluation, configuration and decision together: less than 10 milliseconds of one core, compiling the longest
/// policy included (docs/benchmarks.md). The default policy takes some 400.
pub const MAX_STEPS: u32 = 600_000;
/// Steps of an evaluation on a thread that others wait for: some 50 microseconds. Documented policies take less.
pub const MAX_INLINE_STEPS: u32 = 10_000;
/// Bytes of a JMESPath query. The longest documented one has 400.
pub const MAX_QUERY: usize = 16 << 10;
/// The height of a query's tree: each level is a call while it is evaluated. The compliance cases need 107.
pub const MAX_QUERY_HEIGHT: usize = 128;
/// Values in a JSON document that a query reads; an event log of a machine's start has some thousand.
pub const MAX_JSON_NODES: usize = 50_000;
/// Values that one query makes; a query that doubles its result has nothing to do with claims.
pub const MAX_QUERY_NODES: usize = 50_000;
/// Bytes of the texts that one query makes: what a claim may have, sixteen times.
pub const MAX_QUERY_TEXT: usize = 4 << 20;
