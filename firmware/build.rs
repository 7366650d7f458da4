//! Build script of every board: turns the facts in its manifest into one `memory.x` an image and `board.rs`.
use std::{env, fs, path::PathBuf};
use toml::{Table, Value};

fn main() {
    let board = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let manifest = read(board.join("Cargo.toml"));
    let workspace = read(board.join("../../Cargo.toml"));
    let facts = &manifest["package"]["metadata"]["dunlin"];
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));

    let logging = ["product", "loader", "conformance"];
    let bare = [
        "bare_lstm",
        "bare_conv",
        "bare_conv_stream",
        "bare_loader",
        "bare_loader_stream",
        "bare_panic",
    ];
    for bin in logging.into_iter().chain(bare) {
        let folder = out.join(bin);
        fs::create_dir_all(&folder).expect("OUT_DIR is writable");
        fs::write(folder.join("memory.x"), memory_x(facts, bin)).expect("OUT_DIR is writable");
        fs::write(folder.join("bare.x"), BARE_X).expect("OUT_DIR is writable");
        // No interrupt has a handler: see support/src/vectors.rs.
        fs::write(folder.join("device.x"), "").expect("OUT_DIR is writable");
        println!("cargo:rustc-link-arg-bin={bin}=-L{}", folder.display());
    }
    for bin in logging {
        println!("cargo:rustc-link-arg-bin={bin}=-Tdefmt.x");
    }
    for bin in bare {
        println!("cargo:rustc-link-arg-bin={bin}=-Tbare.x");
    }
    let name = env::var("CARGO_PKG_NAME").expect("cargo sets it");
    let shift = number(&workspace["workspace"]["metadata"]["dunlin"]["icount_shift"]);
    fs::write(out.join("board.rs"), board_rs(&name, facts, shift)).expect("OUT_DIR is writable");

    // The models of the bare images, packed for the board's core.
    let target = facts["models"].as_str().expect("models is a string");
    for model in ["lstm.dunlin", "conv.dunlin"] {
        let from = board.join("../../models").join(target).join(model);
        println!("cargo:rerun-if-changed={}", from.display());
        fs::copy(&from, out.join(model)).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    }

    println!("cargo:rustc-link-arg-bins=--nmagic");
    // Functions of the same code, as generics have them, are one.
    println!("cargo:rustc-link-arg-bins=--icf=all");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rerun-if-changed=Cargo.toml");
    println!("cargo:rerun-if-changed=../../Cargo.toml");
    println!("cargo:rerun-if-changed=../../build.rs");
}

/// As defmt's own script, but the logger is linked only where something logs: in a bare image a panic would.
const BARE_X: &str = "PROVIDE(_defmt_timestamp = __defmt_default_timestamp);\n\
     SECTIONS { .defmt 1 (INFO) : { . = 1; *(.defmt .defmt.*); } }\n";

/// The linker's view: the stack lies below the data, so that an overflow leaves the RAM and faults
/// instead of overwriting anything; the loader may fill the flash only up to where a model begins.
fn memory_x(facts: &Value, bin: &str) -> String {
    let (flash, ram) = (&facts["flash"], &facts["ram"]);
    // The suite has no arena; its reference kernels want more stack than a model.
    let stack = match bin {
        "conformance" => number(&ram["length"]) / 2,
        // More than the budget, so that it can be seen how much more an image takes.
        _ if bin.starts_with("bare") => 0x1000,
        _ => number(&facts["loader"]["stack"]),
    };
    let flash_length = match bin {
        "loader" | "bare_loader" | "bare_loader_stream" => number(&facts["loader"]["flash"]),
        _ => number(&flash["length"]),
    };
    let origin = number(&ram["origin"]);
    let ram_length = match bin {
        "loader" => loader_ram(facts),
        _ => number(&ram["length"]),
    };
    format!(
        "MEMORY\n{{\n  FLASH : ORIGIN = {:#x}, LENGTH = {:#x}\n  STACK : ORIGIN = {origin:#x}, LENGTH = {stack:#x}\n  \
         RAM : ORIGIN = {:#x}, LENGTH = {:#x}\n}}\n\
         _stack_start = ORIGIN(STACK) + LENGTH(STACK);\n_stack_end = ORIGIN(STACK);\n",
        number(&flash["origin"]),
        flash_length,
        origin + stack,
        ram_length - stack,
    )
}

/// The emulator may give the loader more than the chip has.
fn loader_ram(facts: &Value) -> i64 {
    let emulated = facts.get("emulated").map(|emulated| &emulated["ram"]);
    number(emulated.unwrap_or(&facts["ram"]["length"]))
}

/// The programs' view: constants that the shared support crate takes.
fn board_rs(name: &str, facts: &Value, shift: i64) -> String {
    let (flash, loader) = (&facts["flash"], &facts["loader"]);
    let counter = &facts["counter"];
    let timer = counter["timer"]
        .as_str()
        .expect("counter.timer is a string");
    let packing = match facts["models"].as_str().expect("models is a string") {
        "m0" => "OffsetQuads",
        "m4" => "RowPairs",
        "portable" => "RowMajor",
        other => panic!("{other} is no folder of models"),
    };
    // ticks = instructions * 2^shift ns * hertz, so instructions = ticks * 10^9 / (hertz * 2^shift).
    let (numerator, denominator) = reduced(1_000_000_000, number(&counter["hertz"]) << shift);
    format!(
        "/// The board, from the metadata in its manifest.\n\
         pub const BOARD: dunlin_firmware::Board = dunlin_firmware::Board {{\n    name: {name:?},\n    \
         model_origin: {:#x},\n    model_capacity: {:#x},\n    \
         timer: dunlin_firmware::counter::{timer}({:#x}),\n    instructions_per_tick: ({numerator}, {denominator}),\n}};\n\
         /// RAM that the loader leaves to arena and input window.\n#[allow(dead_code)]\n\
         pub const LOADER_BYTES: usize = {:#x};\n\
         /// The longest model that the loader takes.\n#[allow(dead_code)]\npub const LOADER_LAYERS: usize = {};\n\
         /// How weights are packed for the board's core.\n#[allow(dead_code)]\n\
         pub const PACKING: dunlin::Packing = dunlin::Packing::{packing};\n",
        number(&flash["origin"]) + number(&loader["flash"]),
        number(&flash["length"]) - number(&loader["flash"]),
        number(&counter["base"]),
        loader_ram(facts) - number(&loader["stack"]) - number(&loader["statics"]),
        number(&loader["layers"]),
    )
}

fn reduced(numerator: i64, denominator: i64) -> (i64, i64) {
    let (mut a, mut b) = (numerator, denominator);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (numerator / a, denominator / a)
}

fn number(value: &Value) -> i64 {
    value
        .as_integer()
        .expect("a board fact is a number of bytes or hertz")
}

fn read(path: PathBuf) -> Table {
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse()
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
