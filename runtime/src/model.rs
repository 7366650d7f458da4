//! A validated view of a model file: shapes chained, accumulators proven, weights borrowed in place.
use heapless::Vec;

use crate::error::{LayerError, LoadError};
use crate::format::features::Features;
use crate::format::graph::LayerSpec;
use crate::format::header::{self, Header, Mode, PrecisionTag};
use crate::format::read::{Cursor, Message};
use crate::format::{MAX_DIMENSION, MAX_LAYERS, WEIGHTS_ALIGNMENT};
use crate::layer::{Layer, Reach, Shape, Summary, Tensor};
use crate::plan::{self, Flow, Link, Plan, PlanError, flow};
use crate::precision::Precision;

/// A model of precision `P` with room for `LAYERS` layers (see [`layer_count`](crate::layer_count)).
///
/// Everything that can be wrong with a file is found by [`Model::from_bytes`]; a [`Session`](crate::Session) over a
/// model cannot fail but for an input of the wrong length.
#[derive(Debug, Clone)]
pub struct Model<'m, P: Precision, const LAYERS: usize> {
    pub(crate) header: Header,
    /// `None` until there is one, as below: a model without layers is all zeros, so that a static one takes no flash.
    name: Option<&'m [u8]>,
    pub(crate) layers: Vec<Layer<'m, P>, LAYERS>,
    /// Of the layers' outputs.
    ranges: Vec<P::Range, LAYERS>,
    /// Of the layers, in the same order.
    pub(crate) nodes: Vec<Link, LAYERS>,
    /// `(scale, offset)` pairs.
    input_scales: Option<&'m [[f32; 2]]>,
    output_scales: Option<&'m [[f32; 2]]>,
    pub(crate) plan: Plan,
    /// Where the matrices are, for a program that packs them anew.
    #[cfg(feature = "write")]
    pub(crate) matrices: crate::format::read::MatrixPlaces,
}

impl<'m, P: Precision, const LAYERS: usize> Model<'m, P, LAYERS> {
    /// Checks a whole file and borrows its weights. The bytes must start at a multiple of 16
    /// ([`include_model!`](crate::include_model) sees to it). The time is linear in the length of the file, and for a model with
    /// windows over time in the layers times the samples of a window.
    ///
    /// # Errors
    /// [`LoadError`] for any bytes that are not a valid model of precision `P` with at most `LAYERS` layers.
    pub fn from_bytes(file: &'m [u8]) -> Result<Self, LoadError> {
        let mut model = Self::new();
        model.load(file)?;
        Ok(model)
    }

    /// A place for a model, to be filled by [`Model::load`]: until then it has no layers, and a session over it takes no input.
    pub const fn new() -> Self {
        Self::empty(Header::NONE)
    }

    /// [`Model::from_bytes`] in place, where the stack has no room for a second copy of a model. After an error there are no
    /// layers.
    ///
    /// # Errors
    /// As [`Model::from_bytes`].
    // Not inlined: its frame is gone when the model runs.
    #[inline(never)]
    pub fn load(&mut self, file: &'m [u8]) -> Result<(), LoadError> {
        let loaded = self.replace(file);
        if loaded.is_err() {
            self.clear(Header::NONE);
        }
        loaded
    }

    /// Puts the layers of a file where others were; after an error some are there.
    fn replace(&mut self, file: &'m [u8]) -> Result<(), LoadError> {
        let header = Header::read(file)?;
        header::verify(&header, file)?;
        self.clear(header);
        self.resolve(file)?;
        let computed = self.plan.total() as u32;
        // A stream may need more than the windows of a build without one.
        let fits = !P::FEATURES.has_streams() && computed <= header.arena_bytes;
        if header.arena_bytes != computed && !fits {
            return Err(LoadError::ArenaStated {
                stated: header.arena_bytes,
                computed,
            });
        }
        let output = self.output_shape();
        if (header.output_steps, header.output_channels) != (output.steps, output.channels) {
            return Err(LoadError::OutputStated);
        }
        Ok(())
    }

    /// Takes everything out.
    fn clear(&mut self, header: Header) {
        self.header = header;
        self.name = None;
        self.layers.clear();
        self.ranges.clear();
        self.nodes.clear();
        self.input_scales = None;
        self.output_scales = None;
        self.plan = Plan::empty(&header, size_of::<P::Activation>());
    }

