//! What a model needs of the runtime: stated in the header, checked by the loader, and enough to run on.
use conformance::exercise::{Outcome, TEST, exercise};
use conformance::golden::{GOLDENS, Golden};
use dunlin::format::MAX_LAYERS;
use dunlin::format::features::ALL;
use dunlin::format::graph::{Activation, DenseSpec, LayerSpec, OutputSpec};
use dunlin::format::header::{HEADER_BYTES, checksum};
use dunlin::format::write::{AlignedBytes, ModelFile, Weights};
use dunlin::{
    Arena, F32, Features, Header, LayerError, LoadError, Mode, Model, Packing, Precision,
    PrecisionTag, Session, W8A16, compact, features, for_packing, repack, without_streams,
};

/// Bits that a header may state.
const BITS: u32 = 22;

/// A golden file whose header states these bits.
fn stating(golden: &Golden, bits: u32) -> Vec<u8> {
    let mut file = golden.file.to_vec();
    [file[19], file[26], file[27], _] = bits.to_le_bytes();
    let crc = checksum(&file);
    file[12..16].copy_from_slice(&crc.to_le_bytes());
    file
}

/// The bits without which a golden is refused.
fn needs(golden: &Golden) -> u32 {
    let all = (1 << BITS) - 1;
    let needed =
        (0..BITS).filter(
            |bit| match exercise(&stating(golden, all & !(1 << bit)), TEST) {
                Outcome::Ran => false,
                Outcome::Refused(LoadError::Layer { error, .. }) => {
                    assert_eq!(error, LayerError::Unstated, "{}", golden.name);
                    true
                }
                other => panic!("{}: {other:?}", golden.name),
            },
        );
    needed.map(|bit| 1 << bit).sum()
}

#[test]
fn a_file_may_state_what_it_needs_and_no_less() {
    let mut seen = 0;
    for golden in &GOLDENS {
        let needed = needs(golden);
        assert!(needed > 0, "{} needs nothing", golden.name);
        let file = stating(golden, needed);
        assert_eq!(exercise(&file, TEST), Outcome::Ran, "{}", golden.name);
        let header = Header::read(&file).unwrap();
        assert_eq!(header.features, Some(Features(needed)));
        assert_eq!(header.to_bytes(), file[..HEADER_BYTES]);
        // Besides, the order of the weights and how windows follow each other.
        let rest = Features::of(features(&file)).0 & !needed;
        assert!(Features(rest).has(Features::ROW_MAJOR), "{}", golden.name);
        let rest = rest & !Features::ROW_MAJOR.0;
        // What is not stated of the taps of convolutions, and of the rows of matrices.
        let unstated = Features::RUNS.and(Features::BLOCKS);
        assert!(Features(rest).has(unstated), "{}", golden.name);
        let rest = rest & !unstated.0;
        let paces = [Features::APART, Features::OVERLAPPING, Features::ENDLESS];
        assert!(paces.iter().any(|pace| pace.0 == rest), "{}", golden.name);
        seen |= needed;
    }
    assert_eq!(seen, (1 << BITS) - 1, "no golden for some features");
}

#[test]
fn whole_taps_are_refused_of_convolutions_that_pad_or_dilate() {
    let golden = golden("conv");
    let file = stating(golden, needs(golden) | Features::WHOLE_TAPS.0);
    let unstated = LoadError::Layer {
        index: 0,
        error: LayerError::Unstated,
    };
    assert_eq!(exercise(&file, TEST), Outcome::Refused(unstated));
}

#[test]
fn few_rows_are_refused_of_models_with_more() {
    let unstated = |index| LoadError::Layer {
        index,
        error: LayerError::Unstated,
    };
    // A convolution, a dense layer behind two LSTMs, and a GRU of more than one row.
    for (name, index) in [("conv", 0), ("stacked_lstm", 2), ("gru", 0)] {
        let golden = golden(name);
        let file = stating(golden, needs(golden) | Features::FEW_ROWS.0);
        let outcome = exercise(&file, TEST);
        assert_eq!(outcome, Outcome::Refused(unstated(index)), "{name}");
    }
    // One row behind an LSTM of twelve.
    let tiny = golden("tiny_lstm");
    let file = stating(tiny, needs(tiny) | Features::FEW_ROWS.0);
    assert_eq!(exercise(&file, TEST), Outcome::Ran);
}

