//! The model of `bare_conv`, sample by sample.
#![no_std]
#![no_main]

use dunlin::{Arena, Model, W8A16, arena_bytes, features, include_model, layer_count};

static MODEL: &[u8] = include_model!(concat!(env!("OUT_DIR"), "/conv.dunlin"));

#[dunlin_firmware::cortex_m_rt::entry]
fn main() -> ! {
    static mut ARENA: Arena<{ arena_bytes(MODEL) }> = Arena::new();
    static mut LOADED: Model<'static, W8A16<{ features(MODEL) }>, { layer_count(MODEL) }> =
        Model::new();
    dunlin_firmware::bare::stream(MODEL, LOADED, ARENA.as_mut())
}
