//! The model refuses what a core or a caller would: each refusal with its line.
use std::format;
use std::string::{String, ToString};

use super::{Core, Machine, Memory, Program};
use crate::inputs::Random;

/// What a text does with a buffer of eight bytes to read in r0, at `offset` behind a multiple of 64, and one to write in r1.
fn run(text: &str, core: Core, offset: u32) -> Result<[u32; 16], String> {
    let program = Program::parse(text, core).map_err(|fault| fault.to_string())?;
    let mut memory = Memory::default();
    let from = memory.readable(&[1, 2, 3, 4, 0xf5, 6, 7, 8], offset);
    let to = memory.unwritten(8, 0);
    let mut machine = Machine::new(memory, &mut Random::new());
    let returned = machine.call(&program, &[from, to], &[77, 88]);
    returned
        .map(|returned| returned.registers)
        .map_err(|fault| fault.to_string())
}

#[track_caller]
fn refused(text: &str, core: Core, offset: u32, says: &str) {
    let sentence = run(text, core, offset).expect_err(text);
    assert!(sentence.contains(says), "{text}: {sentence}");
}

#[test]
fn programs_give_what_they_compute() {
    let of = |text: &str| run(text, Core::V7em, 0).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(of("ldrsb r2, [r0, #4]\nbx lr")[2], 0xffff_fff5);
    assert_eq!(
        of("ldrd r2, r3, [r0]\nbx lr")[2..4],
        [0x0403_0201, 0x0807_06f5]
    );
    assert_eq!(of("ldr r2, [sp]\nldr r3, [sp, #4]\nbx lr")[2..4], [77, 88]);
    // A loop of three, with a sum of the bytes that it meets.
    let text =
        "movs r2, #0\nmovs r3, #3\n1: ldrb r12, [r0], #1\nadd r2, r12\nsubs r3, #1\nbne 1b\nbx lr";
    assert_eq!(of(text)[2], 6);
    let text = "push {r4, r5, lr}\nldm r0, {r4, r5}\nstm r1!, {r4, r5}\nldr r2, [r1, #-4]\npop {r4, r5, pc}";
    assert_eq!(of(text)[2], 0x0807_06f5);
    assert_eq!(
        of("movs r2, #7\nsubs r2, #9\nsbc r3, r2, r2, asr #31\nbx lr")[3] as i32,
        -2
    );
    assert_eq!(
        of("mov r2, #200\nssat r3, #8, r2\nusat r2, #4, r2, asr #1\nbx lr")[2..4],
        [15, 127]
    );
    assert_eq!(
        of("ldr r2, [r0]\nubfx r3, r2, #8, #12\nuxtb16 r2, r2, ror #8\nbx lr")[2..4],
        [0x0004_0002, 0x302]
    );
}

#[test]
fn bytes_that_were_not_given_are_refused() {
    refused(
        "ldr r2, [r0, #8]\nbx lr",
        Core::V7em,
        0,
        "line 1 `ldr r2, [r0, #8]`",
    );
    refused("ldr r2, [r0, #5]\nbx lr", Core::V7em, 0, "in no buffer");
    refused(
        "\nstr r2, [r0]\nbx lr",
        Core::V7em,
        0,
        "line 2 `str r2, [r0]`",
    );
    refused("ldr r2, [r1]\nbx lr", Core::V7em, 0, "nobody has written");
    refused(
        "push {r4}\nadd sp, #4\nldr r2, [sp, #-4]\nbx lr",
        Core::V7em,
        0,
        "below the stack",
    );
    refused("ldr r2, [sp, #8]\nbx lr", Core::V7em, 0, "in no buffer");
    refused("vldm r0, {s0-s2}\nbx lr", Core::V7em, 0, "in no buffer");
}

#[test]
fn what_is_not_aligned_faults_where_it_does_on_a_core() {
    for text in ["ldr r2, [r0]\nbx lr", "ldrh r2, [r0, #0]\nbx lr"] {
        assert!(run(text, Core::V7em, 1).is_ok(), "{text}");
        refused(text, Core::V6m, 1, "not aligned");
    }
    let of_words = [
        "ldm r0, {r2, r3}\nbx lr",
        "ldrd r2, r3, [r0]\nbx lr",
        "vldm r0, {s0}\nbx lr",
    ];
    for text in of_words {
        refused(text, Core::V7em, 2, "not aligned");
    }
    refused("sub sp, #2\nbx lr", Core::V7em, 0, "stack pointer");
    refused("vldrh.u16 q0, [r0]\nbx lr", Core::V81m, 1, "not aligned");
}

