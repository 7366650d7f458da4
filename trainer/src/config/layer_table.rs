//! What stands around a layer in its `[[layers]]` table: its name, what it reads, and keys that change it.
use serde::Deserialize;

use super::{Activation, LayerConfig, MergeMode};

/// One `[[layers]]` table, in order: a layer, and what stands around it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LayerTable {
    /// For `inputs` of later layers.
    pub name: Option<String>,
    /// Names of the layers that it reads, or `input`; without it the layer before.
    pub inputs: Option<Vec<String>>,
    /// Of an activation `leaky_relu`; [`settle`](Self::settle) brings it there.
    pub negative_slope: Option<f32>,
    /// Of an activation `elu`; [`settle`](Self::settle) brings it there.
    pub alpha: Option<f32>,
    /// Recurrent layers: a second one reads the steps from the last to the first.
    #[serde(default)]
    pub bidirectional: bool,
    /// Of a bidirectional layer.
    pub merge_mode: Option<MergeMode>,
    #[serde(flatten)]
    pub layer: LayerConfig,
}

impl LayerTable {
    /// What messages call the layer: `layer 3 (dense)`; `index` counts from 0.
    pub fn place(&self, index: usize) -> String {
        format!("layer {} ({})", index + 1, self.layer.kind())
    }

    /// Gives `negative_slope` and `alpha` to the layer's activation; an error is the key for which it has no use.
    pub(crate) fn settle(&mut self) -> Result<(), &'static str> {
        let mut activation = self.layer.activation_mut();
        if let Some(value) = self.negative_slope {
            match activation.as_deref_mut() {
                Some(Activation::LeakyRelu { negative_slope }) => *negative_slope = value,
                Some(_) | None => return Err("negative_slope"),
            }
        }
        if let Some(value) = self.alpha {
            match activation {
                Some(Activation::Elu { alpha }) => *alpha = value,
                Some(_) | None => return Err("alpha"),
            }
        }
        Ok(())
    }
}

/// A layer that has no name and reads the one before.
impl From<LayerConfig> for LayerTable {
    fn from(layer: LayerConfig) -> Self {
        Self {
            name: None,
            inputs: None,
            negative_slope: None,
            alpha: None,
            bidirectional: false,
            merge_mode: None,
            layer,
        }
    }
}
