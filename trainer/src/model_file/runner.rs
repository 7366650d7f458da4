//! Any model file on the host, through the same runtime that boards run.
use std::path::Path;

use dunlin::format::MAX_LAYERS;
use dunlin::format::write::AlignedBytes;
use dunlin::{
    F32, Header, Model, Packing, Precision, PrecisionTag, Session, Shape, Summary, W8A16,
};
use rayon::prelude::*;

use crate::data::Windows;
use crate::error::{Error, Result};

/// Windows that one session runs in a row.
const CHUNK: usize = 16;

/// The bytes of a model file, aligned, and checked to load.
#[derive(Debug, Clone)]
pub struct Runner {
    file: AlignedBytes,
    header: Header,
    /// For messages.
    source: String,
}

/// A loaded model of either precision.
pub enum AnyModel<'m> {
    F32(Box<Model<'m, F32, MAX_LAYERS>>),
    W8A16(Box<Model<'m, W8A16, MAX_LAYERS>>),
}

/// A question to the model, whatever its precision.
macro_rules! ask {
    ($any:expr, $model:ident => $answer:expr) => {
        match $any {
            AnyModel::F32($model) => $answer,
            AnyModel::W8A16($model) => $answer,
        }
    };
}

impl AnyModel<'_> {
    /// See [`Model::name`].
    pub fn name(&self) -> &str {
        ask!(self, model => model.name())
    }

    /// See [`Model::shortest_window`].
    pub fn shortest_window(&self) -> u32 {
        ask!(self, model => model.shortest_window())
    }

    /// See [`Model::stream_bytes`].
    pub fn stream_bytes(&self) -> usize {
        ask!(self, model => model.stream_bytes())
    }

    /// See [`Model::summaries`].
    pub fn summaries(&self) -> Vec<Summary> {
        ask!(self, model => model.summaries().collect())
    }
}

impl Runner {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// `Error::Input` with the name of the file.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path)
            .map_err(|error| Error::input(format!("{}: {error}", path.display())))?;
        Self::new(&bytes, &path.display().to_string())
    }

    /// Checks the bytes of a file; `source` is its name in messages.
    ///
    /// # Errors
    /// `Error::Input` with that name.
    pub fn new(bytes: &[u8], source: &str) -> Result<Self> {
        let file = AlignedBytes::new(bytes);
        let header = Header::read(file.as_slice())
            .map_err(|error| Error::input(format!("{source}: {error}")))?;
        let runner = Self {
            file,
            header,
            source: source.to_owned(),
        };
        runner.model()?;
        Ok(runner)
    }

    /// The same model with its weights in another order: [`dunlin::repack`].
    ///
    /// # Errors
    /// `Error::Input` with the name of the file.
    pub fn packed(&self, packing: Packing) -> Result<Self> {
        let bytes = dunlin::repack(self.bytes(), packing)
            .map_err(|error| Error::input(format!("{}: {error}", self.source)))?;
        Self::new(&bytes, &self.source)
    }

    /// The file's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its name in messages.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The file's bytes.
    pub fn bytes(&self) -> &[u8] {
        self.file.as_slice()
    }

    /// Shape of an input window.
    pub fn input_shape(&self) -> Shape {
        Shape {
            steps: self.header.window,
            channels: self.header.input_channels,
        }
    }

    /// Shape of an output.
    pub fn output_shape(&self) -> Shape {
        Shape {
            steps: self.header.output_steps,
            channels: self.header.output_channels,
        }
    }

    /// The loaded model.
    ///
    /// # Errors
    /// `Error::Input` when the file does not load.
    pub fn model(&self) -> Result<AnyModel<'_>> {
        let bytes = self.file.as_slice();
        let model = match self.header.precision {
            PrecisionTag::F32 => {
                Model::from_bytes(bytes).map(|model| AnyModel::F32(Box::new(model)))
            }
            PrecisionTag::W8A16 => {
                Model::from_bytes(bytes).map(|model| AnyModel::W8A16(Box::new(model)))
            }
        };
        model.map_err(|error| Error::input(format!("{}: {error}", self.source)))
    }

    /// The outputs `[N, T', C']` for windows in raw units; of windows that are shorter than the model's, as much shorter.
    ///
    /// # Errors
    /// `Error::Input` when the windows have another shape than the model takes.
    pub fn run(&self, windows: &Windows) -> Result<Vec<f32>> {
        // In the order that this computer reads fastest; the bits are the same in all.
        let packed = self.packed(Packing::RowLanes)?;
        let model = packed.model()?;
        self.check(windows, model.shortest_window())?;
        ask!(model, model => run_all(&model, windows, self.output_shape().len()))
    }

    /// Refuses windows that are not as long as the model's.
    ///
    /// # Errors
    /// `Error::Input` when the windows have another shape than the model's.
    pub fn check_whole(&self, windows: &Windows) -> Result<()> {
        self.check(windows, self.input_shape().steps)
    }

    fn check(&self, windows: &Windows, shortest: u32) -> Result<()> {
        let Shape { steps, channels } = self.input_shape();
        let taken = shortest as usize..=steps as usize;
        if taken.contains(&windows.steps) && windows.channels == channels as usize {
            return Ok(());
        }
        let lengths = if shortest == steps {
            steps.to_string()
        } else {
            format!("{shortest} to {steps}")
        };
        Err(Error::input(format!(
            "{}: the model takes windows of {lengths} steps and {channels} channels, the data has {} steps and {} channels",
            self.source, windows.steps, windows.channels
        )))
    }
}

fn run_all<P: Precision + Sync>(
    model: &Model<'_, P, MAX_LAYERS>,
    windows: &Windows,
    width: usize,
) -> Result<Vec<f32>>
where
    for<'m> Model<'m, P, MAX_LAYERS>: Sync,
{
    let size = windows.steps * windows.channels;
    let chunks: Result<Vec<Vec<f32>>> = windows
        .values
        .par_chunks(CHUNK * size)
        .map(|chunk| {
            let mut arena = AlignedBytes::zeroed(model.arena_bytes());
            let mut session =
                Session::new(model, &mut arena).map_err(|error| Error::check(error.to_string()))?;
            let mut outputs = Vec::with_capacity(chunk.len() / size * width);
            for window in chunk.chunks_exact(size) {
                outputs.extend_from_slice(
                    session
                        .run(window)
                        .map_err(|error| Error::check(error.to_string()))?,
                );
            }
            Ok(outputs)
        })
        .collect();
    Ok(chunks?.concat())
}
