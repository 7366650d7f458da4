//! Streams of graphs that random ones reach too seldom: each of them once gave other bits than its windows.
use conformance::exercise::streams;
use conformance::inputs::Random;
use dunlin::format::MAX_LAYERS;
use dunlin::format::graph::{
    Activation, Conv1dSpec, GruSpec, LayerSpec, LstmSpec, MergeSpec, OutputSpec, Padding,
};
use dunlin::format::write::{AlignedBytes, ModelFile, Weights};
use dunlin::{F32, Mode, Model, PrecisionTag, Session};

const LINEAR: OutputSpec = OutputSpec {
    activation: Activation::Linear,
    min: 0,
    max: 0,
    softmax_bits: 0,
};

/// A model and its weights, which are drawn layer by layer.
struct Graph {
    layers: Vec<LayerSpec>,
    weights: Weights,
    random: Random,
}

impl Graph {
    fn new() -> Self {
        Self {
            layers: Vec::new(),
            weights: Weights::new(),
            random: Random::new(),
        }
    }

    /// A matrix and its bias.
    fn matrix(&mut self, rows: usize, columns: usize) {
        let mut values = vec![0.0; rows * columns + rows];
        self.random.fill(&mut values);
        self.weights.push(&values);
    }

    fn conv1d(&mut self, channels: usize, filters: u16, kernel_size: u16, padding: Padding) {
        self.layers.push(LayerSpec::Conv1d(Conv1dSpec {
            filters,
            kernel_size,
            stride: 1,
            dilation: 1,
            padding,
            use_bias: true,
            output: LINEAR,
        }));
        self.matrix(filters.into(), usize::from(kernel_size) * channels);
    }

    fn gru(&mut self, inputs: usize, units: u16, return_sequences: bool) {
        self.layers.push(LayerSpec::Gru(GruSpec {
            units,
            activation: Activation::Tanh,
            return_sequences,
            use_bias: true,
            reset_after: true,
            hidden_bits: 0,
        }));
        let units = usize::from(units);
        self.matrix(3 * units, inputs);
        self.matrix(3 * units, units);
    }

    fn lstm(&mut self, inputs: usize, units: u16, return_sequences: bool) {
        self.layers.push(LayerSpec::Lstm(LstmSpec {
            units,
            activation: Activation::Tanh,
            return_sequences,
            use_bias: true,
            candidate_bits: 0,
            cell_bits: 0,
            hidden_bits: 0,
        }));
        let units = usize::from(units);
        self.matrix(4 * units, inputs + units);
    }

    fn merge(&mut self, with: u16, variant: fn(MergeSpec) -> LayerSpec) {
        self.layers.push(variant(MergeSpec {
            with,
            multipliers: [0, 0],
            shift: 0,
            output: LINEAR,
        }));
    }

    /// Streams three windows and more.
    fn check(self, mode: Mode, window: usize, channels: usize, hop: usize) {
        let file = ModelFile {
            name: "graph",
            precision: PrecisionTag::F32,
            mode,
            hop,
            window,
            input_channels: channels,
            input_scales: &[],
            layers: &self.layers,
            weights: &self.weights,
            output_scales: &[],
            states_features: false,
        };
        let bytes = AlignedBytes::new(&file.to_bytes().expect("writes"));
        let model = Model::<F32, MAX_LAYERS>::from_bytes(bytes.as_slice()).expect("loads");
        let mut samples = vec![0.0; (4 * window + hop) * channels];
        Random::new().fill(&mut samples);
        let mut arena = AlignedBytes::zeroed(model.arena_bytes());
        let mut session = Session::new(&model, &mut arena).expect("an arena");
        streams(&model, &mut session, &samples);
    }
}

#[test]
fn a_last_step_whose_input_needs_the_end_comes_with_the_end_alone() {
    let mut graph = Graph::new();
    graph.conv1d(3, 1, 4, Padding::Same);
    graph.gru(1, 4, false);
    graph.lstm(4, 2, false);
    graph.layers.push(LayerSpec::Input(2));
    graph.layers.push(LayerSpec::Reverse);
    graph.lstm(4, 2, false);
    graph.merge(3, LayerSpec::Concatenate);
    graph.check(Mode::Windowed, 4, 3, 5);
}

#[test]
fn branches_of_overlapping_windows_that_start_at_different_steps_meet() {
    for hop in 1..=6 {
        let mut graph = Graph::new();
        graph.conv1d(2, 2, 2, Padding::Causal);
        graph.conv1d(2, 2, 3, Padding::Same);
        graph.merge(1, LayerSpec::Add);
        graph.merge(0, LayerSpec::Multiply);
        graph.merge(2, LayerSpec::Concatenate);
        graph.check(Mode::Windowed, 12, 2, hop);
    }
}

#[test]
fn a_recurrent_layer_stops_where_no_window_reads_on() {
    let mut graph = Graph::new();
    graph.lstm(2, 3, true);
    graph.layers.push(LayerSpec::Input(0));
    graph.layers.push(LayerSpec::Reverse);
    graph.merge(1, LayerSpec::Concatenate);
    // Of 8 steps it reads 7.
    graph.layers.push(LayerSpec::Conv1d(Conv1dSpec {
        filters: 2,
        kernel_size: 3,
        stride: 2,
        dilation: 1,
        padding: Padding::Valid,
        use_bias: true,
        output: LINEAR,
    }));
    graph.matrix(2, 3 * 5);
    graph.check(Mode::Windowed, 8, 2, 9);
}

#[test]
fn a_layer_that_nobody_reads_leaves_the_output_alone() {
    for mode in [Mode::Continuous, Mode::Windowed] {
        let mut graph = Graph::new();
        graph.gru(9, 9, false);
        graph.layers.push(LayerSpec::Input(0));
        graph.lstm(9, 10, true);
        graph.layers.push(LayerSpec::Input(1));
        graph.check(mode, 6, 9, 0);
    }
}
