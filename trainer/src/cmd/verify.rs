//! `dunlin verify`: the same model and windows on the host and on an emulated board, compared bit by bit.
use std::path::PathBuf;

use clap::Args;

use super::source::Source;
use crate::data::Windows;
use crate::device::{Mode, Options, VerifyReport, verify};
use crate::error::{Error, Result};
use crate::report::table::{Table, thousands};

/// Run a model file on an emulated board and compare every bit of its outputs with the host
#[derive(Debug, Args)]
pub struct Arguments {
    /// The model file
    model: PathBuf,
    /// Windows x.npy, or a description (its test part)
    #[arg(long)]
    data: PathBuf,
    /// qemu-m0, qemu-m3, qemu-m4, qemu-m7, qemu-m33 or qemu-m55
    #[arg(long)]
    board: String,
    /// At most this many windows, evenly spaced over the data
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    windows: u32,
    /// Push sample by sample instead of running whole windows; counts are then of one sample
    #[arg(long)]
    push: bool,
    /// The project's folder `firmware` [default: looked for upward from here and from this program]
    #[arg(long, value_name = "DIR")]
    firmware: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<()> {
    let windows = spaced(
        &Source::open(&arguments.data)?.test_windows(),
        arguments.windows as usize,
    );
    let options = Options {
        firmware: arguments.firmware.clone(),
        mode: if arguments.push {
            Mode::Push
        } else {
            Mode::Run
        },
        ..Options::default()
    };
    let report = verify(&arguments.model, &windows, &arguments.board, &options)?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&report)
            .map_err(|error| Error::check(error.to_string()))?;
        println!("{json}");
    } else {
        print(&report, arguments.push);
    }
    report.check()
}

/// `count` of the windows, or all if there are fewer.
fn spaced(windows: &Windows, count: usize) -> Windows {
    let count = count.min(windows.count);
    Windows {
        count,
        values: (0..count)
            .flat_map(|i| windows.window(i * windows.count / count))
            .copied()
            .collect(),
        ..*windows
    }
}

fn print(report: &VerifyReport, push: bool) {
    let inference = if push {
        "instructions per sample"
    } else {
        "instructions per inference"
    };
    let mut table = Table::new([
        "board",
        "kernel",
        "windows",
        "differing bits",
        inference,
        "stack bytes",
    ]);
    table.row([
        report.board.clone(),
        report.kernel.clone(),
        thousands(report.windows as u64),
        thousands(report.differing_bits),
        thousands(report.instructions_per_inference),
        thousands(report.stack_bytes.into()),
    ]);
    print!("{table}");
}
