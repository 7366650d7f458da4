//! The training loop: optimizers, losses, early stopping and progress.
