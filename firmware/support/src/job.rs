//! What host and loader tell each other, through five files in the emulator's working folder.
//!
//! ```text
//! job     magic "DNJ1", mode (0 run, 1 push, 2 run raw, 3 push raw), model bytes, windows  4 words
//! input   the windows, `[windows][steps][channels]` f32; raw: activations of the model's precision
//! output  every output in order, f32; raw: activations
//! counts  executed instructions of every call in order, a word each; all ones where the timer cannot tell
//! record  magic "DNR2", status, detail, windows done, output values,
//!         stack of a call, stack of the load, length of the kernel's name  8 words, then the name
//! ```
//! Words are 32 bits, little-endian. The model stands in flash; `trainer/src/device/job.rs` is the other side.
use semihosting::fs::File;
use semihosting::io::{Read, Write};

/// How the windows go in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Whole windows.
    Run,
    /// One sample at a time.
    Push,
    /// Whole windows of activations.
    RunRaw,
    /// One sample of activations at a time.
    PushRaw,
}

pub struct Job {
    pub mode: Mode,
    pub model_bytes: usize,
    pub windows: u32,
}

/// Why the loader stopped; the words `status` and `detail` of the record.
#[derive(Clone, Copy)]
pub enum Stop {
    /// All windows were run.
    Done,
    /// A file of the host could not be read or written.
    File,
    /// The job is none, or its model does not fit the flash.
    Job,
    /// The model does not load; the log says why.
    Load,
    /// Bytes needed by arena and input window; the board has fewer.
    Ram(u32),
    /// The input file does not hold whole windows.
    Input,
}

/// What the meters showed.
pub struct Meters {
    pub windows: u32,
    pub outputs: u32,
    pub call_stack: u32,
    pub load_stack: u32,
}

const JOB: [u8; 4] = *b"DNJ1";
const RECORD: [u8; 4] = *b"DNR2";

impl Job {
    pub fn read() -> Result<Self, Stop> {
        let mut bytes = [0; 16];
        read(&mut open(c"job")?, &mut bytes)?;
        let [magic, mode, model_bytes, windows] = words(&bytes);
        let mode = match mode {
            0 => Mode::Run,
            1 => Mode::Push,
            2 => Mode::RunRaw,
            3 => Mode::PushRaw,
            _ => return Err(Stop::Job),
        };
        if magic != u32::from_le_bytes(JOB) {
            return Err(Stop::Job);
        }
        Ok(Self {
            mode,
            model_bytes: model_bytes as usize,
            windows,
        })
    }
}

/// Writes the record.
pub fn report(stop: Stop, meters: &Meters, kernel: &str) -> Result<(), Stop> {
    let (status, detail) = match stop {
        Stop::Done => (0, 0),
        Stop::File => (1, 0),
        Stop::Job => (2, 0),
        Stop::Load => (3, 0),
        Stop::Ram(needed) => (4, needed),
        Stop::Input => (5, 0),
    };
    let words = [
        u32::from_le_bytes(RECORD),
        status,
        detail,
        meters.windows,
        meters.outputs,
        meters.call_stack,
        meters.load_stack,
        kernel.len() as u32,
    ];
    let mut file = create(c"record")?;
    for word in words {
        write(&mut file, &word.to_le_bytes())?;
    }
    write(&mut file, kernel.as_bytes())
}

fn words(bytes: &[u8; 16]) -> [u32; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    words
}

pub fn open(name: &core::ffi::CStr) -> Result<File, Stop> {
    File::open(name).map_err(|_| Stop::File)
}

pub fn create(name: &core::ffi::CStr) -> Result<File, Stop> {
    File::create(name).map_err(|_| Stop::File)
}

/// Fills `bytes` from the file.
pub fn read(file: &mut File, bytes: &mut [u8]) -> Result<(), Stop> {
    file.read_exact(bytes).map_err(|_| Stop::Input)
}

pub fn write(file: &mut File, bytes: &[u8]) -> Result<(), Stop> {
    file.write_all(bytes).map_err(|_| Stop::File)
}
