//! Replays every file in `fuzz/crashes`: what once broke the runtime, and hostile files made by hand, whose names say
//! what they state. A crash that the fuzzer finds is copied there from `fuzz/artifacts/load`.
use std::path::Path;

use conformance::exercise::{Outcome, fuzz};
use conformance::inputs::Random;

#[test]
fn every_crash_is_survived() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/crashes");
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder of crashes") {
        let path = entry.expect("a readable folder").path();
        let data = std::fs::read(&path).expect("a readable file");
        println!("{}: {:?}", path.display(), fuzz(&data));
        files += 1;
    }
    assert!(files > 0, "no files in {}", folder.display());
}

#[test]
fn random_inputs_are_survived() {
    let mut random = Random::new();
    let (mut refused, mut ran) = (0, 0);
    for way in (0..4u8).cycle().take(4_000) {
        let len = random.bits() as usize % 200;
        let data = std::iter::once(way).chain((0..len).map(|_| random.bits() as u8));
        match fuzz(&data.collect::<Vec<u8>>()) {
            Outcome::Refused(_) => refused += 1,
            Outcome::Ran => ran += 1,
            Outcome::TooLarge => {}
        }
    }
    println!("{refused} refused, {ran} ran");
    // Most descriptions are meant to load: without them this tests the first checks of the loader alone.
    assert!(refused > 1_000 && ran > 200, "{refused} refused, {ran} ran");
}