#[test]
fn a_build_for_few_rows_gives_the_bits_of_a_build_for_everything() {
    const FILE: &[u8] = include_bytes!("../../firmware/models/portable/lstm.dunlin");
    const BUILT: u64 = features(FILE);
    assert!(
        Features::of(BUILT).has(Features::FEW_ROWS) && !Features::of(BUILT).has(Features::BLOCKS)
    );
    let all = bits::<W8A16>(FILE).expect("loads");
    assert_eq!(bits::<W8A16<BUILT>>(FILE), Ok(all));
}

#[test]
fn a_build_for_whole_taps_gives_the_bits_of_a_build_for_everything() {
    const FILE: &[u8] = include_bytes!("../../firmware/models/portable/conv.dunlin");
    const BUILT: u64 = features(FILE);
    assert!(
        Features::of(BUILT).has(Features::WHOLE_TAPS) && !Features::of(BUILT).has(Features::RUNS)
    );
    let all = bits::<W8A16>(FILE).expect("loads");
    assert_eq!(bits::<W8A16<BUILT>>(FILE), Ok(all));
}

#[test]
fn a_file_that_states_nothing_may_need_everything() {
    for golden in &GOLDENS {
        assert_eq!(Header::read(golden.file).unwrap().features, None);
        assert_eq!(features(golden.file), ALL);
    }
}

fn golden(name: &str) -> &'static Golden {
    GOLDENS
        .iter()
        .find(|golden| golden.name == name)
        .expect("is there")
}

/// The bits of the outputs for a window of waves, then for a stream of three windows' samples.
fn bits<P: Precision>(file: &[u8]) -> Result<Vec<u32>, LoadError> {
    let file = AlignedBytes::new(file);
    let model = Model::<P, 8>::from_bytes(file.as_slice())?;
    let mut arena = Arena::<16384>::new();
    let mut session = Session::new(&model, &mut arena).expect("fits");
    let shape = model.input_shape();
    let waves: Vec<f32> = (0..3 * shape.len())
        .map(|i| (i as f32 * 0.7).sin())
        .collect();
    let output = session.run(&waves[..shape.len()]);
    let mut bits: Vec<u32> = Vec::new();
    let mut add = |values: &[f32]| bits.extend(values.iter().map(|value| value.to_bits()));
    add(output.expect("the model's length"));
    session
        .push_chunk(&waves, |values| add(values))
        .expect("whole samples");
    Ok(bits)
}

/// The bits of the outputs for a window of waves, of the largest golden that there may be.
fn bits_of_window<P: Precision>(file: &[u8]) -> Vec<u32> {
    let file = AlignedBytes::new(file);
    let model = Model::<P, MAX_LAYERS>::from_bytes(file.as_slice()).expect("loads");
    // No more than the header says: a build for windows alone may need less.
    let stated = Header::read(file.as_slice()).expect("loads").arena_bytes as usize;
    assert!(model.arena_bytes() <= stated);
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    let mut session = Session::new(&model, &mut arena).expect("fits");
    let count = model.input_shape().len();
    let mut bits = Vec::new();
    // Twice, so that a state that is left over would be seen, then a shorter one, if there may be one.
    for values in [
        count,
        count,
        model.shortest_window() as usize * model.input_shape().channels as usize,
    ] {
        let waves: Vec<f32> = (0..values).map(|i| (i as f32 * 0.7).sin()).collect();
        let output = session.run(&waves).expect("the model's length");
        bits.extend(output.iter().map(|value| value.to_bits()));
    }
    bits
}

