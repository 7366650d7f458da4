//! The conformance image of every board.
#![no_std]
#![no_main]

include!(concat!(env!("OUT_DIR"), "/board.rs"));

#[dunlin_firmware::cortex_m_rt::entry]
fn main() -> ! {
    dunlin_firmware::conformance::main(BOARD)
}
