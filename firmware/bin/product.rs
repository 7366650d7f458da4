//! The product image of every board: its model is built in.
#![no_std]
#![no_main]

use dunlin::{Arena, W8A16, arena_bytes, include_model, layer_count};

include!(concat!(env!("OUT_DIR"), "/board.rs"));

static MODEL: &[u8] = include_model!("../../tests/golden/v1/stacked_lstm.dunlin");

#[dunlin_firmware::cortex_m_rt::entry]
fn main() -> ! {
    static mut ARENA: Arena<{ arena_bytes(MODEL) }> = Arena::new();
    dunlin_firmware::product::main::<W8A16, { layer_count(MODEL) }>(BOARD, MODEL, ARENA)
}
