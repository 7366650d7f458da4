//! Tells the kernels what the target's core has: on stable, `cfg(target_feature)` does not show it for Arm's M profile.
use std::env;

/// Cores of the v8-M main line with the DSP extension and without Helium.
const DSP: [&str; 3] = ["cortex-m33", "cortex-m35p", "star-mc1"];
/// Cores with Helium.
const MVE: [&str; 3] = ["cortex-m55", "cortex-m85", "cortex-m52"];

fn main() {
    println!(
        "cargo::rustc-check-cfg=cfg(dunlin_dsp, dunlin_mve, dunlin_mve_f32, dunlin_v6m, dunlin_v8m, dunlin_unaligned, dunlin_fpu, dunlin_fpv5, dunlin_v7m)"
    );
    println!("cargo::rerun-if-changed=build.rs");
    let target = env::var("TARGET").unwrap_or_default();
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let cpu = flags
        .split('\x1f')
        .filter_map(|flag| {
            flag.trim_start_matches("-C")
                .trim_start()
                .strip_prefix("target-cpu=")
        })
        .next_back()
        .unwrap_or_default();
    if target.starts_with("thumbv7") || target.starts_with("thumbv8m.main") {
        println!("cargo::rustc-cfg=dunlin_unaligned");
    }
    if target.starts_with("thumb") && target.ends_with("eabihf") {
        println!("cargo::rustc-cfg=dunlin_fpu");
        if target.starts_with("thumbv8m") || cpu == "cortex-m7" {
            println!("cargo::rustc-cfg=dunlin_fpv5");
        }
    }
    if target.starts_with("thumbv8m.main") {
        println!("cargo::rustc-cfg=dunlin_v8m");
    }
    if target.starts_with("thumbv6m") || target.starts_with("thumbv8m.base") {
        println!("cargo::rustc-cfg=dunlin_v6m");
    } else if target.starts_with("thumbv8m.main") && MVE.contains(&cpu) {
        println!("cargo::rustc-cfg=dunlin_mve");
        // Vectors of floats come with the unit for them.
        if target.ends_with("eabihf") {
            println!("cargo::rustc-cfg=dunlin_mve_f32");
        }
    } else if target.starts_with("thumbv7em")
        || target.starts_with("thumbv8m.main") && DSP.contains(&cpu)
    {
        println!("cargo::rustc-cfg=dunlin_dsp");
        // For files with weights in rows.
        println!("cargo::rustc-cfg=dunlin_v7m");
    } else if target.starts_with("thumbv7m") || target.starts_with("thumbv8m.main") {
        println!("cargo::rustc-cfg=dunlin_v7m");
    }
}
