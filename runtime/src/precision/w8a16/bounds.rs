//! What brings sums between the bounds of outputs.
use crate::math::bounds::{at_least, at_most, rectify, saturate};

/// Bounds of outputs: the usual ones take one instruction where there is one that saturates.
#[derive(Clone, Copy)]
pub enum Bounds {
    /// All of 16 bits.
    None,
    /// From 0 on.
    Relu,
    Any(i32, i32),
}

impl Bounds {
    #[inline(always)]
    pub fn new((low, high): (i16, i16)) -> Self {
        if cfg!(not(dunlin_v6m)) && high == i16::MAX {
            if low == 0 {
                return Self::Relu;
            } else if low == i16::MIN {
                return Self::None;
            }
        }
        Self::any((low, high))
    }

    /// Where there are too few values for several ways to pay.
    #[inline(always)]
    pub fn any((low, high): (i16, i16)) -> Self {
        Self::Any(low.into(), high.into())
    }

    #[inline(always)]
    pub fn clamp(self, values: [i32; 4]) -> [i16; 4] {
        match self {
            Self::Relu => values.map(rectify),
            Self::None => values.map(saturate),
            Self::Any(low, high) => values.map(|value| at_least(at_most(value, high), low) as i16),
        }
    }

    #[inline(always)]
    pub fn clamp_one(self, value: i32) -> i16 {
        match self {
            Self::Relu => rectify(value),
            Self::None => saturate(value),
            Self::Any(low, high) => at_least(at_most(value, high), low) as i16,
        }
    }
}
