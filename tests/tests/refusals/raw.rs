//! A file part by part, each of which a test can make wrong; nothing here is checked.
use dunlin::format::graph::{Activation, DenseSpec, LayerSpec, OutputSpec, Prefix, Suffix};
use dunlin::format::header::checksum;
use dunlin::format::write::AlignedBytes;
use dunlin::{LayerError, LoadError, Model, PrecisionTag, W8A16};

#[derive(Debug, Clone)]
pub struct Raw {
    pub window: u32,
    pub channels: u32,
    /// Stated steps and channels of the output.
    pub output: [u32; 2],
    pub arena: u32,
    pub stated_layers: u16,
    pub mode: u8,
    pub name: &'static str,
    pub scales: [u16; 2],
    pub layers: Vec<LayerSpec>,
    pub padding: Option<Vec<u8>>,
    pub weights: Vec<u8>,
    pub behind: Vec<u8>,
}

/// A valid scale.
pub const ONE: u32 = 0x4000 << 16 | 6;

impl Raw {
    /// `[4, 2] -> Dense(3)` in w8a16.
    pub fn new() -> Self {
        Self {
            window: 4,
            channels: 2,
            output: [4, 3],
            arena: 48 + 48,
            stated_layers: 1,
            mode: 0,
            name: "hostile",
            scales: [0, 0],
            layers: vec![LayerSpec::Dense(dense(3))],
            padding: None,
            weights: matrix(&[1; 6], &[0; 3], &[ONE; 3]),
            behind: Vec::new(),
        }
    }

    /// One layer over `[4, 2]`, with enough weights for none.
    pub fn with(layer: LayerSpec) -> Self {
        Self {
            layers: vec![layer],
            ..Self::new()
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let prefix = Prefix {
            name: self.name,
            input_scales: self.scales[0],
            output_scales: self.scales[1],
        };
        let mut file = vec![0; 48];
        file.extend(postcard::to_allocvec(&(prefix, &self.layers)).unwrap());
        let before = file.len();
        let with_padding = |padding: &[u8]| {
            let weights = &self.weights;
            postcard::to_allocvec(&Suffix { padding, weights }).unwrap()
        };
        let aligned = (0..16).map(|n| vec![0; n]).find(|padding| {
            let front = with_padding(padding).len() - self.weights.len();
            (before + front).is_multiple_of(16)
        });
        let padding = self.padding.clone().or(aligned).unwrap();
        file.extend(with_padding(&padding));
        file.extend(&self.behind);
        let total = file.len() as u32;
        file[..4].copy_from_slice(b"DUNL");
        put(&mut file, 4, &1u16.to_le_bytes());
        put(&mut file, 6, &48u16.to_le_bytes());
        put(&mut file, 8, &total.to_le_bytes());
        put(&mut file, 16, &[PrecisionTag::W8A16 as u8, self.mode]);
        put(&mut file, 20, &self.arena.to_le_bytes());
        put(&mut file, 24, &self.stated_layers.to_le_bytes());
        put(&mut file, 28, &self.window.to_le_bytes());
        put(&mut file, 32, &self.channels.to_le_bytes());
        put(&mut file, 36, &self.output[0].to_le_bytes());
        put(&mut file, 40, &self.output[1].to_le_bytes());
        seal(&mut file);
        file
    }

    pub fn error(&self) -> Option<LoadError> {
        error(&self.to_bytes())
    }

    /// The error of the first layer.
    pub fn layer_error(&self) -> LayerError {
        match self.error() {
            Some(LoadError::Layer { index: 0, error }) => error,
            other => panic!("not an error of the first layer: {other:?}"),
        }
    }
}

pub fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

pub fn seal(file: &mut [u8]) {
    let crc = checksum(file);
    put(file, 12, &crc.to_le_bytes());
}

pub fn error(file: &[u8]) -> Option<LoadError> {
    Model::<W8A16, 64>::from_bytes(AlignedBytes::new(file).as_slice()).err()
}

pub fn matrix(weights: &[i8], bias: &[i32], scale: &[u32]) -> Vec<u8> {
    let mut all: Vec<u8> = weights.iter().map(|&w| w as u8).collect();
    all.resize(all.len().next_multiple_of(4), 0);
    all.extend(bias.iter().flat_map(|b| b.to_le_bytes()));
    all.extend(scale.iter().flat_map(|s| s.to_le_bytes()));
    all
}

pub const LINEAR: OutputSpec = OutputSpec {
    activation: Activation::Linear,
    min: i16::MIN,
    max: i16::MAX,
    softmax_bits: 0,
};

pub fn dense(units: u16) -> DenseSpec {
    DenseSpec {
        units,
        use_bias: true,
        output: LINEAR,
    }
}
