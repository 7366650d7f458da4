//! What a model needs of the runtime, as a set of bits: so that a program with a built-in model links that and nothing else.
//!
//! The header states the lower 24 bits; the others follow from other fields of the header. A type of numbers carries a set
//! ([`W8A16`](crate::W8A16), [`F32`](crate::F32)), and code for what is not in the set is left out by the compiler.
use super::graph::Activation;
use super::header::{Header, Mode, Packing};

/// A set of parts of the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Features(pub u32);

/// A build of everything, as the parameter of a type of numbers: [`Features`] in the lower half, and above them what no model needs
/// but a build may have.
pub const ALL: u64 = u64::MAX;

/// Code that gives the bits of other code in fewer instructions: see [`compact`].
const SPEED: u64 = 1 << 32;

/// Whether a build repeats code for speed.
#[inline(always)]
pub(crate) const fn has_speed(build: u64) -> bool {
    build & SPEED != 0
}

/// What a build has, as a type: for code that does not depend on the kind of numbers, so that a program for several has it once.
pub trait Built {
    const FEATURES: Features;
    /// Whether it repeats code for speed.
    const HAS_SPEED: bool;
}

/// The build of these features.
#[derive(Debug, Clone, Copy)]
pub struct Build<const FEATURES: u64>;

impl<const FEATURES: u64> Built for Build<FEATURES> {
    const FEATURES: Features = Features::of(FEATURES);
    const HAS_SPEED: bool = has_speed(FEATURES);
}

impl Features {
    /// Those of a build.
    pub const fn of(build: u64) -> Self {
        Self(build as u32)
    }

    /// A build of these.
    const fn build(self) -> u64 {
        SPEED | self.0 as u64
    }

    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self(u32::MAX);

    pub const DENSE: Self = Self(1);
    pub const CONV1D: Self = Self(1 << 1);
    pub const GROUPED_CONV1D: Self = Self(1 << 2);
    pub const POOL1D: Self = Self(1 << 3);
    pub const GLOBAL_POOL1D: Self = Self(1 << 4);
    /// The mean in either kind of pooling.
    pub const AVERAGE: Self = Self(1 << 5);
    /// Zero padding and up-sampling.
    pub const RESAMPLE: Self = Self(1 << 6);
    pub const REVERSE: Self = Self(1 << 7);
    pub const LSTM: Self = Self(1 << 8);
    pub const GRU: Self = Self(1 << 9);
    pub const SIMPLE_RNN: Self = Self(1 << 10);
    /// Recurrent layers with any gates; see [`LstmGatedSpec`](super::graph::LstmGatedSpec).
    pub const GATES: Self = Self(1 << 11);
    /// Alone or in a SimpleRNN.
    pub const LAYER_NORM: Self = Self(1 << 12);
    pub const EMBEDDING: Self = Self(1 << 13);
    pub const MERGE: Self = Self(1 << 14);
    pub const ACTIVATION: Self = Self(1 << 15);
    /// As an output, or in the cell of an LSTM or GRU.
    pub const TANH: Self = Self(1 << 16);
    /// Sigmoid and hard sigmoid as an output; the gates of an LSTM or GRU have theirs anyhow.
    pub const SIGMOID: Self = Self(1 << 17);
    /// leaky_relu, elu, gelu and silu.
    pub const SMOOTH: Self = Self(1 << 18);
    pub const SOFTMAX: Self = Self(1 << 19);

    pub const FLATTEN: Self = Self(1 << 20);
    /// Whether a matvec meets any runs of columns and values; else it meets one, from the first column on.
    #[inline(always)]
    pub(crate) const fn has_runs(self) -> bool {
        self.any(Self::CONV1D.and(Self::GROUPED_CONV1D)) && self.has(Self::RUNS)
    }

    /// Whether a matvec of [`Precision::affine`](crate::precision::Precision::affine) meets one run of taps and less than four
    /// rows.
    #[inline(always)]
    pub(crate) const fn has_few_rows(self) -> bool {
        !self.has_runs() && !self.has(Self::BLOCKS)
    }

    /// Layers that read another tensor than the one before.
    pub const INPUT: Self = Self(1 << 21);

    /// That every Conv1D meets all its columns with values that follow each other, at each place: none pads or dilates. Of a
    /// file that does not state it, one may.
    pub const WHOLE_TAPS: Self = Self(1 << 22);

    /// That every matrix but an LSTM's has less than four rows, as a regression's last layer. Of a file that does not state it,
    /// one may have more.
    pub const FEW_ROWS: Self = Self(1 << 23);

