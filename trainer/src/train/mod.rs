//! The training loop: optimizers, losses, early stopping and progress.
mod batch;
mod fit;
mod loss;
mod optimizer;
mod progress;

pub use fit::{Epoch, History, Progress, Score, fit};
pub use loss::Objective;
pub use optimizer::Optimizer;
pub use progress::Bar;
