//! Gradients: one vector a trained tensor.
use super::network::Network;

/// The gradient of a loss by each trained tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    /// One list a layer, one vector a tensor, as in `Network::parameters`.
    pub(crate) layers: Vec<Vec<Vec<f32>>>,
}

impl Gradients {
    /// Zeros.
    pub fn new(network: &Network) -> Self {
        let zeros = |(_, values): (&str, &[f32])| vec![0.0; values.len()];
        let layers = network.layers.iter();
        Self {
            layers: layers
                .map(|l| {
                    l.layer
                        .operation()
                        .parameters()
                        .into_iter()
                        .map(zeros)
                        .collect()
                })
                .collect(),
        }
    }

    /// One slice a tensor, in the order of `Network::parameters`.
    pub fn tensors(&self) -> impl Iterator<Item = &[f32]> {
        self.layers.iter().flatten().map(Vec::as_slice)
    }

    /// One slice a tensor, to change, in the order of `Network::parameters`.
    pub fn tensors_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.layers.iter_mut().flatten().map(Vec::as_mut_slice)
    }

    pub fn clear(&mut self) {
        self.tensors_mut().for_each(|tensor| tensor.fill(0.0));
    }

    pub fn add(&mut self, other: &Self) {
        for (sum, other) in self.tensors_mut().zip(other.tensors()) {
            for (sum, other) in sum.iter_mut().zip(other) {
                *sum += other;
            }
        }
    }
}
