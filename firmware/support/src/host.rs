//! The host behind semihosting: exit code, panics and faults.

use semihosting::process;

/// Ends the program with success or failure.
pub fn exit(success: bool) -> ! {
    process::exit(i32::from(!success))
}

/// A panic has no text here: the runtime's inference has none, and texts of the rest would fill a small flash.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    match info.location() {
        Some(at) => defmt::error!("panic at {=str}:{=u32}", at.file(), at.line()),
        None => defmt::error!("panic"),
    }
    process::exit(PANIC)
}

/// Exit code of a panic.
pub const PANIC: i32 = 101;
/// Exit code of a processor fault, such as a stack overflow.
pub const FAULT: i32 = 102;

#[allow(unsafe_code)]
mod fault {
    //! The attribute of the start-up crate makes the handler an unsafe function.
    use super::{FAULT, process};

    #[cortex_m_rt::exception]
    unsafe fn HardFault(_frame: &cortex_m_rt::ExceptionFrame) -> ! {
        process::exit(FAULT)
    }
}
