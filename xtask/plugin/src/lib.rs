//! A plugin of QEMU's code generator (TCG): how often each instruction of the measured calls is executed.
//!
//! `-plugin libexecuted.so,out=FILE`. Counting starts behind an executed `mov r9, r9` and ends at a `mov r10, r10`, which
//! the images' counter puts around each call and compilers do not emit. When QEMU ends, `FILE` gets a line an instruction:
//! address, opcode and its bytes, executions, and how often something else than the next instruction followed; the first
//! two in hexadecimal.
//!
//! QEMU documents the interface in its `qemu-plugin.h`; what is used of it has not changed since version 1.
#![allow(unsafe_code)] // the interface is one of C

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::fmt::Write;
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64};
use std::sync::{Mutex, OnceLock, PoisonError};

type Id = u64;

/// A block that is being translated.
#[repr(C)]
struct Block(c_void);

/// An instruction of a block.
#[repr(C)]
struct Instruction(c_void);

unsafe extern "C" {
    fn qemu_plugin_register_vcpu_tb_trans_cb(id: Id, call: extern "C" fn(Id, *mut Block));
    fn qemu_plugin_register_atexit_cb(
        id: Id,
        call: extern "C" fn(Id, *mut c_void),
        data: *mut c_void,
    );
    fn qemu_plugin_tb_n_insns(block: *const Block) -> usize;
    fn qemu_plugin_tb_get_insn(block: *const Block, index: usize) -> *mut Instruction;
    fn qemu_plugin_insn_vaddr(instruction: *const Instruction) -> u64;
    fn qemu_plugin_insn_size(instruction: *const Instruction) -> usize;
    fn qemu_plugin_insn_data(instruction: *const Instruction) -> *const c_void;
    fn qemu_plugin_register_vcpu_insn_exec_cb(
        instruction: *mut Instruction,
        call: extern "C" fn(c_uint, *mut c_void),
        flags: c_int,
        data: *mut c_void,
    );
}

/// The version of the interface that this plugin is written for.
// SAFETY: no other symbol of this name is in QEMU; it looks it up in each plugin.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)] // QEMU's name
pub static qemu_plugin_version: c_int = 1;

/// `mov r9, r9`
const START: u32 = 0x46c9;
/// `mov r10, r10`
const END: u32 = 0x46d2;
/// The callbacks read no registers.
const NO_REGISTERS: c_int = 0;

/// An instruction and what was seen of it.
struct Place {
    address: u64,
    size: u64,
    /// The first halfword in front.
    opcode: u32,
    executed: AtomicU64,
    /// How often something else than the next instruction followed.
    left: AtomicU64,
}

static PLACES: Mutex<BTreeMap<(u64, u32), &'static Place>> = Mutex::new(BTreeMap::new());
static OUT: OnceLock<String> = OnceLock::new();
static COUNTING: AtomicBool = AtomicBool::new(false);
/// The instruction before; null for none.
static LAST: AtomicPtr<Place> = AtomicPtr::new(ptr::null_mut());

/// QEMU calls this once, with the plugin's arguments.
///
/// # Safety
/// `arguments` are `count` strings of C, as QEMU gives them.
// SAFETY: as for the version.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: Id,
    _: *const c_void,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    for i in 0..usize::try_from(count).unwrap_or_default() {
        // SAFETY: one of the `count` strings that the caller promises.
        let argument = unsafe { CStr::from_ptr(*arguments.add(i)) };
        if let Some(path) = argument.to_string_lossy().strip_prefix("out=") {
            OUT.get_or_init(|| path.to_owned());
        }
    }
    if OUT.get().is_none() {
        eprintln!("executed: the argument out=FILE is missing");
        return -1;
    }
    // SAFETY: `id` is the one that QEMU has just given; both functions have the types that it calls.
    unsafe {
        qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
        qemu_plugin_register_atexit_cb(id, ended, ptr::null_mut());
    }
    0
}

/// Has each instruction of a new block counted.
extern "C" fn translated(_: Id, block: *mut Block) {
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: QEMU's block is valid during this call, and so are the instructions that it gives for indices below their
    // number. The data of an instruction has its size: two or four bytes. A place that is handed over lives for ever.
    unsafe {
        for index in 0..qemu_plugin_tb_n_insns(block) {
            let instruction = qemu_plugin_tb_get_insn(block, index);
            let address = qemu_plugin_insn_vaddr(instruction);
            let size = qemu_plugin_insn_size(instruction);
            let halfwords = qemu_plugin_insn_data(instruction).cast::<[u8; 2]>();
            let opcode = (0..size / 2).fold(0, |opcode, i| {
                opcode << 16 | u32::from(u16::from_le_bytes(halfwords.add(i).read()))
            });
            let place: &'static Place = places.entry((address, opcode)).or_insert_with(|| {
                Box::leak(Box::new(Place {
                    address,
                    size: size as u64,
                    opcode,
                    executed: AtomicU64::new(0),
                    left: AtomicU64::new(0),
                }))
            });
            let data = ptr::from_ref(place).cast_mut().cast();
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, executed, NO_REGISTERS, data);
        }
    }
}

/// Counts an instruction that is about to be executed. The boards have one core, so nothing is counted at the same time.
extern "C" fn executed(_: c_uint, place: *mut c_void) {
    let place: *mut Place = place.cast();
    // SAFETY: `translated` hands over places, which live for ever and are only read and changed atomically.
    let now = unsafe { &*place };
    if now.opcode == START {
        LAST.store(ptr::null_mut(), Relaxed);
        COUNTING.store(true, Relaxed);
        return;
    }
    if !COUNTING.load(Relaxed) {
        return;
    }
    // SAFETY: as above, or null.
    if let Some(last) = unsafe { LAST.swap(place, Relaxed).as_ref() }
        && last.address + last.size != now.address
    {
        last.left.fetch_add(1, Relaxed);
    }
    if now.opcode == END {
        COUNTING.store(false, Relaxed);
        return;
    }
    now.executed.fetch_add(1, Relaxed);
}

/// Writes the file when QEMU ends.
extern "C" fn ended(_: Id, _: *mut c_void) {
    let mut text = String::new();
    for place in PLACES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .values()
    {
        let count = place.executed.load(Relaxed);
        if count > 0 {
            let (address, opcode, size) = (place.address, place.opcode, place.size);
            let left = place.left.load(Relaxed);
            // Writing to a string does not fail.
            writeln!(text, "{address:x} {opcode:x} {size} {count} {left}").ok();
        }
    }
    if let Some(path) = OUT.get()
        && let Err(error) = std::fs::write(path, text)
    {
        eprintln!("executed: {path}: {error}");
    }
}
