//! An estimate of cycles from the mix of executed instructions and the timings that Arm publishes, with memory that never
//! waits. It knows no caches, no flash, no stalls between dependent instructions: for orders of magnitude, not for deadlines.

use super::executed::Executed;

mod class;

use class::Class;

/// What a core needs, in cycles.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Timing {
    load: u64,
    store: u64,
    store_indexed: u64,
    /// A load or store behind a load takes one less.
    overlaps: bool,
    multiply_add: u64,
    multiply_halves: u64,
    multiply_long: u64,
    multiply_add_long: u64,
    divide: u64,
    /// More for a branch that is taken.
    taken: u64,
    call: u64,
    branch_register: u64,
    branch_table: u64,
    /// More for loading the program counter with others.
    and_return: u64,
    float_multiply_add: u64,
    float_divide: u64,
    /// The sum is divided by this, as a fraction.
    speed: (u64, u64),
}

/// Cortex-M0+ Technical Reference Manual (DDI 0484), table 3.1, with the fast multiplier. There are no instructions for the
/// fields that are 1 without being named there.
const M0_PLUS: Timing = Timing {
    load: 2,
    store: 2,
    store_indexed: 2,
    overlaps: false,
    multiply_add: 1,
    multiply_halves: 1,
    multiply_long: 1,
    multiply_add_long: 1,
    divide: 1,
    taken: 1,
    call: 3,
    branch_register: 2,
    branch_table: 1,
    and_return: 2,
    float_multiply_add: 1,
    float_divide: 1,
    speed: (1, 1),
};

/// Cortex-M3 Technical Reference Manual (DDI 0337), tables 3.1 and "load/store timings". A pipeline refill of 1 to 3 cycles
/// counts as 2, and where cycles depend on values, the middle is taken.
const M3: Timing = Timing {
    load: 2,
    store: 1,
    store_indexed: 2,
    overlaps: true,
    multiply_add: 2,
    multiply_halves: 1,
    multiply_long: 4,
    multiply_add_long: 5,
    divide: 7,
    taken: 2,
    call: 3,
    branch_register: 3,
    branch_table: 5,
    and_return: 2,
    float_multiply_add: 1,
    float_divide: 1,
    speed: (1, 1),
};

/// Cortex-M4 Technical Reference Manual (DDI 0439), tables 3.1, 7.1 (floats) and "load/store timings", read as for the M3.
const M4: Timing = Timing {
    multiply_add: 1,
    multiply_long: 1,
    multiply_add_long: 1,
    float_multiply_add: 3,
    float_divide: 14,
    ..M3
};

/// Arm publishes no timings of the Cortex-M33 and M7. They are taken as M4s that are faster by the ratio of the CoreMark
/// figures a MHz on Arm's product pages: 3.54 (M4), 4.10 (M33), 5.29 (M7). So dual issue is a rough factor.
const M33: Timing = Timing {
    speed: (410, 354),
    ..M4
};
const M7: Timing = Timing {
    speed: (529, 354),
    ..M4
};

/// Estimated cycles of these instructions on the core of a board; `None` for one whose timings are not known.
pub fn estimate(board: &str, executed: &[Executed]) -> Option<u64> {
    let timing = match board {
        // Its core has the instructions of the M0+; the estimate is for that.
        "qemu-m0" => M0_PLUS,
        "qemu-m3" => M3,
        "qemu-m4" => M4,
        "qemu-m7" => M7,
        "qemu-m33" => M33,
        _ => return None,
    };
    Some(timing.cycles(executed))
}

