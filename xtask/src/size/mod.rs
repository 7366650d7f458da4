//! `size`: flash, RAM and stack of images with a built-in model and of the loaders, by crate, against the budgets in the boards'
//! manifests; and that a product's image has no panic, no formatting and no allocator in it.
use std::fs;
use std::path::Path;

use dunlin::{Header, PrecisionTag};
use dunlin_trainer::device::{self, Board, Budget};
use dunlin_trainer::report::table::{Table, thousands};

use crate::firmware::chosen;
use crate::setup;
use crate::step::{Failure, Outcome, root};

mod bare;
mod forbidden;
mod image;

use bare::Stack;
use forbidden::forbidden;
use image::Image;

/// The bare images, and the models in them.
const BARE: [(&str, &str); 3] = [
    ("bare_lstm", "lstm"),
    ("bare_conv", "conv"),
    ("bare_conv_stream", "conv"),
];
/// Load integer models from elsewhere.
const BARE_LOADERS: [&str; 2] = ["bare_loader", "bare_loader_stream"];
/// The one of them that takes windows of any length, and the most values of one, layers and bytes of arena that it has room for.
const OF_ANY_MODEL: &str = "bare_loader";
const MOST_VALUES: usize = 128;
const MOST_LAYERS: u16 = 8;
const MOST_ARENA: u32 = 9_728;
/// Goldens of which most fit.
const FEWEST_GOLDENS: usize = 25;
/// Has a panic in it, so that the check can be seen to find one.
const PANICS: &str = "bare_panic";
const LOADER: &str = "loader";
/// The largest functions that are shown.
const FUNCTIONS: usize = 25;

/// What an image takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Taken {
    /// Beside the model.
    flash: u64,
    /// Beside the arena; of the loader, whose RAM is all for models, none.
    ram: Option<u64>,
    stack: Option<Stack>,
}

pub fn run(arguments: &[String]) -> Outcome {
    let (functions, names) = match arguments {
        [first, rest @ ..] if first == "--functions" => (true, rest),
        all => (false, all),
    };
    setup::targets()?;
    setup::emulator()?;
    let mut table = Table::new([
        "board", "image", "model", "flash", "of", "RAM", "of", "stack", "of", "load", "run",
    ]);
    let mut parts = Table::new(["board", "image", "part", "bytes"]);
    let mut broken = Vec::new();
    for board in chosen(names)? {
        panics_are_found(&board)?;
        for (bin, model) in BARE {
            let model = model_of(&board, model)?;
            let path = device::build(&board, bin)?;
            let image = image(&path)?;
            let stack = bare::run(&board, &path, &model, true)?;
            let header = Header::read(&model).map_err(|error| Failure::new(error.to_string()))?;
            let taken = Taken {
                flash: image.flash().saturating_sub(model.len() as u64),
                ram: Some(image.ram().saturating_sub(header.arena_bytes.into())),
                stack: Some(stack),
            };
            broken.extend(in_product(&board, bin, &image));
            show(
                &mut table,
                &board,
                bin,
                model.len() as u64,
                taken,
                &mut broken,
            )?;
            split(
                &mut parts,
                &board,
                bin,
                &image,
                model.len() as u64,
                functions,
            );
        }
        for bin in BARE_LOADERS.into_iter().chain([LOADER]) {
            let path = device::build(&board, bin)?;
            let image = image(&path)?;
            if bin != LOADER {
                for (_, model) in BARE {
                    bare::run(&board, &path, &model_of(&board, model)?, false)?;
                }
                if bin == OF_ANY_MODEL {
                    for model in goldens(&board)? {
                        bare::run(&board, &path, &model, false)?;
                    }
                }
                broken.extend(in_product(&board, bin, &image));
            }
            let taken = Taken {
                flash: image.flash(),
                ram: None,
                stack: None,
            };
            show(&mut table, &board, bin, 0, taken, &mut broken)?;
            split(&mut parts, &board, bin, &image, 0, functions);
        }
    }
    println!("\n{parts}\n\n{table}");
    println!(
        "bytes; flash beside the model, RAM beside the arena, `of` the budgets in the boards' manifests. Stack is all of it, at the deepest place."
    );
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(broken.join("\n       ")))
    }
}

/// The check for panics, on an image that has one.
fn panics_are_found(board: &Board) -> Outcome {
    let image = image(&device::build(board, PANICS)?)?;
    let found = forbidden(&image.symbols);
    if found
        .iter()
        .any(|(name, _)| name.contains("panic_bounds_check"))
    {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "{PANICS} on {} indexes out of bounds, but the check finds only {found:?}",
            board.name
        )))
    }
}

/// What a product's image must not have in it.
fn in_product(board: &Board, bin: &str, image: &Image) -> Vec<String> {
    let found = forbidden(&image.symbols).into_iter();
    found
        .map(|(name, what)| format!("{bin} on {} has {what} in it: {name}", board.name))
        .collect()
}

/// A product's model in the packing of the board's core.
fn model_of(board: &Board, name: &str) -> Result<Vec<u8>, Failure> {
    let folder = root().join("firmware/models").join(&board.models);
    read(&folder.join(format!("{name}.dunlin")))
}

