//! NumPy `.npy` arrays: our own small reader of the header, so that a hostile file meets neither recursion nor an
//! allocation of a size that only the file claims.
use crate::error::{Error, Result};
use crate::report::atomic;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The longest header that is read; NumPy's own limit is 10,000.
const MAX_HEADER: usize = 65_536;
/// NumPy's own limit on the rank.
const MAX_RANK: usize = 64;

/// More examples than a training run on a desktop can hold.
const MAX_DATA: u64 = 1 << 32;

/// An element type of the arrays that make sense here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    Float { bytes: usize },
    Signed { bytes: usize },
    Unsigned { bytes: usize },
}

impl Dtype {
    /// Reads `<f4` and the like without its byte order.
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "f4" => Self::Float { bytes: 4 },
            "f8" => Self::Float { bytes: 8 },
            "i1" => Self::Signed { bytes: 1 },
            "i2" => Self::Signed { bytes: 2 },
            "i4" => Self::Signed { bytes: 4 },
            "i8" => Self::Signed { bytes: 8 },
            "u1" => Self::Unsigned { bytes: 1 },
            "u2" => Self::Unsigned { bytes: 2 },
            "u4" => Self::Unsigned { bytes: 4 },
            "u8" => Self::Unsigned { bytes: 8 },
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::Float { bytes } | Self::Signed { bytes } | Self::Unsigned { bytes } => bytes,
        }
    }

    /// NumPy's name of the type.
    pub fn name(self) -> String {
        let kind = match self {
            Self::Float { .. } => "float",
            Self::Signed { .. } => "int",
            Self::Unsigned { .. } => "uint",
        };
        format!("{kind}{}", self.bytes() * 8)
    }
}

/// The elements, in C order.
#[derive(Debug, Clone, PartialEq)]
pub enum Elements {
    Floats(Vec<f64>),
    Integers(Vec<i128>),
}

/// An array as it stands in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub dtype: Dtype,
    pub elements: Elements,
}

struct Header {
    dtype: Dtype,
    big_endian: bool,
    fortran_order: bool,
    shape: Vec<usize>,
}

/// Reads the array in the file at `path`.
///
/// # Errors
/// `Error::Input` that names the file: unreadable, not a `.npy` file, a type that is no number, cut short, too long.
pub fn read(path: &Path) -> Result<Array> {
    let name = path.display();
    let fail = |why: String| Error::input(format!("{name}: {why}"));
    let unreadable = |error: std::io::Error| Error::input(format!("cannot read {name}: {error}"));
    let mut file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();

    let mut start = [0; 8];
    if size < 10 {
        return Err(fail(format!("not a .npy file: it has only {size} bytes")));
    }
    file.read_exact(&mut start).map_err(unreadable)?;
    if &start[..6] != b"\x93NUMPY" {
        return Err(fail(
            "not a .npy file: it does not start with \\x93NUMPY; write it with numpy.save".into(),
        ));
    }
    // Version 1 has a 16-bit header length, 2 and 3 have 32 bits.
    let length_bytes = match start[6] {
        1 => 2,
        2 | 3 => 4,
        version => {
            return Err(fail(format!(
                "unknown .npy version {version}; write it with numpy.save"
            )));
        }
    };
    let mut length = [0; 4];
    file.read_exact(&mut length[..length_bytes])
        .map_err(unreadable)?;
    let length = u32::from_le_bytes(length) as usize;
    let header_end = 8 + length_bytes as u64 + length as u64;
    if length > MAX_HEADER || header_end > size {
        return Err(fail(format!(
            "damaged .npy header: it claims {length} bytes"
        )));
    }
    let mut header = vec![0; length];
    file.read_exact(&mut header).map_err(unreadable)?;
    let header = Header::parse(&String::from_utf8_lossy(&header)).map_err(&fail)?;

    let claimed = header
        .shape
        .iter()
        .try_fold(header.dtype.bytes(), |bytes, n| bytes.checked_mul(*n));
    let found = size - header_end;
    if found > MAX_DATA {
        return Err(fail(format!(
            "{found} bytes of data; at most {MAX_DATA} are read: save fewer windows"
        )));
    }
    let Some(claimed) = claimed.filter(|claimed| *claimed as u64 == found) else {
        return Err(fail(format!(
            "the header claims shape {} of {}, but {found} bytes of data follow; the file is cut short or damaged",
            shape_text(&header.shape),
            header.dtype.name()
        )));
    };
    let mut data = Vec::new();
    data.try_reserve_exact(claimed)
        .map_err(|_| fail(format!("{claimed} bytes do not fit in memory")))?;
    file.take(claimed as u64)
        .read_to_end(&mut data)
        .map_err(unreadable)?;
    if data.len() != claimed {
        return Err(fail("the file became shorter while it was read".into()));
    }
    let elements = header.elements(&data);
    Ok(Array {
        elements,
        dtype: header.dtype,
        shape: header.shape,
    })
}

/// `[2400, 128, 6]`.
pub fn shape_text(shape: &[usize]) -> String {
    let sizes: Vec<_> = shape.iter().map(usize::to_string).collect();
    format!("[{}]", sizes.join(", "))
}