impl Timing {
    fn cycles(&self, executed: &[Executed]) -> u64 {
        let mut sum = 0;
        let mut before: Option<(Class, &Executed)> = None;
        for now in executed {
            let class = Class::of(now.opcode, now.size);
            sum += now.count * self.once(class);
            if class == Class::Branch {
                sum += now.left * self.taken;
            }
            let single = matches!(class, Class::Load | Class::Store | Class::StoreIndexed);
            if let Some((Class::Load, load)) = before
                && self.overlaps
                && single
                && self.once(class) > 1
                && load.address + u64::from(load.size) == now.address
            {
                sum -= (load.count - load.left).min(now.count);
            }
            before = Some((class, now));
        }
        sum * self.speed.1 / self.speed.0
    }

    /// Of one execution; a branch that is not taken.
    fn once(&self, class: Class) -> u64 {
        match class {
            Class::Simple | Class::Multiply | Class::Branch | Class::Float => 1,
            Class::Load => self.load,
            Class::Store => self.store,
            Class::StoreIndexed => self.store_indexed,
            Class::LoadMultiple(words) | Class::StoreMultiple(words) => 1 + u64::from(words),
            Class::PopAndReturn(words) => 1 + u64::from(words) + self.and_return,
            Class::MultiplyAdd => self.multiply_add,
            Class::MultiplyHalves => self.multiply_halves,
            Class::MultiplyLong => self.multiply_long,
            Class::MultiplyAddLong => self.multiply_add_long,
            Class::Divide => self.divide,
            Class::Call => self.call,
            Class::BranchRegister => self.branch_register,
            Class::BranchTable => self.branch_table,
            Class::FloatMultiplyAdd => self.float_multiply_add,
            Class::FloatDivide => self.float_divide,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: u64, opcode: u32, count: u64, left: u64) -> Executed {
        let size = if opcode > 0xffff { 4 } else { 2 };
        Executed {
            address,
            opcode,
            size,
            count,
            left,
        }
    }

    /// `ldrsh; ldrsh; smlad; subs; bne`: a loop of 100 turns.
    fn turns() -> Vec<Executed> {
        vec![
            at(0, 0xf931_0b02, 100, 0),
            at(4, 0xf932_cb02, 100, 0),
            at(8, 0xfb20_330c, 100, 0),
            at(12, 0x3c01, 100, 0),
            at(14, 0xd1f7, 100, 99),
        ]
    }

    #[test]
    fn a_loop_takes_what_the_manual_says() {
        // Two loads in 3 cycles, a multiplication, a subtraction, and a branch of 3 but for the last.
        assert_eq!(
            estimate("qemu-m4", &turns()),
            Some(100 * (3 + 1 + 1 + 1) + 99 * 2)
        );
        // Loads do not overlap on an M0+.
        assert_eq!(
            estimate("qemu-m0", &turns()),
            Some(100 * (4 + 1 + 1 + 1) + 99)
        );
    }

    #[test]
    fn faster_cores_take_less_and_unknown_ones_are_not_estimated() {
        let of = |board| estimate(board, &turns());
        assert!(of("qemu-m7") < of("qemu-m33") && of("qemu-m33") < of("qemu-m4"));
        assert_eq!(of("qemu-m55"), None);
    }

    #[test]
    fn a_load_behind_another_that_left_overlaps_with_nothing() {
        let apart = [at(0, 0x6808, 10, 10), at(2, 0x6808, 10, 0)];
        assert_eq!(M4.cycles(&apart), 40);
        let behind = [at(0, 0x6808, 10, 0), at(2, 0x6808, 10, 0)];
        assert_eq!(M4.cycles(&behind), 30);
        let elsewhere = [at(0, 0x6808, 10, 0), at(4, 0x6808, 10, 0)];
        assert_eq!(M4.cycles(&elsewhere), 40);
    }

    #[test]
    fn several_words_take_one_cycle_more_than_their_number() {
        assert_eq!(M3.cycles(&[at(0, 0xb530, 1, 0)]), 4);
        assert_eq!(M3.cycles(&[at(0, 0xbd30, 1, 1)]), 6);
        assert_eq!(M0_PLUS.cycles(&[at(0, 0xbd30, 1, 1)]), 6);
    }
}
