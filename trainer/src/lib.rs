//! Trains, quantizes and verifies sequence models for the `dunlin` runtime.
pub mod accuracy;
pub mod cmd;
pub mod config;
pub mod data;
pub mod device;
pub mod error;
pub mod metrics;
pub mod model_file;
pub mod net;
pub mod quantize;
pub mod report;
pub mod train;
