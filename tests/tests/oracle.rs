//! The oracle against what is committed: the goldens' bits and the checksums of the tables come from it alone.
use conformance::golden::GOLDENS;
use conformance::inputs::Fnv;
use conformance::{oracle, tables};

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
