//! Replays every file in `fuzz/crashes`: what once broke the runtime, and hostile files made by hand, whose names say
//! what they state. A crash that the fuzzer finds is copied there from `fuzz/artifacts/load`.
use std::path::Path;

#[test]
fn every_crash_is_survived() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/crashes");
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder of crashes") {
        let path = entry.expect("a readable folder").path();
        let data = std::fs::read(&path).expect("a readable file");
        println!(
            "{}: {:?}",
            path.display(),
            conformance::exercise::fuzz(&data)
        );
        files += 1;
    }
    assert!(files > 0, "no files in {}", folder.display());
}
