//! `snr`: the signal-to-noise ratios of w8a16 for every layer and activation, and for the chapter's models; writes them to
//! docs/accuracy.md when asked.
use std::fs;

use dunlin_trainer::accuracy::{LAYER_FLOOR, MODEL_FLOOR, TASKS, chapter, layers, markdown};
use dunlin_trainer::report::atomic;

use crate::step::{Failure, Outcome, root};

const PAGE: &str = "docs/accuracy.md";
/// The lines around the tables.
const BEGIN: &str = "<!-- made by `cargo xtask snr --write`: begin -->";
const END: &str = "<!-- made by `cargo xtask snr --write`: end -->";
/// Passes over the training series for each model of the chapter.
const EPOCHS: usize = 1;

pub fn run(arguments: &[String]) -> Outcome {
    let write = match arguments {
        [] => false,
        [only] if only == "--write" => true,
        _ => {
            return Err(Failure {
                sentence: "usage: cargo xtask snr [--write]".to_owned(),
                code: 2,
            });
        }
    };
    let text = tables()?;
    println!("{text}");
    if write {
        let path = root().join(PAGE);
        let page =
            fs::read_to_string(&path).map_err(|error| Failure::new(format!("{PAGE}: {error}")))?;
        atomic::write(&path, replaced(&page, &text)?.as_bytes())?;
        eprintln!("wrote the tables to {PAGE}");
    }
    Ok(())
}

fn tables() -> Result<String, Failure> {
    let mut text = format!("Layers:\n\n{}", markdown("layer", &layers()?, LAYER_FLOOR));
    for task in TASKS {
        let rows = chapter(&root().join("examples/chapter").join(task), EPOCHS)?;
        text.push_str(&format!("\nModels of `examples/chapter/{task}`:\n\n"));
        text.push_str(&markdown("model", &rows, MODEL_FLOOR));
    }
    Ok(text)
}

/// `page` with `text` between the two lines that mark its place.
fn replaced(page: &str, text: &str) -> Result<String, Failure> {
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    match parts {
        Some((before, after)) => Ok(format!("{before}{BEGIN}\n\n{text}\n{END}{after}")),
        None => Err(Failure::new(format!(
            "{PAGE} lacks the lines `{BEGIN}` and `{END}`, in this order"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_their_place() {
        let page = fs::read_to_string(root().join(PAGE)).unwrap();
        let new = replaced(&page, "a table\n").unwrap();
        assert!(new.contains(&format!("{BEGIN}\n\na table\n\n{END}")));
        assert_eq!(replaced(&new, "a table\n").unwrap(), new);
        assert!(replaced("no lines", "a table").is_err());
    }

    #[test]
    fn unknown_arguments_are_refused() {
        let failure = run(&["--fast".to_owned()]).unwrap_err();
        assert_eq!(failure.code, 2);
    }
}
