//! The models of the firmware's bare images, in the shapes of the chapter's two: their code is what `cargo xtask size` measures,
//! so that weights of the generator do.
use dunlin::format::graph::{Activation, LayerSpec, Padding};
use dunlin::{Packing, PrecisionTag, repack};

use super::model::{Golden, put};

const WINDOW: usize = 50;

/// Writes the files; they state what they need, as the trainer's do.
pub fn write() {
    let mut lstm = Golden::new(PrecisionTag::W8A16);
    lstm.lstm(1, 100, Activation::Relu, false);
    lstm.dense(100, 1, Activation::Linear);
    store(lstm, "lstm");

    let mut conv = Golden::new(PrecisionTag::W8A16);
    conv.conv1d(1, 64, (3, 1, 1), Padding::Valid);
    conv.max_pool(2, 2, Padding::Valid);
    conv.layers.push(LayerSpec::Flatten);
    conv.dense(24 * 64, 1, Activation::Linear);
    store(conv, "conv");
}

/// One file for each folder: the targets as `dunlin quantize --target` names them.
fn store(model: Golden, name: &str) {
    let file = model.file(name, WINDOW, 1, true);
    for (target, packing) in [
        ("portable", Packing::RowMajor),
        ("m4", Packing::RowPairs),
        ("m0", Packing::OffsetQuads),
    ] {
        let packed = repack(&file, packing).unwrap_or_else(|error| panic!("{name}: {error}"));
        put(
            &format!("../firmware/models/{target}/{name}.dunlin"),
            &packed,
        );
    }
}
