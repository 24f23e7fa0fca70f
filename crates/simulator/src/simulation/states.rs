//! The file with the states of Intel's service.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::build_error::BuildError;
use crate::kept::{DamagedState, write};
use crate::service_state::States;

/// States of Intel's service by route.
pub(super) fn write_states(states: &States) -> Result<Zeroizing<Vec<u8>>, BuildError> {
    write(&states.iter().map(|(route, state)| (route.as_str(), state.to_string())).collect::<BTreeMap<_, _>>())
}

/// Reads what [`write_states`] wrote.
pub(super) fn read_states(json: &[u8]) -> Result<States, DamagedState> {
    let mut states = States::default();
    for (route, state) in serde_json::from_slice::<BTreeMap<String, String>>(json)? {
        let damaged = |_| DamagedState::Member("state of a route");
        states.set(route.parse().map_err(damaged)?, state.parse().map_err(damaged)?);
    }
    Ok(states)
}
