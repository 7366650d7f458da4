//! What a product's image must not have in it: code that panics or formats, and an allocator.
use super::image::Symbol;

/// Beginnings of names, with what they are.
const FORBIDDEN: [(&str, &str); 8] = [
    ("core::panicking::", "a panic"),
    ("core::slice::index::slice_", "a panic"),
    ("core::option::unwrap_failed", "a panic"),
    ("core::option::expect_failed", "a panic"),
    ("core::result::unwrap_failed", "a panic"),
    ("core::fmt::", "formatting"),
    ("alloc::", "an allocator"),
    ("__rust_alloc", "an allocator"),
];
/// Panics end here, whatever crate they start in.
const HANDLER: &str = "rust_begin_unwind";

/// The symbols that must not be there, each with what it is.
pub fn forbidden(symbols: &[Symbol]) -> Vec<(&str, &'static str)> {
    let found = |symbol: &Symbol| {
        if symbol.name.ends_with(HANDLER) {
            return Some("a panic");
        }
        // Of an implementation, its type or its trait.
        let parts = symbol.name.split([' ', '<', '&', '(']);
        let begins = |part: &str| FORBIDDEN.iter().find(|(begin, _)| part.starts_with(begin));
        parts.into_iter().find_map(begins).map(|(_, what)| *what)
    };
    symbols
        .iter()
        .filter_map(|symbol| Some((symbol.name.as_str(), found(symbol)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Symbol {
        Symbol {
            name: name.to_owned(),
            bytes: 4,
            is_ram: false,
        }
    }

    #[test]
    fn panics_formatting_and_allocators_are_found() {
        for (name, what) in [
            ("core::panicking::panic_bounds_check", "a panic"),
            ("core::slice::index::slice_index_fail", "a panic"),
            ("core::option::unwrap_failed", "a panic"),
            ("__rustc::rust_begin_unwind", "a panic"),
            ("<core::fmt::Formatter>::pad_integral", "formatting"),
            ("<usize as core::fmt::Display>::fmt", "formatting"),
            ("alloc::alloc::handle_alloc_error", "an allocator"),
            ("__rust_alloc", "an allocator"),
        ] {
            let symbols = [named("dunlin::plan::Plan::make"), named(name)];
            assert_eq!(forbidden(&symbols), [(name, what)]);
        }
    }

    #[test]
    fn other_code_is_not() {
        for name in [
            "dunlin::session::walk::execute",
            "<core::iter::adapters::zip::Zip<A,B>>::new",
            "compiler_builtins::mem::memcpy",
            "core::array::<impl [T; N]>::try_map",
            "core::option::Option<T>::map_or",
            "__aeabi_memclr",
            "Reset",
        ] {
            assert_eq!(forbidden(&[named(name)]), []);
        }
    }
}
