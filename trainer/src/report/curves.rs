//! Learning curves as an SVG picture: the loss to the left, the metric to the right.
use super::atomic;
use crate::error::{Error, Result};
use crate::train::{History, Score};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::Path;

/// Width and height in pixels.
const SIZE: (u32, u32) = (960, 400);
const TRAINING: RGBColor = RGBColor(31, 119, 180);
const VALIDATION: RGBColor = RGBColor(214, 96, 0);

/// Draws the loss and the metric of each epoch, training beside validation, and marks the epoch whose weights were kept.
/// Any browser opens the file.
///
/// # Errors
/// `Error::Input` when the file cannot be written.
pub fn write(path: &Path, title: &str, history: &History) -> Result<()> {
    let picture = draw(title, history)
        .map_err(|why| Error::input(format!("cannot draw {}: {why}", path.display())))?;
    atomic::write(path, picture.as_bytes())
}

/// The picture as SVG text.
fn draw(title: &str, history: &History) -> std::result::Result<String, String> {
    let mut picture = String::new();
    {
        let root = SVGBackend::with_string(&mut picture, SIZE).into_drawing_area();
        let fail = |error: DrawingAreaErrorKind<_>| error.to_string();
        root.fill(&WHITE).map_err(fail)?;
        let below = root.titled(title, ("sans-serif", 20)).map_err(fail)?;
        let panels = below.split_evenly((1, 2));
        panel(&panels[0], "loss", history, |score| score.loss)?;
        panel(&panels[1], history.metric, history, |score| score.metric)?;
        root.present().map_err(fail)?;
    }
    Ok(picture)
}

/// One chart of `value` over the epochs.
fn panel(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    name: &str,
    history: &History,
    value: fn(Score) -> f64,
) -> std::result::Result<(), String> {
    let fail = |error: DrawingAreaErrorKind<_>| error.to_string();
    let point = |number: usize, score: Score| (number as f64, value(score));
    let epochs = || history.epochs.iter();
    let training: Vec<_> = epochs()
        .map(|epoch| point(epoch.number, epoch.train))
        .collect();
    let validation: Vec<_> = epochs()
        .filter_map(|epoch| Some(point(epoch.number, epoch.validation?)))
        .collect();

    let values = || {
        training
            .iter()
            .chain(&validation)
            .map(|(_, y)| *y)
            .filter(|y| y.is_finite())
    };
    let (low, high) = values().fold((f64::MAX, f64::MIN), |(low, high), y| {
        (low.min(y), high.max(y))
    });
    // An axis needs some height even when nothing was drawn, or everything at one value.
    let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
    let margin = (0.05 * (high - low)).max(high.abs() * 1e-3).max(1e-9);
    let last = history.epochs.len().max(2) as f64;

    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(1.0..last, low - margin..high + margin)
        .map_err(fail)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .x_labels(history.epochs.len().clamp(2, 10))
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_labels(8)
        .y_label_formatter(&|y| figure(*y, high - low))
        .x_desc("epoch")
        .y_desc(name)
        .label_style(("sans-serif", 13))
        .draw()
        .map_err(fail)?;

    let kept = history.kept_epoch as f64;
    let mark = [(kept, low - margin), (kept, high + margin)];
    chart
        .draw_series(DashedLineSeries::new(mark, 4, 4, BLACK.mix(0.5).into()))
        .map_err(fail)?
        .label("weights kept")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLACK.mix(0.5)));
    for (points, color, label) in [
        (training, TRAINING, "training"),
        (validation, VALIDATION, "validation"),
    ] {
        if points.is_empty() {
            continue;
        }
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)).point_size(3))
            .map_err(fail)?
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(if high_at_start(history, value) {
            SeriesLabelPosition::UpperRight
        } else {
            SeriesLabelPosition::LowerRight
        })
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.2))
        .label_font(("sans-serif", 13))
        .draw()
        .map_err(fail)
}

/// Whether the curve falls; its legend then has room at the upper right.
fn high_at_start(history: &History, value: fn(Score) -> f64) -> bool {
    match (history.epochs.first(), history.epochs.last()) {
        (Some(first), Some(last)) => value(first.train) >= value(last.train),
        (None, _) | (_, None) => true,
    }
}

/// As many decimals as a step of an axis of this `span` needs.
fn figure(y: f64, span: f64) -> String {
    let decimals = (1.5 - span.max(1e-12).log10()).ceil().clamp(0.0, 8.0);
    format!("{y:.*}", decimals as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Epoch;

    fn history(epochs: usize, validation: bool) -> History {
        let score = |number: usize, worse: f64| Score {
            loss: 0.05 / number as f64 + worse,
            metric: 0.2 / number as f64 + worse,
        };
        History {
            metric: "mae",
            epochs: (1..=epochs)
                .map(|number| Epoch {
                    number,
                    train: score(number, 0.0),
                    validation: validation.then(|| score(number, 0.004)),
                })
                .collect(),
            kept_epoch: epochs,
        }
    }

    #[test]
    fn the_picture_has_both_curves_and_their_names() {
        let picture = draw("series <lstm>", &history(20, true)).unwrap();
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
        for text in [
            "loss",
            "mae",
            "training",
            "validation",
            "epoch",
            "series &lt;lstm&gt;",
        ] {
            assert!(picture.contains(text), "{text}");
        }
        let without = draw("m", &history(20, false)).unwrap();
        assert!(without.contains("training") && !without.contains("validation"));
    }

    #[test]
    fn one_epoch_none_and_a_flat_curve_are_drawn() {
        for epochs in [0, 1, 2] {
            assert!(
                draw("m", &history(epochs, true))
                    .unwrap()
                    .contains("</svg>")
            );
        }
        let mut flat = history(3, true);
        for epoch in &mut flat.epochs {
            epoch.train = Score {
                loss: 0.0,
                metric: 1.0,
            };
            epoch.validation = Some(epoch.train);
        }
        assert!(!draw("m", &flat).unwrap().contains("NaN"));
    }

    #[test]
    fn figures_have_the_decimals_that_the_axis_needs() {
        assert_eq!(figure(0.005, 0.05), "0.005");
        assert_eq!(figure(250.0, 1000.0), "250");
        assert_eq!(figure(0.95, 0.4), "0.95");
    }
}
