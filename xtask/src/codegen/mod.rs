//! `codegen`: the hot loops in linked images are made of the instructions that they are written for, and images with an integer
//! model built in have no software floats.
use std::fs;

use dunlin_trainer::device::{self, Board};
use object::{File, Object, ObjectSection, ObjectSymbol};

use crate::firmware::chosen;
use crate::setup;
use crate::step::{Failure, Outcome};

mod opcode;

use opcode::{Opcode, count};

/// A loop that has to have these instructions.
struct Hot {
    /// The boards' cores, as their manifests name them.
    cores: &'static [&'static str],
    image: &'static str,
    /// The end of the function's path.
    function: &'static str,
    instructions: &'static [Opcode],
}

const DSP: &[&str] = &["cortex-m4", "cortex-m7", "cortex-m33"];

/// A kernel that comes or goes is a line here.
const HOT: [Hot; 4] = [
    Hot {
        cores: DSP,
        image: "bare_lstm",
        function: "kernel::row_pairs::dot4_program",
        instructions: &[Opcode::Smlald, Opcode::Smlad],
    },
    Hot {
        cores: DSP,
        image: "bare_conv",
        function: "kernel::places::programs::places_program",
        instructions: &[Opcode::Smlad],
    },
    Hot {
        cores: &["cortex-m55"],
        image: "bare_lstm",
        function: "kernel::rows_mve::programs::products_program",
        instructions: &[Opcode::Vmlava, Opcode::Letp],
    },
    Hot {
        cores: &["cortex-m55"],
        image: "bare_conv",
        function: "kernel::places_mve::many::program",
        instructions: &[Opcode::Vmlava],
    },
];

/// Images of integer models.
const INTEGER: [&str; 2] = ["bare_lstm", "bare_conv"];
/// Beginnings of the names of functions that compute floats in software.
const FLOATS: [&str; 10] = [
    "__aeabi_f",
    "__aeabi_d",
    "__aeabi_cf",
    "__aeabi_cd",
    "__aeabi_i2",
    "__aeabi_ui2",
    "__aeabi_l2",
    "__aeabi_ul2",
    "compiler_builtins::float",
    "libm::",
];

pub fn run(names: &[String]) -> Outcome {
    setup::targets()?;
    let mut broken = Vec::new();
    for board in chosen(names)? {
        for image in INTEGER {
            let code = Code::of(&board, image)?;
            let floats = code.floats();
            broken.extend(
                floats.map(|name| format!("{image} on {} has software floats: {name}", board.name)),
            );
            for hot in HOT.iter().filter(|hot| hot.is_for(&board, image)) {
                let function = code.function(hot.function).unwrap_or_default();
                let counts: Vec<usize> = hot
                    .instructions
                    .iter()
                    .map(|&opcode| count(function, opcode))
                    .collect();
                for (opcode, count) in hot.instructions.iter().zip(&counts) {
                    println!(
                        "{}, {image}: {count} {} in {}",
                        board.name,
                        opcode.name(),
                        hot.function
                    );
                }
                broken.extend(hot.missing(function).map(|name| {
                    format!(
                        "{} of {image} on {} has no {name}",
                        hot.function, board.name
                    )
                }));
            }
        }
    }
    if broken.is_empty() {
        println!("no software floats in {}", INTEGER.join(" and "));
        Ok(())
    } else {
        Err(Failure::new(broken.join("\n       ")))
    }
}

impl Hot {
    fn is_for(&self, board: &Board, image: &str) -> bool {
        self.image == image && self.cores.contains(&board.cpu.as_str())
    }

    /// Names of the instructions that the code lacks.
    fn missing(&self, code: &[u16]) -> impl Iterator<Item = &'static str> {
        self.instructions
            .iter()
            .filter(|&&opcode| count(code, opcode) == 0)
            .map(|opcode| opcode.name())
    }
}

/// The functions of an image: names and Thumb code.
#[derive(Debug, Default)]
struct Code(Vec<(String, Vec<u16>)>);

impl Code {
    fn of(board: &Board, image: &str) -> Result<Self, Failure> {
        let path = device::build(board, image)?;
        let failed =
            |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", path.display()));
        let elf = fs::read(&path).map_err(|error| failed(&error))?;
        let file = File::parse(elf.as_slice()).map_err(|error| failed(&error))?;
        let mut functions = Vec::new();
        for symbol in file.symbols().filter(|symbol| symbol.size() > 0) {
            let name = symbol.name().map_err(|error| failed(&error))?;
            let name = format!("{:#}", rustc_demangle::demangle(name));
            let section = symbol.section_index();
            let section = section.and_then(|index| file.section_by_index(index).ok());
            // Bit 0 says that it is Thumb code.
            let bytes = section.and_then(|section| {
                let start = symbol.address() & !1;
                section.data_range(start, symbol.size()).ok().flatten()
            });
            let halves = bytes.unwrap_or_default().chunks_exact(2);
            let code = halves.map(|half| u16::from_le_bytes([half[0], half[1]]));
            functions.push((name, code.collect()));
        }
        Ok(Self(functions))
    }

    fn function(&self, end: &str) -> Option<&[u16]> {
        let found = self.0.iter().find(|(name, _)| name.ends_with(end));
        found.map(|(_, code)| code.as_slice())
    }

    /// Names of functions that compute floats in software.
    fn floats(&self) -> impl Iterator<Item = &str> {
        let names = self.0.iter().map(|(name, _)| name.as_str());
        names.filter(|name| {
            let builtin = name.starts_with("__") && (name.contains("sf") || name.contains("df"));
            builtin || FLOATS.iter().any(|begin| name.starts_with(begin))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_without_its_instruction_is_found() {
        let [pairs, ..] = HOT;
        // smlald r0, r1, r2, r3; smlad r3, r4, r8, r3; bx lr
        let text = [0xfbc2, 0x01c3, 0xfb24, 0x3308, 0x4770];
        assert_eq!(pairs.missing(&text).count(), 0);
        assert_eq!(pairs.missing(&text[2..]).collect::<Vec<_>>(), ["smlald"]);
        // A function that is not there has none.
        let none: Vec<_> = pairs.missing(&[]).collect();
        assert_eq!(none, ["smlald", "smlad"]);
    }

    #[test]
    fn software_floats_are_found() {
        let named = |names: &[&str]| {
            Code(
                names
                    .iter()
                    .map(|name| ((*name).to_owned(), Vec::new()))
                    .collect(),
            )
        };
        let floats = [
            "__aeabi_fmul",
            "__aeabi_dadd",
            "__aeabi_i2f",
            "__aeabi_ui2d",
            "__aeabi_fcmplt",
            "__mulsf3",
            "__fixsfsi",
            "compiler_builtins::float::add::add",
            "libm::math::expf",
        ];
        assert_eq!(named(&floats).floats().count(), floats.len());
        let integers = [
            "__aeabi_uidiv",
            "__aeabi_lmul",
            "__aeabi_memclr",
            "Reset",
            "dunlin::math::table::power",
        ];
        assert_eq!(named(&integers).floats().count(), 0);
    }

    #[test]
    fn every_loop_is_on_a_board() {
        let boards = chosen(&[]).unwrap();
        for hot in &HOT {
            assert!(boards.iter().any(|board| hot.is_for(board, hot.image)));
        }
    }
}