    /// Windows that do not overlap.
    pub const APART: Self = Self(1 << 24);
    /// Windows that share steps.
    pub const OVERLAPPING: Self = Self(1 << 25);
    /// A window without an end.
    pub const ENDLESS: Self = Self(1 << 26);

    /// Any of the three; a build without one has no streams.
    const PACES: Self = Self(Self::APART.0 | Self::OVERLAPPING.0 | Self::ENDLESS.0);

    /// Weights in this order.
    pub const ROW_MAJOR: Self = Self(1 << 27);
    pub const ROW_PAIRS: Self = Self(1 << 28);
    pub const OFFSET_QUADS: Self = Self(1 << 29);

    /// Any order.
    const PACKINGS: Self = Self(Self::ROW_MAJOR.0 | Self::ROW_PAIRS.0 | Self::OFFSET_QUADS.0);

    /// Convolutions whose taps miss columns at the ends of their input, or lie apart there: padded, dilated and grouped ones.
    pub const RUNS: Self = Self(1 << 30);
    /// Four rows and more in a matrix that is not an LSTM's.
    pub const BLOCKS: Self = Self(1 << 31);

    /// Those of both.
    #[inline(always)]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `others` are among these.
    #[inline(always)]
    pub const fn has(self, others: Self) -> bool {
        others.0 & !self.0 == 0
    }

    /// Whether any of `others` is among these.
    #[inline(always)]
    pub(crate) const fn any(self, others: Self) -> bool {
        others.0 & self.0 != 0
    }

    /// Whether a session takes single samples; else whole windows alone.
    #[inline(always)]
    pub(crate) const fn has_streams(self) -> bool {
        self.any(Self::PACES)
    }

    /// Layers over windows of time steps.
    #[inline(always)]
    pub(crate) const fn has_windows(self) -> bool {
        let layers = Self::CONV1D.and(Self::GROUPED_CONV1D);
        self.any(layers.and(Self::POOL1D).and(Self::RESAMPLE))
    }

    /// Layers that read another tensor than the one before, or besides it.
    #[inline(always)]
    pub(crate) const fn has_branches(self) -> bool {
        self.any(Self::INPUT.and(Self::MERGE))
    }

    /// Whether every layer takes each step of the one before when it comes, and windows do not share steps: then a stream
    /// leaves nothing for a window's end and keeps nothing but its output.
    #[inline(always)]
    pub(crate) const fn is_plain(self) -> bool {
        let ends = Self::GLOBAL_POOL1D.and(Self::REVERSE).and(Self::FLATTEN);
        let paces = Self::OVERLAPPING.and(Self::ENDLESS);
        !self.has_windows() && !self.has_branches() && !self.any(ends.and(paces))
    }

    /// What three bytes of a header state, lowest first, in which every bit has a meaning; `None` for zero.
    #[inline(always)]
    pub(crate) const fn stated([low, middle, high]: [u8; 3]) -> Option<Self> {
        match Self(u32::from_le_bytes([low, middle, high, 0])) {
            Self::NONE => None,
            stated => Some(stated),
        }
    }

    /// The three bytes of a header.
    #[inline(always)]
    pub(crate) const fn to_bytes(self) -> [u8; 3] {
        let [low, middle, high, _] = self.0.to_le_bytes();
        [low, middle, high]
    }

    /// What a header lets its layers need: what it states, and what follows from what it does not.
    #[inline(always)]
    pub(crate) const fn allowed(header: &Header) -> Self {
        match header.features {
            None => Self::ALL,
            Some(stated) => stated
                .and(stated.unless(Self::WHOLE_TAPS, Self::RUNS))
                .and(stated.unless(Self::FEW_ROWS, Self::BLOCKS)),
        }
    }

    /// What a file needs that does not promise this.
    #[inline(always)]
    const fn unless(self, promise: Self, needed: Self) -> Self {
        if self.has(promise) {
            Self::NONE
        } else {
            needed
        }
    }

    /// All that a file needs as far as its header says: everything, where it does not state it.
    #[inline(always)]
    pub(crate) const fn of_header(header: &Header) -> Self {
        if header.features.is_none() {
            return Self::ALL;
        }
        let stated = Self::allowed(header);
        stated
            .and(Self::of_pace(header))
            .and(Self::of_packing(header.packing))
    }

