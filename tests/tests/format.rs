//! Damaged files: every truncation and every flipped bit of every golden is refused; under a fresh checksum it is
//! refused or runs to the end.
use conformance::exercise::{Outcome, TEST, exercise, sealed};
use conformance::golden::{GOLDENS, Golden};
use dunlin::format::header::checksum;
use dunlin::{LoadError, PrecisionTag};

/// Outcomes of flipping each bit of a file, the checksum made to fit.
#[derive(Debug, Default)]
struct Flips {
    refused: usize,
    ran: usize,
}

impl Flips {
    fn of(golden: &Golden, bits: impl Iterator<Item = usize>) -> Self {
        let mut flips = Self::default();
        for bit in bits {
            let mut file = flipped(golden.file, bit);
            let crc = checksum(&file);
            file[12..16].copy_from_slice(&crc.to_le_bytes());
            match exercise(&file, TEST) {
                Outcome::Refused(LoadError::Checksum { .. }) => panic!("bit {bit}: not sealed"),
                Outcome::Refused(_) => flips.refused += 1,
                Outcome::Ran => flips.ran += 1,
                Outcome::TooLarge => panic!("{}, bit {bit}: too large to run", golden.name),
            }
        }
        flips
    }
}

fn flipped(file: &[u8], bit: usize) -> Vec<u8> {
    let mut file = file.to_vec();
    file[bit / 8] ^= 1 << (bit % 8);
    file
}

#[test]
fn every_golden_runs() {
    for golden in &GOLDENS {
        assert_eq!(exercise(golden.file, TEST), Outcome::Ran, "{}", golden.name);
    }
}

#[test]
fn every_truncation_is_refused() {
    for golden in &GOLDENS {
        for len in 0..golden.file.len() {
            let outcome = exercise(&golden.file[..len], TEST);
            let expected = if len < 48 {
                LoadError::TooShort {
                    needed: 48,
                    given: len as u32,
                }
            } else {
                LoadError::Length {
                    stated: golden.file.len() as u32,
                    given: len as u32,
                }
            };
            assert_eq!(outcome, Outcome::Refused(expected), "{}", golden.name);
        }
    }
}

#[test]
fn every_truncation_under_a_fresh_header_is_refused() {
    for golden in &GOLDENS {
        for len in 48..golden.file.len() {
            let mut file = golden.file[..len].to_vec();
            file[8..12].copy_from_slice(&(len as u32).to_le_bytes());
            let crc = checksum(&file);
            file[12..16].copy_from_slice(&crc.to_le_bytes());
            let outcome = exercise(&file, TEST);
            assert_eq!(
                outcome,
                Outcome::Refused(LoadError::Message),
                "{}, {len} bytes",
                golden.name
            );
        }
    }
}

#[test]
fn a_byte_behind_the_end_is_refused() {
    for golden in &GOLDENS {
        let mut file = golden.file.to_vec();
        file.push(0);
        let expected = LoadError::Length {
            stated: golden.file.len() as u32,
            given: file.len() as u32,
        };
        assert_eq!(exercise(&file, TEST), Outcome::Refused(expected));
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for golden in &GOLDENS {
        for bit in 0..8 * golden.file.len() {
            let outcome = exercise(&flipped(golden.file, bit), TEST);
            let refused = matches!(outcome, Outcome::Refused(_));
            assert!(refused, "{}, bit {bit}: {outcome:?}", golden.name);
        }
    }
}

#[test]
fn every_flipped_bit_of_integers_under_a_fresh_checksum_is_refused_or_runs() {
    all_flips(PrecisionTag::W8A16);
}

#[test]
fn every_flipped_bit_of_floats_under_a_fresh_checksum_is_refused_or_runs() {
    all_flips(PrecisionTag::F32);
}

/// Two tests, for two cores.
fn all_flips(precision: PrecisionTag) {
    for golden in GOLDENS.iter().filter(|g| g.precision() == Some(precision)) {
        let flips = Flips::of(golden, 0..8 * golden.file.len());
        println!("{}: {flips:?}", golden.name);
        // Header fields are refused; most changed weights are as good as the old ones.
        assert!(
            flips.refused > 8 * 20 && flips.ran > 0,
            "{}, {flips:?}",
            golden.name
        );
    }
}

#[test]
fn every_flipped_bit_of_the_description_runs_with_the_arena_it_needs() {
    for golden in &GOLDENS {
        // The window, the channels and the layers, up to the weights: other shapes over the same weights.
        let front = golden.file.len().min(128);
        let (mut ran, mut large) = (0, 0);
        for bit in 8 * 28..8 * front {
            match exercise(&sealed(&flipped(golden.file, bit)), TEST) {
                Outcome::Ran => ran += 1,
                Outcome::Refused(LoadError::ArenaStated { .. }) => {
                    panic!("{}, bit {bit}: the arena was not patched", golden.name)
                }
                Outcome::Refused(_) => {}
                Outcome::TooLarge => large += 1,
            }
        }
        // A few dilations and windows make a stream keep, and move, more than is worth the time.
        assert!(ran > 0 && large <= 12, "{}: {large} of {ran}", golden.name);
    }
}
