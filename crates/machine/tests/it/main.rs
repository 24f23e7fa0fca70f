//! A made-up machine: a tree of files, a kernel behind its configfs, a quote service, a metadata service.

mod cpu;
mod devices;
mod epc;
#[cfg(feature = "metadata")]
mod metadata;
mod ports;
mod qgs;
mod registration;
mod tree;
mod tsm;