#[test]
fn a_build_without_streams_gives_the_bits_of_whole_windows() {
    const WINDOWS: u64 = without_streams(ALL);
    let mut less = 0;
    for golden in &GOLDENS {
        let file = golden.file;
        match Header::read(file).unwrap().precision {
            PrecisionTag::W8A16 => {
                let expected = bits_of_window::<W8A16>(file);
                assert_eq!(
                    bits_of_window::<W8A16<WINDOWS>>(file),
                    expected,
                    "{}",
                    golden.name
                );
            }
            PrecisionTag::F32 => {
                let expected = bits_of_window::<F32>(file);
                assert_eq!(
                    bits_of_window::<F32<WINDOWS>>(file),
                    expected,
                    "{}",
                    golden.name
                );
            }
        }
        let file = AlignedBytes::new(file);
        if let Ok(model) = Model::<W8A16<WINDOWS>, MAX_LAYERS>::from_bytes(file.as_slice()) {
            let all = Model::<W8A16, MAX_LAYERS>::from_bytes(file.as_slice()).expect("loads");
            less += usize::from(model.arena_bytes() < all.arena_bytes());
        }
    }
    assert!(less > 0, "no stream needs more memory than its windows");
}

#[test]
fn a_compact_build_gives_the_bits_of_windows_and_streams() {
    type Compact = W8A16<{ compact(ALL) }>;
    for golden in &GOLDENS {
        if Header::read(golden.file).unwrap().precision != PrecisionTag::W8A16 {
            continue;
        }
        let streamed = |file: &[u8]| bits::<Compact>(file);
        if let Ok(expected) = bits::<W8A16>(golden.file) {
            for packing in Packing::ALL {
                let file = repack(golden.file, packing).expect("a golden");
                assert_eq!(streamed(&file).as_ref(), Ok(&expected), "{}", golden.name);
            }
        }
        assert_eq!(
            bits_of_window::<Compact>(golden.file),
            bits_of_window::<W8A16>(golden.file),
            "{}",
            golden.name
        );
    }
}

#[test]
fn many_rows_with_an_activation_of_their_own_have_the_same_bits_in_all_packings() {
    let spec = DenseSpec {
        units: 41,
        use_bias: true,
        output: OutputSpec {
            activation: Activation::LeakyRelu { slope: 0x1000 },
            min: i16::MIN,
            max: i16::MAX,
            softmax_bits: 0,
        },
    };
    let mut weights = Weights::new();
    weights.push(
        &(0..41 * 3)
            .map(|w| (w * 37 % 255 - 127) as i8)
            .collect::<Vec<_>>(),
    );
    weights.push(
        &(0..41)
            .map(|row| row * 1000 - 20_000i32)
            .collect::<Vec<_>>(),
    );
    weights.push(&[1u32 << 30 | 2; 41]);
    let file = ModelFile {
        name: "wide",
        precision: PrecisionTag::W8A16,
        mode: Mode::Windowed,
        hop: 0,
        window: 2,
        input_channels: 3,
        input_scales: &[[100.0, 0.0]],
        layers: &[LayerSpec::Dense(spec)],
        weights: &weights,
        output_scales: &[],
        states_features: false,
    };
    let file = file.to_bytes().expect("valid");
    let expected = bits::<W8A16>(&file).expect("loads");
    for packing in Packing::ALL {
        let file = repack(&file, packing).expect("valid");
        assert_eq!(bits::<W8A16>(&file).as_ref(), Ok(&expected), "{packing:?}");
        let small = bits::<W8A16<{ compact(ALL) }>>(&file);
        assert_eq!(small.as_ref(), Ok(&expected), "{packing:?}");
    }
}