#[test]
fn a_function_returns_to_its_caller_with_what_it_has_to_keep() {
    refused("movs r4, #0\nbx lr", Core::V6m, 0, "another r4");
    refused("mov r11, r0\nbx lr", Core::V6m, 0, "another r11");
    refused("push {r4}\nbx lr", Core::V6m, 0, "another r13");
    refused("vldm r0, {s16}\nbx lr", Core::V7em, 0, "another s16");
    refused("bx r0", Core::V6m, 0, "not to its caller");
    refused("movs r2, #0", Core::V6m, 0, "runs past its end");
    refused("1: b 1b", Core::V6m, 0, "does not end");
}

#[test]
fn what_a_core_does_not_have_is_refused() {
    let forms = [
        "adds r2, #256",
        "adds r2, r3, #8",
        "mov r2, #1",
        "movs r8, #1",
        "ands r2, r3, r4",
        "add r2, r3, r4",
        "adds r8, r2",
        "ldrsh r2, [r0, #2]",
        "ldrh r2, [r0, #1]",
        "ldrb r2, [r0, #32]",
        "ldr r8, [r0]",
        "ldr r2, [r0], #4",
        "ldm r0, {r2, r3}",
        "stm r1, {r2}",
        "push {r8}",
        "cbz r2, 1f",
        "smlad r2, r2, r2, r2",
        "sxtb r2, r2, ror #8",
        "sxtb16 r2, r2",
        "lsls r8, r2, #1",
        "rors r2, r2, #1",
        "cmp r8, #1",
        "adds r2, r3, r4, lsl #1",
        "ldr r2, [r0, r3, lsl #2]",
        "movs.w r2, #1",
        "vldm r0, {s0}",
    ];
    for form in forms {
        refused(
            &format!("{form}\n1: bx lr"),
            Core::V6m,
            0,
            "v6-M has no such",
        );
    }
    for form in [
        "dlstp.16 lr, r2",
        "vmlava.s16 r2, q0, q1",
        "vldrb.s16 q1, [r0], #8",
        "vldrw.u32 q1, [q0, #4]!",
        "vfma.f32 q0, q1, r2",
    ] {
        refused(&format!("{form}\nbx lr"), Core::V7em, 0, "Helium");
    }
}

#[test]
fn what_the_model_does_not_know_is_named() {
    for line in ["frob r1", "bl 1b", "nop", "addse r1, r1"] {
        let fault = Program::parse(&format!("bx lr\n{line}"), Core::V7em).err();
        let fault = fault.map(|fault| fault.to_string()).unwrap_or_default();
        assert!(
            fault.contains(&format!("line 2 `{line}`")),
            "{line}: {fault}"
        );
    }
    for line in [
        "b 1f",
        "ldr r1, [r1], #4",
        "ldm r1!, {r1, r2}",
        "smlald r2, r2, r3, r4",
        "add r1, r2, #4097",
        "movs r1, #257",
        "ldrd r2, r2, [r0]",
        "ldrd r2, r3, [r0, #2]",
        "ldr r2, [r0, #5000]",
        "pop {lr, pc}",
        "push {pc}",
        "mov pc, lr",
        "muls r1, r2, r3",
        "ssat r1, #33, r2",
        "pkhbt r1, r2, r3, asr #4",
        "ubfx r1, r2, #20, #13",
        "cbz r1, 1b",
        "adds r1",
        "smlad r1, sp, r2, r3",
        "vmlava.s16 r3, q0, q1",
        "vldrh.u16 q0, [r1], #3",
        "vldrw.u32 q0, [q0, #4]!",
        "vldrw.u32 q0, [q1, #2]",
        "vldrw.u32 q0, [q1, #512]",
        "vldrh.u16 q0, [q1]",
        "vstrw.32 q0, [q1]",
        "vfma.f32 q0, r1, q1",
        "vfma.f32 q0, q1, sp",
        "lsls r1, r2, #32",
        "ldr r1, [r2, r3]!",
    ] {
        let fault = Program::parse(&format!("1: bx lr\n{line}"), Core::V81m).err();
        let fault = fault.map(|fault| fault.to_string()).unwrap_or_default();
        assert!(fault.contains("not operands"), "{line}: {fault}");
    }
}

#[test]
fn a_loop_of_helium_leaves_out_what_lies_behind_the_last_element() {
    // Five bytes by five halves, of eight bytes that there are.
    let text = "movs r3, #5\nmovs r2, #0\ndlstp.16 lr, r3\n1:\nvldrb.s16 q0, [r0]\nvmlava.s16 r2, q0, q0\nletp lr, 1b\nmov r0, r2";
    let program = format!("push {{lr}}\n{text}\npop {{pc}}");
    let registers = run(&program, Core::V81m, 0).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(registers[0], 1 + 4 + 9 + 16 + 11 * 11);
    refused(
        "push {lr}\n1: letp lr, 1b\npop {pc}",
        Core::V81m,
        0,
        "no loop was begun",
    );
}

