//! A bare product that has no model in it: it loads any integer model of all layers from where the board's manifest has room for one,
//! as an update over the air would put it there, and runs a window. It is as small as it can be: models are packed for the board's
//! core, and run in more instructions than those of the other images.
#![no_std]
#![no_main]

use dunlin::format::features::ALL;
use dunlin::{Arena, Model, W8A16, compact, for_packing, without_streams};

include!(concat!(env!("OUT_DIR"), "/board.rs"));

const FEATURES: u64 = compact(without_streams(for_packing(ALL, PACKING)));

#[dunlin_firmware::cortex_m_rt::entry]
fn main() -> ! {
    static mut ARENA: Arena<9_728> = Arena::new();
    static mut LOADED: Model<'static, W8A16<FEATURES>, 8> = Model::new();
    match BOARD.model() {
        Some(file) => {
            dunlin_firmware::bare::any_window::<128, FEATURES, _>(file, LOADED, ARENA.as_mut())
        }
        None => dunlin_firmware::host::exit(false),
    }
}