#[test]
fn a_build_for_one_packing_reads_that_alone() {
    const PAIRS: u64 = for_packing(ALL, Packing::RowPairs);
    for golden in &GOLDENS {
        let Ok(expected) = bits::<W8A16>(golden.file) else {
            continue;
        };
        let pairs = repack(golden.file, Packing::RowPairs).expect("a golden");
        let small = bits::<W8A16<{ compact(PAIRS) }>>(&pairs);
        assert_eq!(small.as_ref(), Ok(&expected), "{}", golden.name);
        assert_eq!(
            bits::<W8A16<PAIRS>>(&pairs),
            Ok(expected),
            "{}",
            golden.name
        );
        for other in [Packing::RowMajor, Packing::OffsetQuads] {
            let file = repack(golden.file, other).expect("a golden");
            let refused = Err(LoadError::Packing { found: other as u8 });
            assert_eq!(bits::<W8A16<PAIRS>>(&file), refused, "{}", golden.name);
        }
    }
}

/// The features of a golden of these bits, as a constant.
const fn built(file: &[u8], bits: u32) -> u64 {
    let mut head = [0; HEADER_BYTES];
    let mut i = 0;
    while i < HEADER_BYTES {
        head[i] = file[i];
        i += 1;
    }
    [head[19], head[26], head[27], _] = bits.to_le_bytes();
    features(&head)
}

/// Each golden in a build for it alone, which gives the bits of the build for everything.
macro_rules! builds {
    ($($name:literal $bits:literal)*) => {
        #[test]
        fn a_build_for_one_model_gives_its_bits() {
            $({
                const FILE: &[u8] = include_bytes!(concat!("../golden/v1/", $name, ".dunlin"));
                const BUILT: u64 = built(FILE, $bits);
                let needed = needs(golden($name));
                assert_eq!(needed, $bits, "{} needs {needed:#x}", $name);
                let all = bits::<W8A16>(FILE).expect("loads");
                assert_eq!(bits::<W8A16<BUILT>>(FILE), Ok(all), "{}", $name);
            })*
        }
    };
}

builds! {
    "tiny_lstm" 0x10101
    "sequence_lstm" 0x10100
    "conv" 0x13000b
    "pool" 0x10000b
    "gru" 0x10201
    "simple_rnn" 0x30401
    "pools" 0x10039
    "overlapping_conv" 0x8003b
    "overlapping_lstm" 0x10103
    "continuous_gru" 0x10601
    "bidirectional" 0x214381
    "moved" 0x100c6
    "depthwise" 0x40035
    "embedding" 0x92101
}

/// As the constant that a product has of its file.
const LSTM: u64 = {
    let bits = Features::DENSE.and(Features::LSTM).and(Features::TANH);
    built(include_bytes!("../golden/v1/tiny_lstm.dunlin"), bits.0)
};

#[test]
fn a_build_runs_the_models_that_it_has_the_layers_of() {
    let tiny = golden("tiny_lstm").file;
    assert!(bits::<W8A16<LSTM>>(tiny).is_ok());
    let at = |index| {
        Err(LoadError::Layer {
            index,
            error: LayerError::NotBuilt,
        })
    };
    assert_eq!(bits::<W8A16<LSTM>>(golden("conv").file), at(0));
    // Its softmax.
    assert_eq!(bits::<W8A16<LSTM>>(golden("stacked_lstm").file), at(2));
    // Without tanh an LSTM has relu.
    const RELU: u64 = LSTM & !(Features::TANH.0 as u64);
    assert_eq!(bits::<W8A16<RELU>>(tiny), at(0));
    const NONE: u64 = Features::APART.and(Features::ROW_MAJOR).0 as u64;
    assert_eq!(bits::<W8A16<NONE>>(tiny), at(0));
    let packing = Err(LoadError::Packing { found: 0 });
    assert_eq!(bits::<W8A16<{ Features::APART.0 as u64 }>>(tiny), packing);
    const ENDLESS: u64 = LSTM ^ (Features::APART.0 ^ Features::ENDLESS.0) as u64;
    assert_eq!(bits::<W8A16<ENDLESS>>(tiny), Err(LoadError::Pace));
}