#[test]
fn words_are_gathered_from_the_addresses_in_a_vector() {
    // The first word, then the second, of four addresses alike; what is added up has no fraction.
    let text = "sub sp, #16\nvdup.32 q0, r0\nvldrw.u32 q1, [q0]\nvldrw.u32 q2, [q0, #4]!\nvldrw.u32 q3, [q0]\nvsub.i32 q3, q3, q2\nvadd.i32 q3, q3, q1\nvstrw.32 q3, [sp]\nldrd r2, r3, [sp]\nadd sp, #16\nbx lr";
    let registers = run(text, Core::V81m, 0).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(registers[2..4], [0x0403_0201; 2]);
    let text = "vdup.32 q0, r0\nvldrw.u32 q1, [q0, #8]\nbx lr";
    refused(text, Core::V81m, 0, "in no buffer");
    let text = "vdup.32 q0, r0\nvldrw.u32 q1, [q0, #4]\nbx lr";
    refused(text, Core::V81m, 2, "not aligned");
}

#[test]
fn a_status_that_changes_how_floats_are_rounded_is_refused() {
    let text = "vmrs r2, fpscr\nbic r2, r2, #0x89\nvmsr fpscr, r2\nvmrs r2, fpscr\nbx lr";
    let registers = run(text, Core::V81m, 0).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(registers[2] & 0x0fff_0089, 4 << 16);
    let text = "vmrs r2, fpscr\norr r2, r2, #0x1000000\nvmsr fpscr, r2\nbx lr";
    refused(text, Core::V81m, 0, "how floats are rounded");
}

/// The registers after a program for two floats, which r0 has, and a float to write, which r1 has.
fn of_two(text: &str, values: [f32; 2]) -> [u32; 16] {
    let program = Program::parse(text, Core::V7em).unwrap_or_else(|fault| panic!("{fault}"));
    let mut memory = Memory::default();
    let values = memory.readable(values.map(f32::to_le_bytes).as_flattened(), 0);
    let to = memory.unwritten(4, 0);
    let mut machine = Machine::new(memory, &mut Random::new());
    let returned = machine.call(&program, &[values, to], &[]);
    returned.unwrap_or_else(|fault| panic!("{fault}")).registers
}

#[test]
fn a_float_moves_where_a_comparison_says_so() {
    let larger = |x: f32, y: f32| {
        let text = "vldm r0, {s0-s1}\nvcmp.f32 s0, s1\nvmrs apsr_nzcv, fpscr\nit gt\nvmovgt.f32 s1, s0\nvstm r1, {s1}\nldr r0, [r1]\nbx lr";
        of_two(text, [x, y])[0]
    };
    for (x, y, of) in [
        (2.0, 1.0, 2.0),
        (1.0, 2.0, 2.0),
        (0.0, -0.0, -0.0),
        (f32::NAN, 1.0, 1.0),
        (f32::INFINITY, 1.0, f32::INFINITY),
    ] {
        assert_eq!(larger(x, y), f32::to_bits(of), "{x} and {y}");
    }
    assert_eq!(larger(1.0, f32::NAN), f32::NAN.to_bits());
    for text in [
        "vmovgt.f32 s0, s1\nbx lr",
        "it gt\nbx lr",
        "it gt\nvmovlt.f32 s0, s1\nbx lr",
        "it gt\nvmovgt.f32 s0, s1\nvmovgt.f32 s2, s1\nbx lr",
    ] {
        refused(text, Core::V7em, 0, "an IT says");
    }
}

#[test]
fn a_unit_selects_and_keeps_in_mind_that_it_met_a_nan() {
    let larger = |x: f32, y: f32| {
        let text = "vmrs r3, fpscr\nbic r3, r3, #1\nvmsr fpscr, r3\nvldm r0, {s0-s1}\nvcmpe.f32 s0, s1\nvmrs apsr_nzcv, fpscr\nvselgt.f32 s1, s0, s1\nvcmp.f32 s1, s1\nvstm r1, {s1}\nldr r0, [r1]\nvmrs r1, fpscr\nand r1, r1, #1\nbx lr";
        let [larger, invalid, ..] = of_two(text, [x, y]);
        (larger, invalid)
    };
    let (nan, infinite) = (f32::NAN, f32::INFINITY);
    assert_eq!(larger(2.0, 1.0), (2f32.to_bits(), 0));
    assert_eq!(larger(1.0, 2.0), (2f32.to_bits(), 0));
    assert_eq!(larger(0.0, -0.0), ((-0f32).to_bits(), 0));
    assert_eq!(larger(infinite, 1.0), (infinite.to_bits(), 0));
    assert_eq!(larger(nan, 1.0), (1f32.to_bits(), 1));
    assert_eq!(larger(1.0, nan), (nan.to_bits(), 1));
    let text = "vmrs r0, fpscr\neor r0, r0, #4\nvmsr fpscr, r0\nbx lr";
    refused(text, Core::V7em, 0, "the caller's flags");
}
