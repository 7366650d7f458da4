//! The oracle against what is committed: the goldens' bits and the checksums of the tables come from it alone.
use conformance::exercise::described;
use conformance::golden::GOLDENS;
use conformance::inputs::{Fnv, Random};
use conformance::oracle::{Float, Integer, Oracle, Rules};
use conformance::{oracle, tables};
use dunlin::format::MAX_LAYERS;
use dunlin::format::features::ALL;
use dunlin::format::write::AlignedBytes;
use dunlin::{
    F32, Header, Model, Packing, Precision, PrecisionTag, Session, W8A16, compact, repack,
};

#[test]
fn the_oracle_gives_the_bits_of_every_golden() {
    for golden in &GOLDENS {
        assert_eq!(oracle::bits(golden.file), golden.bits, "{}", golden.name);
    }
}

#[test]
fn the_oracle_gives_the_checksums_of_the_tables() {
    let all = |function: fn(i16) -> i16| {
        let mut sum = Fnv::new();
        for p in i16::MIN..=i16::MAX {
            sum.word(function(p) as u16 as u32);
        }
        sum.0
    };
    assert_eq!(all(oracle::sigmoid), tables::SIGMOID, "sigmoid");
    assert_eq!(all(oracle::tanh), tables::TANH, "tanh");
    let mut power = Fnv::new();
    for bits in 0..=15 {
        for distance in 0..i64::from(tables::DISTANCES) {
            power.word(oracle::power_of_two(distance * 13, bits) as u32);
        }
    }
    assert_eq!(power.0, tables::POWER, "power");
    let mut tails = Fnv::new();
    for n in 0..tables::PLACES {
        let place = i64::from(n * tables::PLACE_STEP);
        tails.word(oracle::logistic_tail(place) as u32);
        tails.word(oracle::normal_tail(place) as u32);
    }
    assert_eq!(tails.0, tables::TAILS, "tails");
}

#[test]
fn the_oracle_gives_the_checksum_of_the_rescaled_values() {
    let mut sum = Fnv::new();
    for (accumulator, multiplier, shift) in tables::scales() {
        let accumulator = i64::from(accumulator);
        let value = oracle::rescale(accumulator, multiplier.into(), shift.into());
        let nearest = value.clamp(i16::MIN.into(), i16::MAX.into());
        let product = oracle::rescale(accumulator, -i64::from(multiplier), 0);
        sum.word(value as u32);
        sum.word(nearest as u16 as u32);
        sum.word(product as u32);
    }
    assert_eq!(sum.0, tables::RESCALE);
}

#[test]
fn libm_gives_the_checksum_of_the_float_functions() {
    let mut sum = Fnv::new();
    for n in -tables::FLOATS..=tables::FLOATS {
        let x = n as f32 * tables::FLOAT_STEP;
        sum.word(libm::expf(x).to_bits());
        sum.word(libm::tanhf(x).to_bits());
        sum.word((1.0 / (1.0 + libm::expf(-x))).to_bits());
    }
    assert_eq!(sum.0, tables::FLOAT);
}

/// Random models of at most this many multiply-accumulates and values.
const LARGEST: u64 = 20_000;

/// In fewer bytes, which give the same bits.
type Compact = W8A16<{ compact(ALL) }>;

/// How many kinds of layers there are, an LSTM with other gates and the like counted with the plain one.
const KINDS: usize = 23;

#[test]
fn the_runtime_gives_the_bits_of_the_oracle_on_random_models() {
    let mut bytes = Random::new();
    let mut kinds = std::collections::BTreeMap::new();
    let mut models = 0;
    while models < 3_000 {
        let data: Vec<u8> = (0..512).map(|_| bytes.bits() as u8).collect();
        let Ok(file) = described(&data) else {
            continue;
        };
        let names = match Header::read(&file).unwrap().precision {
            PrecisionTag::F32 => {
                let packed = repack(&file, Packing::RowLanes).unwrap();
                compare::<F32, Float>(&packed, &file);
                assert_eq!(repack(&packed, Packing::RowMajor).unwrap(), file);
                compare::<F32, Float>(&file, &file)
            }
            PrecisionTag::W8A16 => {
                for packing in [Packing::RowPairs, Packing::OffsetQuads, Packing::RowLanes] {
                    let packed = repack(&file, packing).unwrap();
                    compare::<W8A16, Integer>(&packed, &file);
                    compare::<Compact, Integer>(&packed, &file);
                    assert_eq!(repack(&packed, Packing::RowMajor).unwrap(), file);
                }
                compare::<Compact, Integer>(&file, &file);
                compare::<W8A16, Integer>(&file, &file)
            }
        };
        models += usize::from(!names.is_empty());
        for name in names {
            *kinds.entry(name).or_insert(0) += 1;
        }
    }
    assert!(kinds.len() >= KINDS, "{kinds:?}");
    assert!(kinds.values().all(|&count| count >= 40), "{kinds:?}");
}

/// A window through both; the kinds of the layers, or none where it is too much for the oracle, which reads weights in rows.
fn compare<P: Precision, R: Rules>(file: &[u8], in_rows: &[u8]) -> Vec<&'static str> {
    let (file, in_rows) = (AlignedBytes::new(file), AlignedBytes::new(in_rows));
    let model = Model::<P, MAX_LAYERS>::from_bytes(file.as_slice()).unwrap();
    let costs = model.summaries().map(|layer| layer.macs + layer.ram_bytes);
    if model.arena_bytes() > 1 << 16 || costs.sum::<u64>() > LARGEST {
        return Vec::new();
    }
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    let mut session = Session::new(&model, &mut arena).unwrap();
    let mut window = vec![0.0; model.input_shape().len()];
    Random::new().fill(&mut window);
    let mut oracle = Oracle::<R>::new(in_rows.as_slice());
    for scale in [1.0, 300.0] {
        let window: Vec<f32> = window.iter().map(|x| x * scale).collect();
        let expected = oracle.run(&window);
        let found = session.run(&window).unwrap();
        assert_eq!(expected.len(), found.len());
        // Weights that are no numbers: which NaN or infinity comes of them is not promised.
        if expected.iter().chain(found).any(|y| !y.is_finite()) {
            return Vec::new();
        }
        let pairs = expected.iter().zip(found);
        let bits = pairs.map(|(expected, found)| (expected.to_bits(), found.to_bits()));
        let wrong = bits.filter(|(expected, found)| expected != found).count();
        let kinds = || model.summaries().map(|layer| layer.kind);
        assert_eq!(
            wrong,
            0,
            "{expected:?} {found:?} {:?}",
            kinds().collect::<Vec<_>>()
        );
    }
    model.summaries().map(|layer| layer.kind).collect()
}
