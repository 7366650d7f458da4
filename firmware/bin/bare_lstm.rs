//! A bare product: LSTM(100, relu) -> Dense(1) over windows of 50 samples.
#![no_std]
#![no_main]

use dunlin::{Arena, Model, W8A16, arena_bytes, features, include_model, layer_count};

static MODEL: &[u8] = include_model!("../models/lstm.dunlin");

#[dunlin_firmware::cortex_m_rt::entry]
fn main() -> ! {
    static mut ARENA: Arena<{ arena_bytes(MODEL) }> = Arena::new();
    let mut model = Model::<W8A16<{ features(MODEL) }>, { layer_count(MODEL) }>::new();
    dunlin_firmware::bare::main(MODEL, &mut model, ARENA.as_mut())
}