    /// A model without layers, to be filled in place: a copy of it would take as much stack again.
    pub(crate) const fn empty(header: Header) -> Self {
        Self {
            header,
            name: None,
            layers: Vec::new(),
            ranges: Vec::new(),
            nodes: Vec::new(),
            input_scales: None,
            output_scales: None,
            plan: Plan::empty(&header, size_of::<P::Activation>()),
            #[cfg(feature = "write")]
            matrices: Vec::new(),
        }
    }

    /// All checks but those of the derived header fields, which the writer fills in from the result.
    pub(crate) fn resolve(&mut self, file: &'m [u8]) -> Result<(), LoadError> {
        let header = self.header;
        if header.precision != P::TAG {
            return Err(LoadError::Precision {
                expected: P::TAG,
                found: header.precision,
            });
        }
        let built_in = P::FEATURES.has(Features::of_packing(header.packing));
        let float = P::TAG == PrecisionTag::F32 && !header.packing.has_floats();
        if !header.packing.is_readable() || !built_in || float {
            return Err(LoadError::Packing {
                found: header.packing as u8,
            });
        }
        let endless = header.mode == Mode::Continuous;
        if header.hop as usize > MAX_DIMENSION || (endless && header.hop != 0) {
            return Err(LoadError::Header);
        }
        if P::FEATURES.has_streams() && !P::FEATURES.has(Features::of_pace(&header)) {
            return Err(LoadError::Pace);
        }
        if !file.as_ptr().addr().is_multiple_of(WEIGHTS_ALIGNMENT) {
            return Err(LoadError::Misaligned {
                needed: WEIGHTS_ALIGNMENT as u8,
            });
        }
        let message = Message::<P::Build>::read(file, Features::allowed(&header))?;
        if message.layer_count != usize::from(header.layer_count) || message.layer_count == 0 {
            return Err(LoadError::Header);
        }
        if message.layer_count > LAYERS {
            return Err(LoadError::LayerCapacity {
                needed: header.layer_count,
                given: LAYERS as u16,
            });
        }
        let at = |index: usize| {
            move |error: LayerError| LoadError::Layer {
                index: index as u16,
                error,
            }
        };
        let mut weights = Cursor::new(message.weights);
        weights.packing = header.packing;
        let input =
            Shape::new(header.window as usize, header.input_channels as usize).map_err(at(0))?;
        self.name = Some(message.name);
        let input_scales = scales(&mut weights, message.input_scales, input.channels)?;
        self.input_scales = Some(input_scales);
        for (index, spec) in message.layers().enumerate() {
            self.add(&spec, &mut weights).map_err(at(index))?;
        }
        let channels = self.output_shape().channels;
        self.output_scales = Some(scales(&mut weights, message.output_scales, channels)?);
        if weights.bytes_left() != 0 {
            return Err(LoadError::Unused {
                bytes: weights.bytes_left() as u32,
            });
        }
        #[cfg(feature = "write")]
        {
            self.matrices = weights.matrices;
        }
        let last = self.nodes.len().saturating_sub(1);
        match self.plan.make::<P::Build>(&mut self.nodes) {
            Ok(()) => Ok(()),
            Err(PlanError::NotContinuous(index)) => Err(LoadError::NotContinuous {
                index: index as u16,
            }),
            Err(PlanError::Layer(error)) => Err(at(last)(error)),
        }
    }

    /// Puts the layer of a specification behind those that are there; there is room.
    fn add(&mut self, spec: &LayerSpec, weights: &mut Cursor<'m>) -> Result<(), LayerError> {
        let before = self.nodes.len() as u16;
        let (mut input, mut with) = (before, None);
        if P::FEATURES.has_branches() {
            if let LayerSpec::Input(tensor) = *spec {
                input = tensor;
            }
            with = spec.with();
        }
        let tensor = |number: u16| {
            if number > before {
                return Err(LayerError::Tensor { tensor: number });
            }
            let range = usize::from(number)
                .checked_sub(1)
                .and_then(|index| self.ranges.get(index).copied());
            Ok(Tensor {
                shape: flow(&self.plan.input, &self.nodes, number).shape,
                range: range.unwrap_or(P::input_range()),
            })
        };
        let of_with = with.map(tensor).transpose()?;
        let of_input = tensor(input)?;
        let mut none = Layer::Input(of_input.shape);
        // There is room for it, and for what belongs to it.
        let _ = self.layers.push(none);
        let layer = self.layers.last_mut().unwrap_or(&mut none);
        let output = Layer::resolve(spec, of_input, of_with, weights, layer)?;
        let reach = layer.reach();
        let root = match reach {
            Reach::View => flow(&self.plan.input, &self.nodes, input).root,
            Reach::Step | Reach::Window(_) | Reach::Scan | Reach::Last | Reach::Whole => before + 1,
        };
        let element = size_of::<P::Activation>();
        let node = Link {
            reach,
            memory: layer.memory(),
            input,
            with,
            state: 0,
            progress: None,
            tensor: Flow::new(output.shape, element, root),
        };
        let _ = (self.ranges.push(output.range), self.nodes.push(node));
        Ok(())
    }

