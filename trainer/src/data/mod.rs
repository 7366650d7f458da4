//! Examples: reading, windows, splits and scaling.

/// Input windows `[N, T, C]`, row-major, in raw units.
#[derive(Debug, Clone, PartialEq)]
pub struct Windows {
    /// N: number of windows.
    pub count: usize,
    /// T: time steps a window.
    pub steps: usize,
    /// C: channels a step.
    pub channels: usize,
    /// `count * steps * channels` values.
    pub values: Vec<f32>,
}

impl Windows {
    /// Window `i` as `[T, C]`.
    pub fn window(&self, i: usize) -> &[f32] {
        let size = self.steps * self.channels;
        &self.values[i * size..(i + 1) * size]
    }
}

/// What the model should answer for each window.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// `[N, width]`, row-major, in raw units.
    Values { width: usize, values: Vec<f32> },
    /// Class indices below `classes`.
    Labels { classes: usize, labels: Vec<u32> },
}

/// Examples of one part of the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    pub x: Windows,
    pub y: Targets,
}

/// Per-channel standardization: `normalized = (raw - mean) / std`. Empty vectors mean identity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scaling {
    pub mean: Vec<f32>,
    pub std: Vec<f32>,
}

/// All parts, in raw units, and the scalings fitted on the training part.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    pub train: Split,
    pub validation: Split,
    pub test: Split,
    /// Of the input channels; folded into the model file.
    pub input_scaling: Scaling,
    /// Of the regression targets; folded into the model file.
    pub target_scaling: Scaling,
}
