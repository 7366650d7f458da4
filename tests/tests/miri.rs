//! Small enough for Miri, which sees every read and write: `cargo +nightly miri test -p conformance --test miri`.
use std::time::Instant;

use conformance::exercise::{Outcome, TEST, exercise};
use conformance::golden::GOLDENS;
use dunlin::LoadError;
use dunlin::format::header::checksum;
use dunlin::kernel::row_lanes::{Job, Lanes, dispatch};

fn golden(name: &str) -> &'static [u8] {
    let golden = GOLDENS.iter().find(|golden| golden.name == name);
    golden.expect("a golden of this name").file
}

#[test]
fn small_goldens_run() {
    const NAMES: [&str; 7] = [
        "tiny_lstm",
        "tiny_lstm_f32",
        "pool",
        "sequence_conv_f32",
        "overlapping_conv",
        "moved",
        "simple_rnn_norm",
    ];
    for name in NAMES {
        let since = Instant::now();
        assert_eq!(exercise(golden(name), TEST), Outcome::Ran, "{name}");
        println!("{name}: {:.1} s", since.elapsed().as_secs_f32());
    }
}

#[test]
fn the_vectors_are_those_that_the_build_has() {
    struct Named<'n>(&'n mut &'static str);
    impl Job for Named<'_> {
        fn run<L: Lanes>(self, _: L) {
            *self.0 = std::any::type_name::<L>();
        }
    }
    let mut name = "";
    dispatch(Named(&mut name));
    println!("{name}");
    // Elsewhere the processor decides.
    assert!(!cfg!(all(miri, target_feature = "avx2")) || name.ends_with("V3"));
}

/// A test for each file of kernels.
macro_rules! kernels {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            let mut since = Instant::now();
            conformance::$name::run(&mut |case, holds| {
                assert!(holds, "{case}");
                // Under Miri the clock counts what it executes.
                println!("{case}: {:.1} s", since.elapsed().as_secs_f32());
                since = Instant::now();
            });
        })*
    };
}

kernels!(kernels packed_kernels row_kernels helium_kernels place_kernels lane_kernels depthwise_kernels);

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
    // One bit in 211 meets every place of a byte; `format.rs` has all.
    for bit in (0..8 * golden.len()).step_by(211) {
        let mut file = golden.to_vec();
        file[bit / 8] ^= 1 << (bit % 8);
        let crc = checksum(&file);
        file[12..16].copy_from_slice(&crc.to_le_bytes());
        let outcome = exercise(&file, TEST);
        println!("bit {bit}: {outcome:?}");
        match outcome {
            Outcome::Refused(LoadError::Checksum { .. }) => panic!("bit {bit}: not sealed"),
            Outcome::Refused(_) => {}
            Outcome::Ran => ran += 1,
            Outcome::TooLarge => panic!("bit {bit}: too large to run"),
        }
    }
    assert!(ran > 0);
}
