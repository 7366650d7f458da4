//! The program of the largest values, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Machine, Memory, Program};
use dunlin::kernel::pool;

/// Values of a block.
const BLOCK: usize = 8;
/// Blocks at most.
const BLOCKS: usize = if cfg!(miri) { 2 } else { 8 };

/// Runs a text over blocks of random values and extremes, into values of their own and in place.
fn check(text: &str) -> Result<u64, String> {
    let program = Program::parse(text, Core::V7em).map_err(|fault| fault.to_string())?;
    let mut random = Random::new();
    let mut executed = 0;
    for blocks in 1..=BLOCKS {
        let mut counts = Vec::new();
        for in_place in [false, true] {
            for _ in 0..8 {
                let mut value = || match random.bits() % 4 {
                    0 => i16::MIN,
                    1 => i16::MAX,
                    _ => random.bits() as i16,
                };
                let a: Vec<i16> = (0..blocks * BLOCK).map(|_| value()).collect();
                let b: Vec<i16> = (0..blocks * BLOCK).map(|_| value()).collect();
                let expected: Vec<i16> = a.iter().zip(&b).map(|(&a, &b)| a.max(b)).collect();
                let mut memory = Memory::default();
                let first = memory.writable(&bytes(&a), 0);
                let second = memory.readable(&bytes(&b), 0);
                let to = match in_place {
                    true => first,
                    false => memory.unwritten(2 * a.len(), 0),
                };
                let mut machine = Machine::new(memory, &mut random);
                let arguments = [first, second, to, blocks as u32];
                let returned = machine.call(&program, &arguments, &[]);
                let returned = returned.map_err(|fault| fault.to_string())?;
                let found = machine.memory.bytes(to, 2 * a.len());
                if found != Some(bytes(&expected)) {
                    return Err(format!("{blocks} blocks: {found:?}"));
                }
                counts.push(returned.instructions);
            }
        }
        if counts.iter().any(|&count| count != counts[0]) {
            return Err(format!("{blocks} blocks take {counts:?} instructions"));
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
    let expected = (1..=BLOCKS as u64).map(|blocks| 2 + 13 * blocks).sum();
    assert_eq!(check(pool::LARGER), Ok(expected));
}

#[test]
fn a_damaged_line_is_found() {
    let lines = ["sel r5, r5, r9", "ssub16 r12, r6, r10", "stm r2!, {r4-r7}"];
    let damaged = ["sel r5, r9, r5", "ssub16 r12, r10, r6", "stm r0!, {r4-r7}"];
    for (line, damaged) in lines.iter().zip(damaged) {
        let text = pool::LARGER.replace(line, damaged);
        assert_ne!(text, pool::LARGER);
        assert!(check(&text).is_err(), "{damaged}");
    }
}
