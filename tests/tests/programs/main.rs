//! The kernels in assembly, their text executed by the model of a core in `conformance::thumb`: all lengths, places, extremes
//! and random data against the scalar reference; the same number of instructions whatever the data; and damaged texts, which
//! must be found.
use std::collections::BTreeMap;
use std::fmt::Debug;

use conformance::inputs::Random;
use conformance::thumb::{Core, Machine, Memory, Program, Returned};

mod blocks;
mod cells;
mod clamped;
mod damage;
mod depthwise;
mod depthwise_f32;
mod depthwise_f32_mve;
mod depthwise_mve;
mod depthwise_pairs_f32;
mod depthwise_places;
mod depthwise_step;
mod floats;
mod gru;
mod helium;
mod places;
mod places_f32_mve;
mod pool_f32;
mod pools;
mod rectify_f32;
mod rows_f32_mve;
mod sums;

/// Starts of `x`, in values, and columns or places of weights: every alignment that there is.
const PLACES: usize = 4;

/// A kernel in assembly.
struct Kernel {
    name: &'static str,
    text: &'static str,
    core: Core,
    check: Check,
}

/// Runs a program over all cases, up to the first that fails.
type Check = fn(&Program) -> Result<Checked, String>;

/// What all cases took.
#[derive(Default)]
struct Checked {
    cases: usize,
    /// Instructions of each shape, which all data must take.
    counts: BTreeMap<[usize; 4], u64>,
}

impl Checked {
    /// Adds a case of a shape, which `place` describes.
    fn add(&mut self, shape: [usize; 4], count: u64, place: &dyn Debug) -> Result<(), String> {
        let first = *self.counts.entry(shape).or_insert(count);
        if first != count {
            return Err(format!(
                "{place:?}: {count} instructions, with other data {first}"
            ));
        }
        self.cases += 1;
        Ok(())
    }
}

/// How the values of a case are made.
#[derive(Debug, Clone, Copy)]
struct Values {
    /// The weight of each row, or random ones.
    weights: Option<[i8; 4]>,
    /// Two values that alternate, or random ones.
    x: Option<[i16; 2]>,
}

/// Random data, and all signs of the largest weights with the largest values of one sign, the other, and both.
fn values() -> Vec<Values> {
    const LARGEST: [[i16; 2]; 3] = [
        [i16::MIN, i16::MIN],
        [i16::MAX, i16::MAX],
        [i16::MIN, i16::MAX],
    ];
    let random = Values {
        weights: None,
        x: None,
    };
    let mut all = vec![random; 4];
    for x in LARGEST {
        all.push(Values {
            weights: None,
            x: Some(x),
        });
        for signs in 0..16 {
            let weights = [0, 1, 2, 3].map(|row| if signs >> row & 1 == 1 { -127 } else { 127 });
            all.push(Values {
                weights: Some(weights),
                x: Some(x),
            });
        }
    }
    all
}

fn lengths() -> Vec<usize> {
    (0..=67).collect()
}

impl Values {
    /// Rows of so many weights.
    fn rows(&self, len: usize, random: &mut Random) -> [Vec<i8>; 4] {
        let mut weight = |row: usize| match self.weights {
            Some(weights) => weights[row],
            None => (random.bits() as i8).max(-127),
        };
        [0, 1, 2, 3].map(|row| (0..len).map(|_| weight(row)).collect())
    }

    fn x(&self, len: usize, random: &mut Random) -> Vec<i16> {
        let value = |i: usize| match self.x {
            Some(pair) => pair[i % 2],
            None => random.bits() as i16,
        };
        (0..len).map(value).collect()
    }
}

/// Bytes of values as they stand in memory.
fn bytes<T, const N: usize>(values: &[T], of: impl Fn(&T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(of).collect()
}

/// Calls a program on a core that is as random as it may be.
fn call(
    program: &Program,
    memory: Memory,
    arguments: [u32; 4],
    random: &mut Random,
) -> Result<(Returned, Memory), String> {
    let mut machine = Machine::new(memory, random);
    let returned = machine.call(program, &arguments, &[]);
    let returned = returned.map_err(|fault| fault.to_string())?;
    Ok((returned, machine.memory))
}

/// [`call`] with the address of what the program works on in r0, and anything in the other arguments.
fn call_job(
    program: &Program,
    memory: Memory,
    job: u32,
    random: &mut Random,
) -> Result<(Returned, Memory), String> {
    let rest = [(); 3].map(|()| random.bits());
    call(program, memory, [job, rest[0], rest[1], rest[2]], random)
}

/// As a file has it.
fn scale_word((multiplier, shift): (u16, u8)) -> u32 {
    u32::from(multiplier) << 16 | u32::from(shift)
}

/// A scaled sum by 64-bit integers.
fn scaled(sum: i32, (multiplier, shift): (u16, u8)) -> i32 {
    ((i64::from(sum) * i64::from(multiplier)) >> 16 >> shift) as i32
}

fn check(kernel: &Kernel, text: &str) -> Result<Checked, String> {
    let program = Program::parse(text, kernel.core).map_err(|fault| fault.to_string())?;
    (kernel.check)(&program)
}

/// All programs.
fn kernels() -> impl Iterator<Item = Kernel> {
    let integers = sums::KERNELS.into_iter().chain(places::KERNELS);
    let helium = helium::KERNELS.into_iter().chain(depthwise_mve::KERNELS);
    integers
        .chain(blocks::KERNELS)
        .chain(depthwise::KERNELS)
        .chain(depthwise_step::KERNELS)
        .chain(clamped::KERNELS)
        .chain(depthwise_places::KERNELS)
        .chain(helium)
        .chain(cells::KERNELS)
        .chain(gru::KERNELS)
        .chain(floats::KERNELS)
        .chain(depthwise_f32::KERNELS)
        .chain(depthwise_pairs_f32::KERNELS)
        .chain(pool_f32::KERNELS)
        .chain(rectify_f32::KERNELS)
        .chain(rows_f32_mve::KERNELS)
        .chain(places_f32_mve::KERNELS)
        .chain(depthwise_f32_mve::KERNELS)
}

#[test]
fn every_program_gives_the_sums_of_the_reference() {
    for kernel in kernels() {
        let checked = check(&kernel, kernel.text)
            .unwrap_or_else(|failure| panic!("{}: {failure}", kernel.name));
        println!("{}: {} cases", kernel.name, checked.cases);
        assert!(checked.cases >= 4 * lengths().len());
    }
}
