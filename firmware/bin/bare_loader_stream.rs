//! [`bare_loader`](../bare_loader/index.html) with streams: it gives the window sample by sample.
#![no_std]
#![no_main]

use dunlin::format::features::ALL;
use dunlin::{Arena, Model, W8A16, compact, for_packing};

include!(concat!(env!("OUT_DIR"), "/board.rs"));

const FEATURES: u64 = compact(for_packing(ALL, PACKING));

#[dunlin_firmware::cortex_m_rt::entry]
fn main() -> ! {
    static mut ARENA: Arena<9_728> = Arena::new();
    static mut LOADED: Model<'static, W8A16<FEATURES>, 8> = Model::new();
    match BOARD.model() {
        Some(file) => dunlin_firmware::bare::stream(file, LOADED, ARENA.as_mut()),
        None => dunlin_firmware::host::exit(false),
    }
}
