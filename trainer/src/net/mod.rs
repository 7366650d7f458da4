//! The float network: one file a layer, forward and backward side by side.
mod activation;
mod conv1d;
mod dense;
mod dropout;
mod flatten;
mod gemm;
mod init;
mod layer;
mod lstm;
mod lstm_cell;
mod max_pool1d;
mod network;
mod pass;
pub(crate) mod random;
pub mod reference;
mod shape;

pub use conv1d::Conv1d;
pub use dense::Dense;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use layer::Layer;
pub use lstm::{Lstm, LstmTrace};
pub use max_pool1d::MaxPool1d;
pub use network::{Network, Parameter, ParameterMut};
pub use pass::{Gradients, Packing, Pass, Upstream};
pub use shape::Shape;
