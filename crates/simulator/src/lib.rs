//! A simulated SGX machine and its simulated Intel.