impl Header {
    /// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` and blanks: a Python dict, its keys in any order.
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let damaged = || {
            format!(
                "damaged .npy header `{}`",
                text.trim().chars().take(80).collect::<String>()
            )
        };
        let inner = text
            .trim()
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let mut rest = inner.ok_or_else(damaged)?.trim_start();
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        while !rest.is_empty() {
            let (key, after) = quoted(rest).ok_or_else(damaged)?;
            let value = after
                .trim_start()
                .strip_prefix(':')
                .ok_or_else(damaged)?
                .trim_start();
            rest = match key {
                "descr" if value.starts_with('[') => {
                    return Err("the array has named fields; save plain numbers".into());
                }
                "descr" => {
                    let (found, after) = quoted(value).ok_or_else(damaged)?;
                    descr = Some(found);
                    after
                }
                "fortran_order" => {
                    let after = value.strip_prefix("False");
                    fortran_order = Some(after.is_none());
                    after
                        .or_else(|| value.strip_prefix("True"))
                        .ok_or_else(damaged)?
                }
                "shape" => {
                    let (sizes, after) = value
                        .strip_prefix('(')
                        .and_then(|value| value.split_once(')'))
                        .ok_or_else(damaged)?;
                    shape = Some(parse_shape(sizes).ok_or_else(damaged)?);
                    after
                }
                _ => return Err(damaged()),
            };
            rest = rest.trim_start();
            if !rest.is_empty() {
                rest = rest.strip_prefix(',').ok_or_else(damaged)?.trim_start();
            }
        }
        let descr = descr.ok_or_else(damaged)?;
        let (big_endian, kind) = match descr.split_at_checked(1) {
            Some(("<" | "|" | "=", kind)) => (false, kind),
            Some((">", kind)) => (true, kind),
            Some(_) | None => (false, descr),
        };
        let dtype = Dtype::parse(kind).ok_or_else(|| {
            format!("the element type `{descr}` is not supported; use float32, float64 or an integer type")
        })?;
        Ok(Self {
            dtype,
            big_endian,
            fortran_order: fortran_order.ok_or_else(damaged)?,
            shape: shape.ok_or_else(damaged)?,
        })
    }

    /// The elements in C order; `data` has as many bytes as the shape claims.
    fn elements(&self, data: &[u8]) -> Elements {
        let bytes = self.dtype.bytes();
        let count = data.len() / bytes;
        // Walks C order and keeps the element's place in the file: the same for C order, strided for Fortran order.
        let mut strides = vec![1usize; self.shape.len()];
        for axis in 1..self.shape.len() {
            strides[axis] = strides[axis - 1] * self.shape[axis - 1];
        }
        let place = |i: usize| {
            if !self.fortran_order {
                return i;
            }
            let mut rest = i;
            (0..self.shape.len()).rev().fold(0, |at, axis| {
                let index = rest % self.shape[axis];
                rest /= self.shape[axis];
                at + index * strides[axis]
            })
        };
        let little = |i: usize| {
            let mut word = [0u8; 8];
            let at = place(i) * bytes;
            word[..bytes].copy_from_slice(&data[at..at + bytes]);
            if self.big_endian {
                word[..bytes].reverse();
            }
            u64::from_le_bytes(word)
        };
        match self.dtype {
            Dtype::Float { bytes: 4 } => Elements::Floats(
                (0..count)
                    .map(|i| f64::from(f32::from_bits(little(i) as u32)))
                    .collect(),
            ),
            Dtype::Float { .. } => {
                Elements::Floats((0..count).map(|i| f64::from_bits(little(i))).collect())
            }
            Dtype::Unsigned { .. } => {
                Elements::Integers((0..count).map(|i| i128::from(little(i))).collect())
            }
            Dtype::Signed { .. } => {
                let shift = 64 - 8 * bytes as u32;
                let signed = |i| i128::from((little(i) << shift) as i64 >> shift);
                Elements::Integers((0..count).map(signed).collect())
            }
        }
    }
}

/// The text between the quotes at the start, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// `3, 4` or `3,` or nothing.
fn parse_shape(text: &str) -> Option<Vec<usize>> {
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.is_empty() {
        return Some(Vec::new());
    }
    let sizes: Option<Vec<usize>> = text
        .split(',')
        .map(|size| size.trim().parse().ok())
        .collect();
    sizes.filter(|sizes| sizes.len() <= MAX_RANK)
}

/// Writes a float32 array, C order, atomically.
///
/// # Errors
/// `Error::Input` when the file cannot be written, or when `shape` does not have as many elements as `values`.
pub fn write(path: &Path, shape: &[usize], values: &[f32]) -> Result<()> {
    if shape.iter().product::<usize>() != values.len() {
        return Err(Error::input(format!(
            "{}: shape {} does not have {} values",
            path.display(),
            shape_text(shape),
            values.len()
        )));
    }
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let mut header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}",
        sizes.trim_end()
    );
    // The data starts at a multiple of 64 bytes, after a line end.
    let padding = (64 - (10 + header.len() + 1) % 64) % 64;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let mut bytes = Vec::with_capacity(10 + header.len() + 4 * values.len());
    bytes.extend_from_slice(b"\x93NUMPY\x01\x00");
    bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    values
        .iter()
        .for_each(|v| bytes.extend_from_slice(&v.to_le_bytes()));
    atomic::write(path, &bytes)
}
