//! From the bytes of a fuzzer to files that get past the first checks.
use std::vec::Vec;

use dunlin::format::header::{HEADER_BYTES, checksum};
use dunlin::format::write::AlignedBytes;
use dunlin::{F32, LoadError, Model, W8A16};

use super::described::described;
use super::{Limits, Outcome, exercise};
use crate::golden::GOLDENS;

/// A fuzzer runs some hundred files a second.
const LIMITS: Limits = Limits {
    arena_bytes: 1 << 20,
    operations: 1 << 17,
};

/// One input of the fuzzer, in one of four ways: a file as it is; the same with a valid header; a golden with changed
/// bytes; or a description of a model, written as a file.
///
/// # Panics
/// When a promise of the runtime is broken.
pub fn fuzz(data: &[u8]) -> Outcome {
    if data.starts_with(b"DUNL") {
        exercise(&sealed(data), LIMITS);
        return exercise(data, LIMITS);
    }
    let (&way, data) = data.split_first().unwrap_or((&0, data));
    match way % 4 {
        0 => exercise(data, LIMITS),
        1 => exercise(&sealed(data), LIMITS),
        2 => exercise(&sealed(&changed(data)), LIMITS),
        _ => match described(data) {
            Ok(file) => {
                let outcome = exercise(&file, LIMITS);
                let loads = matches!(outcome, Outcome::Ran | Outcome::TooLarge);
                assert!(loads, "the writer accepts what the loader refuses");
                outcome
            }
            Err(error) => Outcome::Refused(error),
        },
    }
}

/// The bytes with a header that passes, as far as that does not depend on the layers, and with the arena that the
/// loader computes.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut file = bytes.to_vec();
    file.resize(file.len().max(HEADER_BYTES), 0);
    file[..4].copy_from_slice(b"DUNL");
    file[4..8].copy_from_slice(&[1, 0, HEADER_BYTES as u8, 0]);
    let total = file.len() as u32;
    file[8..12].copy_from_slice(&total.to_le_bytes());
    file[16] %= 2;
    file[17] %= 2;
    for zero in [18, 19, 26, 27, 46, 47] {
        file[zero] = 0;
    }
    seal(&mut file);
    let aligned = AlignedBytes::new(&file);
    let error = match file[16] {
        0 => Model::<F32, 64>::from_bytes(aligned.as_slice()).err(),
        _ => Model::<W8A16, 64>::from_bytes(aligned.as_slice()).err(),
    };
    if let Some(LoadError::ArenaStated { computed, .. }) = error {
        file[20..24].copy_from_slice(&computed.to_le_bytes());
        seal(&mut file);
    }
    file
}

fn seal(file: &mut [u8]) {
    let crc = checksum(file);
    file[12..16].copy_from_slice(&crc.to_le_bytes());
}

/// A golden with bytes put in, taken out or changed: first its number, then `(kind, place, place, byte)` for each.
fn changed(data: &[u8]) -> Vec<u8> {
    let (&number, changes) = data.split_first().unwrap_or((&0, data));
    let mut file = GOLDENS[usize::from(number) % GOLDENS.len()].file.to_vec();
    for change in changes.chunks_exact(4) {
        let place = usize::from(u16::from_le_bytes([change[1], change[2]])) % file.len();
        match change[0] % 4 {
            0 => file.insert(place, change[3]),
            1 if file.len() > 1 => drop(file.remove(place)),
            1 | 2 => file[place] = change[3],
            _ => file[place] ^= change[3],
        }
    }
    file
}
