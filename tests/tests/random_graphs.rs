//! Streams of random graphs give the bits of their windows: every layer, both precisions, all paces, all chunkings.
use std::collections::BTreeMap;

use conformance::exercise::{described, raw, streams};
use conformance::inputs::Random;
use dunlin::format::MAX_LAYERS;
use dunlin::format::write::AlignedBytes;
use dunlin::{
    F32, Header, LayerError, LoadError, Mode, Model, Precision, PrecisionTag, Session, W8A16,
};

/// Models that are streamed.
const MODELS: usize = 5_000;
/// More multiply-accumulates a window than this are not worth the time.
const MACS: u64 = 1 << 16;
const ARENA_BYTES: usize = 1 << 16;

/// What was streamed.
#[derive(Debug, Default)]
struct Seen {
    models: usize,
    windows_apart: usize,
    windows_overlapping: usize,
    continuous: usize,
    /// Streams that keep steps of a tensor for later.
    with_rings: usize,
    /// Windows of which some steps are computed anew.
    recomputing: usize,
    /// Two layers or more.
    deep: usize,
    /// Outputs that are not the same all over.
    lively: usize,
    /// Descriptions that ask for more memory than there is: a dimension can be anything.
    too_large: usize,
    kinds: BTreeMap<&'static str, usize>,
}

fn stream<P: Precision>(file: &[u8], seen: &mut Seen) {
    let model = Model::<P, MAX_LAYERS>::from_bytes(file).expect("the writer loaded it");
    let macs: u64 = model.summaries().map(|layer| layer.macs).sum();
    if macs > MACS || model.arena_bytes() > ARENA_BYTES {
        return;
    }
    let shape = model.input_shape();
    let (steps, channels) = (shape.steps as usize, shape.channels as usize);
    let hop = model.header().window_hop() as usize;
    let mut samples = vec![0.0; (steps + 3 * hop.min(steps) + 2) * channels];
    Random::new().fill(&mut samples);
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    arena.as_mut().fill(0xa5);
    let mut session = Session::new(&model, &mut arena).expect("an arena");
    streams(&model, &mut session, &samples);
    raw(&model, &mut session, &samples);
    let outputs = session.run(&samples[..shape.len()]).expect("a window");
    let lively = outputs.iter().any(|&y| y != outputs[0]);
    seen.models += 1;
    match (model.header().mode, hop < steps) {
        (Mode::Continuous, _) => seen.continuous += 1,
        (Mode::Windowed, true) => seen.windows_overlapping += 1,
        (Mode::Windowed, false) => seen.windows_apart += 1,
    }
    seen.lively += usize::from(lively);
    seen.deep += usize::from(model.summaries().count() > 1);
    let any = |what: fn(&dunlin::Summary) -> bool| usize::from(model.summaries().any(|l| what(&l)));
    seen.with_rings += any(|layer| layer.ring_bytes > 0);
    seen.recomputing += any(|layer| layer.recomputed_steps > 0);
    for layer in model.summaries() {
        *seen.kinds.entry(layer.kind).or_default() += 1;
    }
}

#[test]
fn streams_of_random_graphs_give_the_bits_of_their_windows() {
    let mut random = Random::new();
    let mut seen = Seen::default();
    let mut tried = 0;
    while seen.models < MODELS || seen.continuous < MODELS / 10 {
        tried += 1;
        assert!(tried < 100 * MODELS, "few descriptions load: {seen:?}");
        let len = 100 + random.bits() as usize % 400;
        let data: Vec<u8> = (0..len).map(|_| random.bits() as u8).collect();
        let file = match described(&data) {
            Ok(file) => file,
            Err(LoadError::Layer {
                error: LayerError::Memory,
                ..
            }) => {
                seen.too_large += 1;
                continue;
            }
            Err(_) => continue,
        };
        let file = AlignedBytes::new(&file);
        match Header::read(file.as_slice()).expect("a header").precision {
            PrecisionTag::F32 => stream::<F32>(file.as_slice(), &mut seen),
            PrecisionTag::W8A16 => stream::<W8A16>(file.as_slice(), &mut seen),
        }
    }
    println!("{tried} descriptions: {seen:#?}");
    for (what, count) in [
        ("windows apart", seen.windows_apart),
        ("overlapping windows", seen.windows_overlapping),
        ("continuous streams", seen.continuous),
        ("rings", seen.with_rings),
        ("steps computed anew", seen.recomputing),
        ("lively outputs", seen.lively),
        ("deep models", seen.deep),
    ] {
        assert!(count > MODELS / 20, "{what}: only {count}");
    }
    for kind in [
        "dense",
        "conv1d",
        "flatten",
        "lstm",
        "gru",
        "simple_rnn",
        "input",
        "add",
    ] {
        assert!(seen.kinds.contains_key(kind), "no {kind}");
    }
}
