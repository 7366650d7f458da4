//! Which layer reads which: names to places in the list.
use super::LayerTable;
use super::nearest::suggestion;

/// The name of the model's input in `inputs`.
const INPUT: &str = "input";

/// What is wrong with the names of a list of layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The layer, from 0.
    pub layer: usize,
    /// The key to look at.
    pub key: &'static str,
    /// Names the layer.
    pub sentence: String,
}

/// What each layer reads: 0 is the model's input, n the n-th layer (from 1).
///
/// Refused are names that stand twice, `inputs` that name no layer before, a number of inputs that the layer does not
/// take, and a layer that nobody reads although it is not the last.
pub(crate) fn wire(tables: &[LayerTable]) -> Result<Vec<Vec<usize>>, Fault> {
    let mut all = Vec::with_capacity(tables.len());
    for (layer, table) in tables.iter().enumerate() {
        let fault = |key, reason: String| Fault {
            layer,
            key,
            sentence: format!("{}: {reason}", table.place(layer)),
        };
        check_name(tables, layer).map_err(|reason| fault("name", reason))?;
        let inputs = match &table.inputs {
            None => vec![layer],
            Some(names) => {
                let found: Result<Vec<usize>, String> =
                    names.iter().map(|name| find(tables, layer, name)).collect();
                found.map_err(|reason| fault("inputs", reason))?
            }
        };
        match (table.layer.merges(), inputs.len()) {
            (true, 0 | 1) => {
                let reason = "it merges layers; name two or more of them in `inputs`";
                return Err(fault("inputs", reason.into()));
            }
            (false, 2..) => {
                let reason = format!(
                    "it reads one layer, but `inputs` names {}; merge them first with add, average, multiply or \
                     concatenate",
                    inputs.len()
                );
                return Err(fault("inputs", reason));
            }
            (true, _) | (false, _) => {}
        }
        all.push(inputs);
    }
    let unread = (0..tables.len().saturating_sub(1))
        .find(|layer| !all.iter().any(|inputs| inputs.contains(&(layer + 1))));
    match unread {
        None => Ok(all),
        Some(layer) => Err(Fault {
            layer,
            key: "name",
            sentence: format!(
                "{}: no layer reads its output; give it a `name` and put that into `inputs` of a later layer, or take it \
                 out",
                tables[layer].place(layer)
            ),
        }),
    }
}

fn check_name(tables: &[LayerTable], layer: usize) -> Result<(), String> {
    let Some(name) = tables[layer].name.as_deref() else {
        return Ok(());
    };
    if name == INPUT {
        return Err(format!(
            "the name `{INPUT}` is the model's input; take another name"
        ));
    }
    let same = |table: &LayerTable| table.name.as_deref() == Some(name);
    match tables[..layer].iter().position(same) {
        None => Ok(()),
        Some(earlier) => Err(format!(
            "{} has the name `{name}` already; take another name",
            tables[earlier].place(earlier)
        )),
    }
}

/// The place of a name among the layers before `layer`.
fn find(tables: &[LayerTable], layer: usize, name: &str) -> Result<usize, String> {
    if name == INPUT {
        return Ok(0);
    }
    let same = |table: &LayerTable| table.name.as_deref() == Some(name);
    match tables.iter().position(same) {
        Some(found) if found < layer => Ok(found + 1),
        Some(found) if found == layer => Err(format!(
            "it names itself, `{name}`, in `inputs`; a layer reads only layers before it"
        )),
        Some(found) => Err(format!(
            "`{name}` in `inputs` is {}, which comes later; a layer reads only layers before it",
            tables[found].place(found)
        )),
        None => {
            let names = tables[..layer]
                .iter()
                .filter_map(|table| table.name.as_deref());
            let names: Vec<&str> = std::iter::once(INPUT).chain(names).collect();
            Err(format!(
                "no layer before it has the name `{name}`; {}",
                suggestion(name, &names)
            ))
        }
    }
}
