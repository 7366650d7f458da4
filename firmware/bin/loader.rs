//! The loader image of every board: runs any model that the emulator puts into its flash.
#![no_std]
#![no_main]

include!(concat!(env!("OUT_DIR"), "/board.rs"));

#[dunlin_firmware::cortex_m_rt::entry]
fn main() -> ! {
    static mut RAM: dunlin::Arena<LOADER_BYTES> = dunlin::Arena::new();
    dunlin_firmware::loader::main::<LOADER_LAYERS>(BOARD, RAM.as_mut())
}