    /// The file's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The name that the file was given; may be empty, as is one that is not UTF-8.
    pub fn name(&self) -> &'m str {
        core::str::from_utf8(self.name.unwrap_or_default()).unwrap_or_default()
    }

    /// Shape of an input window.
    pub fn input_shape(&self) -> Shape {
        Shape {
            steps: self.header.window,
            channels: self.header.input_channels,
        }
    }

    /// Shape of the output of a whole window.
    pub fn output_shape(&self) -> Shape {
        flow(&self.plan.input, &self.nodes, self.nodes.len() as u16).shape
    }

    /// The fewest time steps that [`Session::run`](crate::Session::run) takes, where it takes all from there to the model's
    /// window. Recurrent and convolutional layers alone take shorter windows; a model that flattens its steps does not.
    pub fn shortest_window(&self) -> u32 {
        let mut lengths = [0; MAX_LAYERS + 1];
        (1..self.header.window)
            .rev()
            .find(|&steps| {
                plan::lengths::<P::Build>(&self.plan, &self.nodes, steps, &mut lengths).is_err()
            })
            .map_or(1, |steps| steps + 1)
    }

    /// RAM that a session needs, in bytes.
    pub fn arena_bytes(&self) -> usize {
        self.plan.total()
    }

    /// Whether a stream gives each step of the output when it is there: that of a continuous model, and a sequence of windows
    /// that do not overlap, if no step needs the window's end. Otherwise the whole output comes with the window's last sample.
    pub fn gives_steps(&self) -> bool {
        self.plan.by_step
    }

    /// Bytes of the arena that a stream keeps from sample to sample: state, counters and rings.
    pub fn stream_bytes(&self) -> usize {
        let input = &self.plan.input;
        let kept = if self.plan.collects {
            input.shape.len() * size_of::<P::Activation>()
        } else {
            self.plan.stream
        };
        self.plan.state + kept
    }

    /// What each layer is and costs, in order.
    pub fn summaries(&self) -> impl Iterator<Item = Summary> + '_ {
        self.layers.iter().zip(&self.nodes).map(|(layer, node)| {
            let cost = plan::cost(&self.plan, &self.nodes, node, layer.step_macs());
            Summary {
                input: node.input,
                with: node.with,
                stream_macs: cost.macs,
                recomputed_steps: cost.recomputed,
                ring_bytes: node.tensor.ring_bytes() as u64,
                ..layer.summary()
            }
        })
    }

    /// `(scale, offset)` of the input: an activation is `x * scale + offset`, rounded in an integer model.
    /// Empty (identity), one pair for all channels, or one a channel.
    pub fn input_scales(&self) -> &'m [[f32; 2]] {
        self.input_scales.unwrap_or_default()
    }

    /// `(scale, offset)` of the output: a value is `activation * scale + offset`. Empty (identity), one pair for all
    /// channels, or one a channel.
    pub fn output_scales(&self) -> &'m [[f32; 2]] {
        self.output_scales.unwrap_or_default()
    }
}

impl<P: Precision, const LAYERS: usize> Default for Model<'_, P, LAYERS> {
    fn default() -> Self {
        Self::new()
    }
}

fn scales<'m>(
    weights: &mut Cursor<'m>,
    count: u16,
    channels: u32,
) -> Result<&'m [[f32; 2]], LoadError> {
    let pairs = weights
        .take::<[f32; 2]>(count.into())
        .map_err(|_| LoadError::Scales)?;
    let finite = pairs.iter().flatten().all(|value| value.is_finite());
    if finite && (count <= 1 || u32::from(count) == channels) {
        Ok(pairs)
    } else {
        Err(LoadError::Scales)
    }
}
