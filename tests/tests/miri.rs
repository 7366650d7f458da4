//! Small enough for Miri, which sees every read and write: `cargo +nightly miri test -p conformance --test miri`.
use conformance::exercise::{Outcome, TEST, exercise};
use conformance::golden::GOLDENS;
use dunlin::LoadError;
use dunlin::format::header::checksum;

fn golden(name: &str) -> &'static [u8] {
    let golden = GOLDENS.iter().find(|golden| golden.name == name);
    golden.expect("a golden of this name").file
}

#[test]
fn small_goldens_run() {
    for name in ["tiny_lstm", "tiny_lstm_f32", "pool", "sequence_conv_f32"] {
        assert_eq!(exercise(golden(name), TEST), Outcome::Ran, "{name}");
    }
}

#[test]
fn kernels_give_the_sums_of_the_reference() {
    let mut cases = 0;
    let mut report = |case: &str, holds: bool| {
        assert!(holds, "{case}");
        cases += 1;
    };
    conformance::packed_kernels::run(&mut report);
    conformance::row_kernels::run(&mut report);
    conformance::depthwise_kernels::run(&mut report);
    conformance::lane_kernels::run(&mut report);
    assert_eq!(cases, 14);
}

#[test]
fn every_truncation_is_refused() {
    let file = golden("tiny_lstm");
    for len in 0..file.len() {
        let outcome = exercise(&file[..len], TEST);
        assert!(matches!(outcome, Outcome::Refused(_)), "{len} bytes");
    }
}

#[test]
fn every_flipped_bit_under_a_fresh_checksum_is_refused_or_runs() {
    let golden = golden("tiny_lstm");
    let mut ran = 0;
    // One bit in 37 meets every place of a byte; `format.rs` has all.
    for bit in (0..8 * golden.len()).step_by(37) {
        let mut file = golden.to_vec();
        file[bit / 8] ^= 1 << (bit % 8);
        let crc = checksum(&file);
        file[12..16].copy_from_slice(&crc.to_le_bytes());
        match exercise(&file, TEST) {
            Outcome::Refused(LoadError::Checksum { .. }) => panic!("bit {bit}: not sealed"),
            Outcome::Refused(_) => {}
            Outcome::Ran => ran += 1,
            Outcome::TooLarge => panic!("bit {bit}: too large to run"),
        }
    }
    assert!(ran > 0);
}
