//! The programs of the largest value and of the mean of two, as the runtime calls them.
use conformance::inputs::Random;
use conformance::thumb::{Core, Machine, Memory, Program};
use dunlin::kernel::pool_pairs::{LARGER, LARGER_VECTORS, MIDDLE_VECTORS};

/// A program over so many values a unit of its count.
#[derive(Clone, Copy)]
struct Case {
    core: Core,
    unit: usize,
    of: fn(i16, i16) -> i16,
}

const DSP: Case = Case {
    core: Core::V7em,
    unit: 8,
    of: i16::max,
};
const HELIUM: Case = Case {
    core: Core::V81m,
    unit: 1,
    of: i16::max,
};
const MIDDLE: Case = Case {
    of: |a, b| ((i32::from(a) + i32::from(b) + 1) >> 1) as i16,
    ..HELIUM
};

impl Case {
    /// The counts that are tried.
    fn counts(self) -> std::ops::RangeInclusive<usize> {
        1..=67 / self.unit
    }
}

/// Runs a text over random values and extremes, into values of their own and in place.
fn check(text: &str, case: Case) -> Result<u64, String> {
    let program = Program::parse(text, case.core).map_err(|fault| fault.to_string())?;
    let mut random = Random::new();
    let mut executed = 0;
    for count in case.counts() {
        let mut counts = Vec::new();
        for in_place in [false, true] {
            for _ in 0..8 {
                let mut value = || match random.bits() % 4 {
                    0 => i16::MIN,
                    1 => i16::MAX,
                    _ => random.bits() as i16,
                };
                let len = count * case.unit;
                let a: Vec<i16> = (0..len).map(|_| value()).collect();
                let b: Vec<i16> = (0..len).map(|_| value()).collect();
                let expected: Vec<i16> = a.iter().zip(&b).map(|(&a, &b)| (case.of)(a, b)).collect();
                let mut memory = Memory::default();
                let first = memory.writable(&bytes(&a), 0);
                let second = memory.readable(&bytes(&b), 0);
                let to = match in_place {
                    true => first,
                    false => memory.unwritten(2 * a.len(), 0),
                };
                let mut machine = Machine::new(memory, &mut random);
                let arguments = [first, second, to, count as u32];
                let returned = machine.call(&program, &arguments, &[]);
                let returned = returned.map_err(|fault| fault.to_string())?;
                let found = machine.memory.bytes(to, 2 * a.len());
                if found != Some(bytes(&expected)) {
                    return Err(format!("{count}: {found:?}"));
                }
                counts.push(returned.instructions);
            }
        }
        if counts.iter().any(|&one| one != counts[0]) {
            return Err(format!("{count} take {counts:?} instructions"));
        }
        executed += counts[0];
    }
    Ok(executed)
}

fn bytes(values: &[i16]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

#[test]
fn the_largest_values_are_those_of_each_place() {
    // One instruction at either end, and thirteen a block.
    let expected = DSP.counts().map(|blocks| 2 + 13 * blocks as u64).sum();
    assert_eq!(check(LARGER, DSP), Ok(expected));
}

#[test]
fn vectors_give_the_largest_and_the_middle_of_each_place() {
    // Three instructions at the ends, and five a vector.
    let vectors = |count: usize| count.div_ceil(8) as u64;
    let expected = HELIUM.counts().map(|count| 3 + 5 * vectors(count)).sum();
    assert_eq!(check(LARGER_VECTORS, HELIUM), Ok(expected));
    assert_eq!(check(MIDDLE_VECTORS, MIDDLE), Ok(expected));
}

#[test]
fn a_damaged_line_is_found() {
    let of_dsp = [
        ("sel r5, r5, r9", "sel r5, r9, r5"),
        ("ssub16 r12, r6, r10", "ssub16 r12, r10, r6"),
        ("stm r2!, {r4-r7}", "stm r0!, {r4-r7}"),
    ];
    let of_vectors = [
        ("dlstp.16 lr, r3", "dls lr, r3"),
        ("q1, [r1], #16", "q1, [r1]"),
        ("vstrh.16 q0, [r2]", "vstrh.16 q1, [r2]"),
    ];
    let of_largest = [("vmax.s16", "vmin.s16")];
    let of_middle = [("vrhadd.s16", "vmax.s16")];
    for (text, case, lines) in [
        (LARGER, DSP, &of_dsp[..]),
        (LARGER_VECTORS, HELIUM, &of_vectors),
        (LARGER_VECTORS, HELIUM, &of_largest),
        (MIDDLE_VECTORS, MIDDLE, &of_middle),
    ] {
        for (line, damaged) in lines {
            let other = text.replace(line, damaged);
            assert_ne!(other, text);
            assert!(check(&other, case).is_err(), "{damaged}");
        }
    }
}
