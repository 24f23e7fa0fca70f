//! Collateral of Intel DCAP in the forms it is found in.
