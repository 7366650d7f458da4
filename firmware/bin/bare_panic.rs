//! An image that can panic: what `cargo xtask size` has to refuse.
#![no_std]
#![no_main]

use core::hint::black_box;

#[dunlin_firmware::cortex_m_rt::entry]
fn main() -> ! {
    let values = black_box([1, 2, 3]);
    dunlin_firmware::host::exit(values[black_box(2)] == 3)
}
