//! Loads and runs whatever the fuzzer finds; every promise is checked in `conformance::exercise`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    conformance::exercise::fuzz(data);
});