/// The golden integer models that a bare loader has room for, in the packing of the board's core: all layers are among them.
fn goldens(board: &Board) -> Result<Vec<Vec<u8>>, Failure> {
    let folder = root().join("tests/golden/v1");
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("goldens: {error}"));
    let mut models = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| failed(&error))? {
        let path = entry.map_err(|error| failed(&error))?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "dunlin")
        {
            continue;
        }
        let file = read(&path)?;
        let header = Header::read(&file).map_err(|error| failed(&error))?;
        if header.precision != PrecisionTag::W8A16 {
            continue;
        }
        let packing = board.packed_for().packing();
        let file = dunlin::repack(&file, packing).map_err(|error| failed(&error))?;
        let header = Header::read(&file).map_err(|error| failed(&error))?;
        let fits = header.window as usize * header.input_channels as usize <= MOST_VALUES
            && header.layer_count <= MOST_LAYERS
            && header.arena_bytes <= MOST_ARENA;
        if fits {
            models.push(file);
        }
    }
    if models.len() < FEWEST_GOLDENS {
        return Err(Failure::new(format!("only {} goldens fit", models.len())));
    }
    Ok(models)
}

fn image(path: &Path) -> Result<Image, Failure> {
    Image::read(&read(path)?).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// Adds an image's row, and what it has above its budget.
fn show(
    table: &mut Table,
    board: &Board,
    bin: &str,
    model: u64,
    taken: Taken,
    broken: &mut Vec<String>,
) -> Outcome {
    let budget = board.budget.get(bin).ok_or_else(|| {
        Failure::new(format!(
            "{}/Cargo.toml has no budget for {bin}",
            board.folder.display()
        ))
    })?;
    let bytes = |bytes: Option<u64>| bytes.map(thousands).unwrap_or_default();
    let stack = taken.stack;
    table.row([
        board.name.clone(),
        bin.to_owned(),
        bytes((model > 0).then_some(model)),
        thousands(taken.flash),
        thousands(budget.flash),
        bytes(taken.ram),
        bytes(budget.ram),
        bytes(stack.map(|stack| stack.load.max(stack.run))),
        bytes(budget.stack),
        bytes(stack.map(|stack| stack.load)),
        bytes(stack.map(|stack| stack.run)),
    ]);
    broken.extend(
        above(&taken, budget)
            .into_iter()
            .map(|what| format!("{bin} on {} takes {what}", board.name)),
    );
    Ok(())
}

/// What is above a budget.
fn above(taken: &Taken, budget: &Budget) -> Vec<String> {
    let stack = taken.stack.map(|stack| stack.load.max(stack.run));
    [
        ("flash", Some(taken.flash), Some(budget.flash)),
        ("RAM", taken.ram, budget.ram),
        ("stack", stack, budget.stack),
    ]
    .into_iter()
    .filter_map(|(what, taken, budget)| {
        let (taken, budget) = taken.zip(budget)?;
        (taken > budget).then(|| {
            format!(
                "{} bytes of {what}, its budget is {}",
                thousands(taken),
                thousands(budget)
            )
        })
    })
    .collect()
}

/// Adds where an image's bytes of flash go: by section and by crate, or by function.
fn split(table: &mut Table, board: &Board, bin: &str, image: &Image, model: u64, functions: bool) {
    let mut row = |part: &str, bytes: u64| {
        table.row([&board.name, bin, part, &thousands(bytes)]);
    };
    if functions {
        let named = image.symbols.iter().filter(|symbol| !symbol.is_ram);
        // The model is no function.
        let named = named.filter(|symbol| symbol.bytes < model || model == 0);
        for symbol in named.take(FUNCTIONS) {
            row(&symbol.name, symbol.bytes);
        }
        return;
    }
    for (name, bytes, _) in &image.sections {
        row(name, *bytes);
    }
    for (name, bytes) in image.crates() {
        // The model is a constant of the program.
        row(
            &name,
            if name == bin {
                bytes.saturating_sub(model)
            } else {
                bytes
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_a_budget_is_named() {
        let budget = Budget {
            flash: 12_288,
            ram: Some(1_024),
            stack: Some(1_536),
        };
        let taken = Taken {
            flash: 12_288,
            ram: Some(1_024),
            stack: Some(Stack {
                load: 1_536,
                run: 700,
            }),
        };
        assert!(above(&taken, &budget).is_empty());
        let stack = Stack {
            load: 1_000,
            run: 1_537,
        };
        let more = Taken {
            flash: 12_289,
            ram: Some(1_025),
            stack: Some(stack),
        };
        let found = above(&more, &budget);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], "12,289 bytes of flash, its budget is 12,288");
        assert!(found[1].contains("RAM") && found[2].contains("1,537 bytes of stack"));
        let loader = Taken {
            ram: None,
            stack: None,
            ..more
        };
        assert_eq!(above(&loader, &budget).len(), 1);
    }

    #[test]
    fn every_board_has_a_budget_for_every_image() {
        for board in chosen(&[]).unwrap() {
            for bin in BARE
                .iter()
                .map(|(bin, _)| *bin)
                .chain(BARE_LOADERS)
                .chain([LOADER])
            {
                assert!(board.budget.contains_key(bin), "{} {bin}", board.name);
            }
        }
    }
}
