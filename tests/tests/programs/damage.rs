//! Damaged texts: every change of one line that leaves a program must be found, by a wrong sum, a fault, a count that depends on
//! the data, or a higher count of one shape. What would be found by none of them is a line that the program does not need.
use conformance::thumb::Program;

use super::{check, kernels};

/// What was done to a line, and the text with it.
fn mutants(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut mutants = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim();
        if code.is_empty() || code.starts_with('.') || code.ends_with(':') {
            continue;
        }
        let mut changed = vec![String::new()];
        let behind = lines[at + 1..].iter().map(|line| line.trim());
        let only_equal = behind
            .clone()
            .find(|line| line.starts_with('b'))
            .is_some_and(|branch| branch.starts_with("beq") || branch.starts_with("bne"));
        if !(code.starts_with("cmp") && only_equal) {
            changed.extend(swapped(code));
        }
        changed.extend(counted(code));
        changed.extend(conditions(code));
        for new in changed {
            let mut lines = lines.clone();
            lines[at] = &new;
            mutants.push((
                format!("line {} `{code}` as `{new}`", at + 1),
                lines.join("\n"),
            ));
        }
    }
    mutants
}

/// The line with two operands that follow each other exchanged, unless that makes no difference.
fn swapped(code: &str) -> Vec<String> {
    let (name, operands) = code.split_once(' ').unwrap_or((code, ""));
    let operands: Vec<&str> = operands.split(',').map(str::trim).collect();
    if operands
        .iter()
        .any(|operand| !operand.starts_with(['r', 'l', 's', 'q']) || operand.ends_with(']'))
    {
        return Vec::new();
    }
    let commutes = |at: usize| {
        let last = at + 2 == operands.len();
        match name {
            "smlad" | "smlabb" | "smlatt" | "mla" | "mls" | "vfma.f32" | "vmaxnm.f32" => at == 1,
            "smlald" | "smull" => at == 2,
            "muls" => at == 1,
            "vadd.i32" | "vmul.i32" | "vmulh.s32" | "vqadd.s32" | "vand" | "vmin.s16"
            | "vmin.s32" | "vmax.s16" | "vmax.s32" | "vmlav.s16" | "vmlava.s16" | "vmullb.s16"
            | "vmullt.s16" => at == 1,
            "add" | "add.w" | "adds" | "orr" | "ands" | "tst" => last,
            _ => false,
        }
    };
    (0..operands.len().saturating_sub(1))
        .filter(|&at| operands[at] != operands[at + 1] && !commutes(at))
        .map(|at| {
            let mut operands = operands.clone();
            operands.swap(at, at + 1);
            format!("{name} {}", operands.join(", "))
        })
        .collect()
}

/// The line with its number four more, and twice as large: one more is often the same, as of `asr #31`.
fn counted(code: &str) -> Vec<String> {
    let Some((before, behind)) = code.split_once('#') else {
        return Vec::new();
    };
    let digits = behind.find(|c: char| c != '-' && !c.is_ascii_digit());
    let (number, rest) = behind.split_at(digits.unwrap_or(behind.len()));
    let number: i32 = number.parse().expect("a decimal number");
    let others = [number + 4, number * 2].into_iter();
    let others = others.filter(|&other| other != number);
    others
        .map(|other| format!("{before}#{other}{rest}"))
        .collect()
}

/// The line with its condition turned round.
fn conditions(code: &str) -> Option<String> {
    let pairs = [
        ("beq ", "bne "),
        ("bcc ", "bcs "),
        ("bpl ", "bmi "),
        ("blt ", "bge "),
    ];
    pairs.iter().find_map(|(one, other)| {
        let turned = |from, to| code.strip_prefix(from).map(|rest| format!("{to}{rest}"));
        turned(*one, *other).or_else(|| turned(*other, *one))
    })
}

#[test]
fn every_damaged_line_is_found() {
    for kernel in kernels() {
        let whole = check(&kernel, kernel.text);
        let whole = whole.unwrap_or_else(|failure| panic!("{}: {failure}", kernel.name));
        let mut found = 0;
        for (name, text) in mutants(kernel.text) {
            // What an assembler would refuse is no program.
            if Program::parse(&text, kernel.core).is_err() {
                continue;
            }
            let as_good = check(&kernel, &text).is_ok_and(|damaged| {
                let pairs = whole.counts.iter().zip(damaged.counts);
                pairs
                    .into_iter()
                    .all(|((_, whole), (_, damaged))| damaged <= *whole)
            });
            assert!(!as_good, "{}: {name} was not found", kernel.name);
            found += 1;
        }
        println!("{}: {found} damaged programs were found", kernel.name);
        assert!(found >= 20);
    }
}
