//! What others need for the twelve compared cases, and what is aimed at here.

/// Instructions of one warm call of the best C build that was found (CMSIS-NN, int8 weights and activations, gcc 12.2 -O3),
/// counted in the same emulator, and the figures aimed at. M0 stands for M0+: they have the same instructions.
pub struct Reference {
    pub name: &'static str,
    pub c: Boards,
    pub aim: Boards,
}

/// A figure for each of the boards that are compared.
pub struct Boards {
    m4: u64,
    m0: u64,
    m55: u64,
}

impl Boards {
    pub fn on(&self, board: &str) -> Option<u64> {
        match board {
            "qemu-m4" => Some(self.m4),
            "qemu-m0" => Some(self.m0),
            "qemu-m55" => Some(self.m55),
            _ => None,
        }
    }
}

/// The reference of a case.
pub fn of(name: &str) -> Option<&'static Reference> {
    REFERENCES.iter().find(|reference| reference.name == name)
}

const fn line(name: &'static str, c: [u64; 3], aim: [u64; 3]) -> Reference {
    const fn boards([m4, m0, m55]: [u64; 3]) -> Boards {
        Boards { m4, m0, m55 }
    }
    Reference {
        name,
        c: boards(c),
        aim: boards(aim),
    }
}

/// M4, M0, M55.
#[rustfmt::skip]
const REFERENCES: [Reference; 12] = [
    line("lstm_t50_i1_h100", [6_270_884, 18_239_996, 2_469_684], [2_500_000, 9_000_000, 1_200_000]),
    line("lstm_t50_i9_h32", [1_361_248, 3_767_340, 608_844], [480_000, 1_600_000, 300_000]),
    line("lstm_t50_i1_h20", [712_470, 1_954_723, 413_636], [230_000, 700_000, 160_000]),
    line("lstm_t1_i32_h64", [78_953, 227_873, 28_636], [32_000, 125_000, 14_000]),
    line("conv_l50_c1_o64_k3_valid", [151_479, 381_620, 58_375], [35_000, 150_000, 20_000]),
    line("conv_l24_c64_o64_k3_same", [557_845, 1_974_305, 83_096], [300_000, 1_150_000, 80_000]),
    line("conv_l128_c9_o32_k5_valid", [515_981, 1_589_697, 109_148], [210_000, 820_000, 80_000]),
    line("conv_l32_c64_o64_k1", [276_695, 1_005_011, 51_698], [140_000, 560_000, 40_000]),
    line("depthwise_l49_c64_k9_same", [325_266, 1_550_588, 63_127], [70_000, 300_000, 40_000]),
    line("dense_128_128", [36_477, 111_381, 9_435], [17_500, 66_000, 7_500]),
    line("dense_1536_1", [3_786, 12_582, 1_410], [1_700, 8_000, 900]),
    line("maxpool_l48_c64_p2", [31_715, 113_423, 5_279], [6_000, 25_000, 2_500]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cases;

    #[test]
    fn the_first_cases_are_the_compared_ones_in_their_order() {
        let names: Vec<&str> = REFERENCES.iter().map(|line| line.name).collect();
        let cases = cases::all();
        let first: Vec<&str> = cases.iter().take(12).map(|case| case.name).collect();
        assert_eq!(names, first);
    }
}
