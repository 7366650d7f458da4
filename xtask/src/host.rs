//! `host`: models on this computer, in turns with the TFLite interpreter from PyPI on the same models; one thread, a window a call.
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use dunlin_trainer::data::write_npy;
use dunlin_trainer::model_file::Runner;
use dunlin_trainer::quantize::quantize;
use dunlin_trainer::report::table::Table;
use serde_json::json;

use crate::bench::case::Case;
use crate::bench::cases::{conv1d, dense, lstm, model};
use crate::step::{Failure, Outcome, Step, root};

/// The job's folder.
const FOLDER: &str = "target/host";
const SCRIPT: &str = "xtask/host/tflite.py";
const PACKAGES: &str = "ai-edge-litert tensorflow-cpu";
/// Measurements of each kind, of a millisecond; the middle one counts.
const ROUNDS: usize = 101;
/// Windows whose outputs are compared.
const COMPARED: usize = 4;
/// What is timed: in turns, Dunlin's and TFLite's kinds of numbers.
const KINDS: [[&str; 2]; 2] = [["w8a16", "int8"], ["f32", "f32"]];

pub fn run(_: &[String]) -> Outcome {
    let python = python()?;
    let folder = root().join(FOLDER).join("models");
    let cases = cases();
    let mut files = Vec::new();
    for case in &cases {
        files.push(write(case, &folder.join(case.name))?);
    }
    let mut dunlin = Command::new("cargo");
    dunlin
        .args("run --quiet --release --package dunlin-trainer --example time --".split(' '))
        .args(files.iter().flat_map(|file| &file.paths));
    let mut dunlin = Peer::start("cargo run --example time", &mut dunlin)?;
    let mut tflite = Command::new(&python);
    tflite.arg(SCRIPT).arg(&folder);
    let mut tflite = Peer::start(&format!("{python} {SCRIPT}"), &mut tflite)?;

    let mut table = Table::new([
        "model",
        "numbers",
        "Dunlin",
        "TFLite",
        "ratio",
        "a set",
        "off",
        "TFLite off",
    ]);
    for (at, (case, file)) in cases.iter().zip(&files).enumerate() {
        let exact = tflite.outputs(&format!("{} {COMPARED} f32", case.name))?;
        for (kind, [ours, theirs]) in KINDS.into_iter().enumerate() {
            let line = format!("{} {COMPARED} {theirs}", case.name);
            let off = largest_difference(&file.outputs[kind], &exact);
            let theirs_off = largest_difference(&tflite.outputs(&line)?, &exact);
            let number = 2 * at + kind;
            let mut times = [Vec::new(), Vec::new(), Vec::new()];
            for _ in 0..ROUNDS {
                times[0].push(dunlin.number(&number.to_string())?);
                times[1].push(tflite.number(&format!("{} {theirs}", case.name))?);
            }
            for _ in 0..3 {
                times[2].push(dunlin.number(&format!("{number} set"))?);
            }
            let [mine, other, set] = times.map(|times| median(times) / 1000.0);
            table.row([
                case.name.to_owned(),
                format!("{ours} / {theirs}"),
                format!("{mine:.1}"),
                format!("{other:.1}"),
                format!("{:.2}", other / mine),
                format!("{set:.1}"),
                format!("{off:.1e}"),
                format!("{theirs_off:.1e}"),
            ]);
        }
    }
    print!("{table}");
    println!(
        "\nmicroseconds a window, one thread, the median of {ROUNDS} times; ratio: TFLite's over Dunlin's. A set: a window of 4,096 in `Runner::run`,\n\
         on all cores, packing included. Off: the largest difference from the outputs of TFLite's f32 model."
    );
    Ok(())
}

/// The models.
fn cases() -> Vec<Case> {
    let pool = json!({ "type": "max_pool1d", "pool_size": 2 });
    let relu = json!({ "type": "lstm", "units": 100, "activation": "relu" });
    let sequence = json!({ "type": "lstm", "units": 20, "return_sequences": true });
    let (flatten, mean) = (
        json!({ "type": "flatten" }),
        json!({ "type": "global_average_pool1d" }),
    );
    let conv = conv1d(64, 3, "same");
    vec![
        model("lstm_100_relu", [50, 1], json!([relu, dense(1)])),
        model(
            "conv1d_64",
            [50, 1],
            json!([conv1d(64, 3, "valid"), pool, flatten, dense(1)]),
        ),
        model("lstm_20_20", [50, 1], json!([sequence, lstm(20), dense(1)])),
        model(
            "conv1d_64_64_64",
            [24, 64],
            json!([conv, conv, conv, mean, dense(4)]),
        ),
    ]
}

