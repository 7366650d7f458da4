//! `setup`: installs what is missing, or stops with the command that does.
use dunlin_trainer::device::{Board, Emulator, firmware_folder, install_command};
use dunlin_trainer::device::{missing_targets, target_command};

use crate::cross;
use crate::step::{Failure, Outcome, Step, root};

pub fn run(_: &[String]) -> Outcome {
    targets()?;
    emulator()?;
    eprintln!("everything is installed");
    Ok(())
}

/// The Rust targets of all boards and of the cross builds.
pub fn targets() -> Outcome {
    let boards = Board::all(&firmware_folder(Some(&root().join("firmware")))?)?;
    let mut targets: Vec<&str> = boards.iter().map(|board| board.target.as_str()).collect();
    targets.extend(cross::TARGETS);
    targets.sort_unstable();
    targets.dedup();
    let missing = missing_targets(targets);
    if missing.is_empty() {
        return Ok(());
    }
    let command = target_command(missing.iter().map(String::as_str));
    Step::new(&command.join(" ")).run()
}

/// QEMU for Arm, through the system's package manager.
pub fn emulator() -> Outcome {
    if Emulator::is_installed() {
        return Ok(());
    }
    let Some(command) = install_command() else {
        return Err(Failure::new(
            "qemu-system-arm is not on the path and no package manager is known here: install QEMU for Arm from https://www.qemu.org/download",
        ));
    };
    let mut command = command.join(" ");
    // Homebrew refuses root, the others want it.
    if !command.starts_with("brew") && !is_root() {
        command.insert_str(0, "sudo ");
    }
    Step::new(&command).run()?;
    if Emulator::is_installed() {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "`{command}` ended well, but qemu-system-arm is still not on the path"
        )))
    }
}

fn is_root() -> bool {
    std::process::Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
