//! What a linked image takes: its sections and its functions and constants, by crate.
use std::collections::{BTreeMap, BTreeSet};

use object::{File, Object, ObjectSection, ObjectSymbol, SectionFlags, SymbolSection};

/// Bytes in flash and RAM, and what they are of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    /// Sections with an address in the target's memory: name, bytes, and whether they are RAM.
    pub sections: Vec<(String, u64, bool)>,
    pub symbols: Vec<Symbol>,
}

/// A function, a constant or a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// As in the source.
    pub name: String,
    pub bytes: u64,
    pub is_ram: bool,
}

/// Allocated, and writable.
const ALLOCATED: u64 = object::elf::SHF_ALLOC as u64;
const WRITABLE: u64 = object::elf::SHF_WRITE as u64;
/// Sections of the standard library's crates count as one.
const STANDARD: [&str; 3] = ["alloc", "compiler_builtins", "core"];

impl Image {
    /// Reads a linked ELF file.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(elf: &[u8]) -> Result<Self, object::Error> {
        let file = File::parse(elf)?;
        let mut image = Self::default();
        let mut memory = BTreeMap::new();
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else {
                continue;
            };
            if sh_flags & ALLOCATED != 0 && section.size() > 0 {
                let is_ram = sh_flags & WRITABLE != 0;
                memory.insert(section.index().0, is_ram);
                let name = section.name()?.to_owned();
                image.sections.push((name, section.size(), is_ram));
            }
        }
        let mut places = BTreeSet::new();
        for symbol in file.symbols() {
            let SymbolSection::Section(section) = symbol.section() else {
                continue;
            };
            let Some(&is_ram) = memory.get(&section.0) else {
                continue;
            };
            // Functions of the same code have one place.
            if symbol.size() > 0 && places.insert((section.0, symbol.address())) {
                image.symbols.push(Symbol {
                    name: format!("{:#}", rustc_demangle::demangle(symbol.name()?)),
                    bytes: symbol.size(),
                    is_ram,
                });
            }
        }
        image
            .symbols
            .sort_by(|a, b| (b.bytes, &a.name).cmp(&(a.bytes, &b.name)));
        Ok(image)
    }

    /// Bytes of flash, what RAM starts with included.
    pub fn flash(&self) -> u64 {
        let stored = |name: &str, is_ram: bool| !is_ram || name == ".data";
        let of = self.sections.iter();
        of.filter(|(name, _, is_ram)| stored(name, *is_ram))
            .map(|(_, bytes, _)| bytes)
            .sum()
    }

    /// Bytes of variables.
    pub fn ram(&self) -> u64 {
        let of = self.sections.iter();
        of.filter(|(_, _, is_ram)| *is_ram)
            .map(|(_, bytes, _)| bytes)
            .sum()
    }

    /// Bytes of flash by crate, the largest first; the last is what has no name: literals, tables of jumps and gaps.
    pub fn crates(&self) -> Vec<(String, u64)> {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for symbol in self.symbols.iter().filter(|symbol| !symbol.is_ram) {
            *sums.entry(crate_of(&symbol.name).to_owned()).or_default() += symbol.bytes;
        }
        let named: u64 = sums.values().sum();
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        sums.push((
            "without a name".to_owned(),
            self.flash().saturating_sub(named),
        ));
        sums
    }
}

/// The crate that a name is of: the first word of its path, behind all signs; `std` for those of the standard library.
pub fn crate_of(name: &str) -> &str {
    // Of an implementation, the type's crate; of the core's for a closure or a generic, the name before.
    let path = name.trim_start_matches(['<', '&', '(', '[', '*']);
    let path = path.strip_prefix("mut ").unwrap_or(path);
    let first = path.split("::").next().unwrap_or_default();
    let is_path = path.contains("::")
        && first
            .chars()
            .all(|sign| sign.is_alphanumeric() || sign == '_');
    if first.starts_with("__aeabi") || first.starts_with("mem") {
        return "std";
    }
    match (is_path, STANDARD.contains(&first)) {
        (true, true) => "std",
        (true, false) => first,
        // Reset, vectors and handlers have plain names.
        (false, _) => "start-up",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_belongs_to_a_crate() {
        for (name, of) in [
            ("dunlin::plan::Plan::make", "dunlin"),
            (
                "<dunlin::error::LoadError as core::fmt::Debug>::fmt",
                "dunlin",
            ),
            (
                "<&mut dunlin::model::Model as core::fmt::Debug>::fmt",
                "dunlin",
            ),
            ("dunlin_firmware::bare::word", "dunlin_firmware"),
            ("core::panicking::panic", "std"),
            ("compiler_builtins::mem::memcpy", "std"),
            ("__aeabi_memclr4", "std"),
            ("memmove", "std"),
            ("bare_lstm::__cortex_m_rt_main", "bare_lstm"),
            ("Reset", "start-up"),
            ("__EXCEPTIONS", "start-up"),
            ("[T; N]::map", "start-up"),
        ] {
            assert_eq!(crate_of(name), of, "{name}");
        }
    }

    #[test]
    fn flash_and_ram_are_sums_of_sections() {
        let section = |name: &str, bytes, is_ram| (name.to_owned(), bytes, is_ram);
        let symbol = |name: &str, bytes, is_ram| Symbol {
            name: name.to_owned(),
            bytes,
            is_ram,
        };
        let image = Image {
            sections: vec![
                section(".text", 100, false),
                section(".rodata", 20, false),
                section(".data", 4, true),
                section(".bss", 64, true),
            ],
            symbols: vec![
                symbol("dunlin::run", 70, false),
                symbol("core::add", 10, false),
                symbol("dunlin::STATE", 64, true),
            ],
        };
        assert_eq!((image.flash(), image.ram()), (124, 68));
        let crates = [("dunlin", 70), ("std", 10), ("without a name", 44)];
        let crates = crates.map(|(name, bytes)| (name.to_owned(), bytes));
        assert_eq!(image.crates(), crates);
    }
}
