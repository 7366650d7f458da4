//! The conformance suite on this host: every case that a board runs.

#[test]
fn every_case_holds() {
    let (mut cases, mut failed) = (0, Vec::new());
    conformance::run(&mut |case, holds| {
        println!("{} {case}", if holds { "ok  " } else { "FAIL" });
        cases += 1;
        if !holds {
            failed.push(case.to_string());
        }
    });
    assert!(failed.is_empty(), "{} of {cases}: {failed:?}", failed.len());
    // A suite that runs nothing would pass.
    assert!(cases >= 10 + 2 * conformance::golden::GOLDENS.len());
}