    /// What weights in this order need.
    #[inline(always)]
    pub(crate) const fn of_packing(packing: Packing) -> Self {
        match packing {
            Packing::RowMajor => Self::ROW_MAJOR,
            Packing::RowPairs => Self::ROW_PAIRS,
            Packing::OffsetQuads => Self::OFFSET_QUADS,
            // No file has it, so that no build is for it alone: hosts read it, boards do not.
            Packing::RowLanes => Self::NONE,
        }
    }

    /// How windows follow each other.
    #[inline(always)]
    pub(crate) const fn of_pace(header: &Header) -> Self {
        match header.mode {
            Mode::Continuous => Self::ENDLESS,
            Mode::Windowed if header.window_hop() < header.window => Self::OVERLAPPING,
            Mode::Windowed => Self::APART,
        }
    }

    /// What an activation needs, wherever it stands.
    #[inline(always)]
    pub(super) fn of_activation(activation: Activation) -> Self {
        match activation {
            Activation::Linear | Activation::Relu | Activation::Relu6 => Self::NONE,
            Activation::Tanh => Self::TANH,
            Activation::Sigmoid | Activation::HardSigmoid => Self::SIGMOID,
            Activation::Softmax => Self::SOFTMAX,
            Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => Self::SMOOTH,
        }
    }
}

/// This build without streams: for a program that gives whole windows to [`Session::run`](crate::Session::run) or
/// [`Session::run_raw`](crate::Session::run_raw) and never a single sample, so that it has no code for them. The other calls of
/// its session do not compile, and what [`Model`](crate::Model) says of streams is that they keep and cost nothing:
///
/// ```compile_fail
/// # use dunlin::{Arena, Model, Session, W8A16, without_streams, format::features::ALL};
/// type Windows = W8A16<{ without_streams(ALL) }>;
/// let model = Model::<Windows, 4>::new();
/// let mut arena = Arena::<256>::new();
/// let mut session = Session::new(&model, &mut arena).unwrap();
/// session.push_raw(&[0]).unwrap();
/// ```
pub const fn without_streams(build: u64) -> u64 {
    build & !(Features::PACES.0 as u64)
}

/// This build for files of one packing alone; others are refused ([`LoadError::Packing`](crate::LoadError::Packing)). For a program
/// that loads any model, but only those of one `--target`:
///
/// ```
/// # use dunlin::{LoadError, Model, Packing, W8A16, for_packing, format::features::ALL};
/// static FILE: &[u8] = dunlin::include_model!("../../../tests/golden/v1/tiny_lstm.dunlin");
/// type Pairs = W8A16<{ for_packing(ALL, Packing::RowPairs) }>;
/// let refused = Model::<Pairs, 4>::from_bytes(FILE).err();
/// assert_eq!(refused, Some(LoadError::Packing { found: Packing::RowMajor as u8 }));
/// ```
pub const fn for_packing(build: u64, packing: Packing) -> u64 {
    let others = Features::PACKINGS.0 & !Features::of_packing(packing).0;
    build & !(others as u64)
}

/// This build in fewer bytes: the same bits of every model, in more instructions. What only repeats other code for speed is left
/// out; of integer models alone, for cores and hosts alike.
///
/// ```
/// # use dunlin::{Arena, Model, Session, W8A16, compact, format::features::ALL};
/// static FILE: &[u8] = dunlin::include_model!("../../../tests/golden/v1/tiny_lstm.dunlin");
/// type Small = W8A16<{ compact(ALL) }>;
/// let model = Model::<Small, 4>::from_bytes(FILE)?;
/// let mut arena = Arena::<1024>::new();
/// let small = Session::new(&model, &mut arena)?.run(&[0.5; 8])?[0];
/// # let model = Model::<W8A16, 4>::from_bytes(FILE)?;
/// # let mut arena = Arena::<1024>::new();
/// # assert_eq!(Session::new(&model, &mut arena)?.run(&[0.5; 8])?[0].to_bits(), small.to_bits());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub const fn compact(build: u64) -> u64 {
    build & !SPEED
}

/// What a file from `include_bytes!` needs of the runtime, as a constant: the parameter of
/// [`W8A16`](crate::W8A16) and [`F32`](crate::F32). [`ALL`] for a file that does not state it.
///
/// # Panics
/// At compile time, when the file is not a model file of this version.
pub const fn features(file: &[u8]) -> u64 {
    match Header::read(file) {
        Ok(Header { features: None, .. }) => ALL,
        Ok(header) => Features::of_header(&header).build(),
        Err(_) => panic!("not a dunlin model file of this format version"),
    }
}
