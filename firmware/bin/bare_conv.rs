//! A bare product: Conv1D(64, 3, relu) -> MaxPool1D(2) -> Flatten -> Dense(1) over windows of 50 samples.
#![no_std]
#![no_main]

use dunlin::{
    Arena, Model, W8A16, arena_bytes, features, include_model, layer_count, without_streams,
};

static MODEL: &[u8] = include_model!(concat!(env!("OUT_DIR"), "/conv.dunlin"));
const FEATURES: u64 = without_streams(features(MODEL));

#[dunlin_firmware::cortex_m_rt::entry]
fn main() -> ! {
    static mut ARENA: Arena<{ arena_bytes(MODEL) }> = Arena::new();
    static mut LOADED: Model<'static, W8A16<FEATURES>, { layer_count(MODEL) }> = Model::new();
    dunlin_firmware::bare::window::<50, FEATURES, _>(MODEL, LOADED, ARENA.as_mut())
}
