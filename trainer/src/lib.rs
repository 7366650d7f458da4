//! Trains, quantizes and verifies sequence models for the `dunlin` runtime.
pub mod config;
pub mod data;
pub mod error;
pub mod metrics;
pub mod net;
pub mod report;
pub mod train;
