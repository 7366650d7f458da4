//! A bare product that has no model in it: it loads any integer model of all layers from where the board's manifest has room for one,
//! as an update over the air would put it there, and streams a window.
#![no_std]
#![no_main]

use dunlin::{Arena, Model, W8A16};

include!(concat!(env!("OUT_DIR"), "/board.rs"));

#[dunlin_firmware::cortex_m_rt::entry]
fn main() -> ! {
    static mut ARENA: Arena<9_728> = Arena::new();
    static mut LOADED: Model<'static, W8A16, 8> = Model::new();
    match BOARD.model() {
        Some(file) => dunlin_firmware::bare::stream(file, LOADED, ARENA.as_mut()),
        None => dunlin_firmware::host::exit(false),
    }
}
