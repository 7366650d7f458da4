//! What a core takes for each part of a case, in instructions: the least that the methods of the kernels need.
//!
//! [`cores`](super::cores) has the numbers.
use dunlin::PrecisionTag;
use dunlin::format::graph::Activation;

use super::cores::{DSP, FPU, FPV5, MVE, MVE_F32, V6M, V7M};

/// Instructions a product, sum, value or unit.
#[derive(Debug, Clone, Copy)]
pub struct Costs {
    /// A product of a matrix with four rows or more, at one place.
    pub product: f64,
    /// Columns that are loaded together: the last ones take as long when there are fewer.
    pub together: f64,
    /// A product of a row that stands alone behind the blocks of four.
    pub alone: f64,
    /// A product of a convolution over many places.
    pub place: f64,
    /// The same where the weights of some rows stay in registers, and how many columns these may have.
    pub few: f64,
    pub few_columns: f64,
    /// Per channel of a depthwise convolution: a product, and what comes with each place besides.
    pub tap: f64,
    pub taps: f64,
    /// Taking a row's sum out of its accumulators; over many places.
    pub take: f64,
    pub take_place: f64,
    /// To the scale of the output.
    pub rescale: f64,
    /// Into the bounds of the output.
    pub bound: f64,
    pub store: f64,
    /// Sigmoid or tanh of a scaled sum: bounds, place in the table, its points, the value between them.
    pub lookup: f64,
    /// One of the activations with a call, beside its table.
    pub smooth: f64,
    /// The sum of two values, saturated.
    pub sum: f64,
    /// LSTM: the cell's state to its activation, and the new states.
    pub cell_shift: f64,
    pub cell: f64,
    /// GRU: the product under the reset gate, and the new state.
    pub reset: f64,
    pub hidden: f64,
    /// Pools: a load, the larger one, a store; a load and an addition; the end of a mean, by a shift and by a division.
    pub load: f64,
    pub larger: f64,
    pub copy_store: f64,
    pub add_tap: f64,
    /// The mean of two, where an instruction has it.
    pub middle: Option<f64>,
    pub shifted: f64,
    pub divided: f64,
    /// A value brought to another step, without bound and store; two values that meet.
    pub value: f64,
    pub merge: f64,
    /// A value of an embedding, a copy, a normalized value, a probability.
    pub embedded: f64,
    pub copied: f64,
    pub norm: f64,
    pub softmax: f64,
}

impl Costs {
    /// Of a board's core.
    pub fn of(board: &str, precision: PrecisionTag) -> Option<&'static Self> {
        Some(match (precision, board) {
            (PrecisionTag::W8A16, "qemu-m0") => &V6M,
            (PrecisionTag::W8A16, "qemu-m3") => &V7M,
            (PrecisionTag::W8A16, "qemu-m4" | "qemu-m7" | "qemu-m33") => &DSP,
            (PrecisionTag::W8A16, "qemu-m55") => &MVE,
            (PrecisionTag::F32, "qemu-m4") => &FPU,
            (PrecisionTag::F32, "qemu-m7" | "qemu-m33") => &FPV5,
            (PrecisionTag::F32, "qemu-m55") => &MVE_F32,
            (PrecisionTag::W8A16 | PrecisionTag::F32, _) => return None,
        })
    }

    /// The sums of so many rows at one place.
    pub fn rows(&self, rows: f64, columns: f64) -> f64 {
        let alone = if rows % 4.0 == 1.0 { 1.0 } else { 0.0 };
        let padded = (columns / self.together).ceil() * self.together;
        (rows - alone) * (padded * self.product + self.take) + alone * columns * self.alone
    }

    /// A sum of a convolution over many places.
    pub fn place(&self, columns: f64) -> f64 {
        let padded = (columns / self.together).ceil() * self.together;
        let many = padded * self.place + self.take_place;
        if columns > self.few_columns {
            return many;
        }
        // Pairs of columns have to be whole; a vector of rows takes one column after the other.
        let pairs = if self.together == 2.0 {
            padded
        } else {
            columns
        };
        many.min(pairs * self.few)
    }

    /// A sum over the taps of one channel that meet the input, of so many.
    pub fn depthwise(&self, taps: f64, size: f64) -> f64 {
        taps * (self.tap + self.taps / size)
    }

    /// The end of a mean over so many values.
    pub fn mean(&self, taps: u32) -> f64 {
        if taps.is_power_of_two() {
            self.shifted
        } else {
            self.divided
        }
    }

    /// An activation of a scaled sum.
    pub fn act(&self, activation: Activation) -> f64 {
        match activation {
            Activation::Linear | Activation::Relu | Activation::Relu6 | Activation::Softmax => {
                self.bound
            }
            Activation::Tanh | Activation::Sigmoid => self.lookup,
            // An addition.
            Activation::HardSigmoid => self.sum + self.bound,
            // The part above 0 and the part below, a product and a sum.
            Activation::LeakyRelu { .. } => self.smooth + self.bound,
            Activation::Elu { .. } | Activation::Gelu | Activation::Silu => {
                self.lookup + self.smooth + self.bound
            }
        }
    }
}
