//! The tables of docs/accuracy.md: the integers' arithmetic alone keeps 60 dB in a layer and 50 dB in a model.
use std::path::Path;

use dunlin_trainer::accuracy::{LAYER_FLOOR, MODEL_FLOOR, Row, TASKS, chapter, layers, markdown};

/// Every row is above the floor, or has a reason; no row above it has one.
fn check(rows: &[Row], floor: f64) {
    for row in rows {
        let found = row.ratios.arithmetic;
        assert!(found.is_finite() || found > 0.0, "{}: {found}", row.name);
        assert_eq!(
            found < floor,
            row.reason.is_some(),
            "{}: {found:.1} dB",
            row.name
        );
        // Rounding the weights to eight bits costs more than the arithmetic, but not everything.
        assert!(
            row.ratios.whole > 20.0,
            "{}: {:.1} dB",
            row.name,
            row.ratios.whole
        );
    }
}

#[test]
fn every_layer_and_activation_keeps_60_decibels() {
    let rows = layers().unwrap();
    println!("{}", markdown("layer", &rows, LAYER_FLOOR));
    check(&rows, LAYER_FLOOR);
}

#[test]
fn every_model_of_the_chapter_keeps_50_decibels() {
    let mut all = Vec::new();
    for task in TASKS {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/chapter");
        let rows = chapter(&examples.join(task), 1).unwrap();
        println!("{}", markdown(task, &rows, MODEL_FLOOR));
        assert!(rows.len() >= 7, "{task} has {} models", rows.len());
        all.extend(rows);
    }
    check(&all, MODEL_FLOOR);
}
