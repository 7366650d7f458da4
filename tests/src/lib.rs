//! The conformance suite: the same cases on the host and on every board.
//!
//! [`run`] needs no allocator, under 4 KB of stack and no RAM besides. A case is a name and whether it holds.
//! Behind the feature `host` are the oracle, an independent reading of the format's documentation that computes
//! the expected bits, and `exercise`, which uses whatever loads from any bytes.
#![no_std]
#![deny(unsafe_code)]

#[cfg(feature = "host")]
extern crate std;

mod cases;
pub mod depthwise_kernels;
#[cfg(feature = "host")]
pub mod exercise;
pub mod golden;
pub mod helium_kernels;
pub mod inputs;
pub mod kernels;
#[cfg(feature = "host")]
pub mod lane_kernels;
#[cfg(feature = "host")]
pub mod oracle;
pub mod packed_kernels;
pub mod packers;
pub mod place_kernels;
pub mod row_kernels;
pub mod streams;
pub mod tables;
#[cfg(feature = "host")]
pub mod thumb;

/// Runs every case; `report` gets its name and whether it holds.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    kernels::run(report);
    packed_kernels::run(report);
    row_kernels::run(report);
    helium_kernels::run(report);
    place_kernels::run(report);
    #[cfg(feature = "host")]
    lane_kernels::run(report);
    depthwise_kernels::run(report);
    tables::run(report);
    golden::run(report);
    streams::run(report);
}