/// A model in both precisions.
struct Written {
    /// In the order of [`KINDS`].
    paths: [String; 2],
    /// Of the first windows.
    outputs: [Vec<f32>; 2],
}

/// Writes the model's two files, and what the script needs to build it too.
fn write(case: &Case, folder: &Path) -> Result<Written, Failure> {
    let unwritable = |error| Failure::new(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(unwritable)?;
    let (float, mut windows) = (case.model()?, case.calibration());
    let described = json!({ "input": [case.steps, case.channels], "layers": case.layers });
    fs::write(folder.join("model.json"), described.to_string()).map_err(unwritable)?;
    let shape = [windows.count, windows.steps, windows.channels];
    write_npy(folder.join("windows.npy"), &shape, &windows.values)?;
    for (at, parameter) in float.network.parameters().iter().enumerate() {
        let values = parameter.values;
        write_npy(folder.join(format!("{at}.npy")), &[values.len()], values)?;
    }
    let files = [quantize(&float, &windows)?, float.to_bytes()?];
    windows.count = COMPARED;
    windows
        .values
        .truncate(COMPARED * windows.steps * windows.channels);
    let mut written = Written {
        paths: KINDS.map(|[ours, _]| folder.join(format!("{ours}.dunlin")).display().to_string()),
        outputs: [Vec::new(), Vec::new()],
    };
    for (kind, file) in files.iter().enumerate() {
        fs::write(&written.paths[kind], file).map_err(unwritable)?;
        written.outputs[kind] = Runner::new(file, case.name)?.run(&windows)?;
    }
    Ok(written)
}

/// A Python with the packages, in a folder of its own.
fn python() -> Result<String, Failure> {
    let python = format!("{FOLDER}/python/bin/python");
    let has_packages = |python: &str| {
        let code = "import importlib.util as u; assert u.find_spec('ai_edge_litert') and u.find_spec('tensorflow')";
        let found = Command::new(python)
            .args(["-c", code])
            .current_dir(root())
            .stderr(Stdio::null())
            .status();
        found.is_ok_and(|status| status.success())
    };
    if !has_packages(&python) {
        Step::new(&format!("python3 -m venv {FOLDER}/python")).run()?;
        Step::new(&format!("{python} -m pip install --quiet {PACKAGES}")).run()?;
    }
    Ok(python)
}

/// A program that answers lines with lines.
struct Peer {
    name: String,
    child: Child,
    lines: BufReader<ChildStdout>,
    input: ChildStdin,
}

impl Peer {
    fn start(name: &str, command: &mut Command) -> Result<Self, Failure> {
        let failed = || Failure::new(format!("`{name}` does not start"));
        command
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|_| failed())?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        Ok(Self {
            name: name.to_owned(),
            child,
            lines: BufReader::new(output.ok_or_else(failed)?),
            input: input.ok_or_else(failed)?,
        })
    }

    fn ask<T: serde::de::DeserializeOwned>(&mut self, line: &str) -> Result<T, Failure> {
        let mut answer = String::new();
        let asked = writeln!(self.input, "{line}").and_then(|()| self.lines.read_line(&mut answer));
        let parsed = asked.ok().and_then(|_| serde_json::from_str(&answer).ok());
        parsed.ok_or_else(|| {
            Failure::new(format!(
                "`{}` does not answer `{line}`: {answer}",
                self.name
            ))
        })
    }

    fn number(&mut self, line: &str) -> Result<f64, Failure> {
        self.ask(line)
    }

    fn outputs(&mut self, line: &str) -> Result<Vec<f32>, Failure> {
        self.ask(line)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Most have ended with their input; of the others nothing is expected any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn largest_difference(found: &[f32], exact: &[f32]) -> f32 {
    let pairs = found.iter().zip(exact);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
