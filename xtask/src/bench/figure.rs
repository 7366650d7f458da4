//! A figure of the bench, and the form in which programs read it.
use serde::{Deserialize, Serialize};

/// Executed instructions of one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    pub name: String,
    pub board: String,
    pub precision: String,
    pub macs: u64,
    pub instructions: u64,
    /// An estimate; only in the committed table, since it is not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_cycles: Option<u64>,
}

impl Figure {
    /// Without the estimate: what other programs are given.
    pub fn counted(&self) -> Self {
        Self {
            estimated_cycles: None,
            ..self.clone()
        }
    }
}

/// One array, a figure a line.
pub fn json(figures: &[Figure]) -> String {
    let lines: Vec<String> = figures
        .iter()
        .map(|figure| serde_json::json!(figure).to_string())
        .collect();
    format!("[\n{}\n]", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn programs_read_one_array_of_five_keys() {
        let figure = Figure {
            name: "dense_128_128".to_owned(),
            board: "qemu-m4".to_owned(),
            precision: "w8a16".to_owned(),
            macs: 16_384,
            instructions: 17_500,
            estimated_cycles: Some(20_000),
        };
        let text = json(&[figure.counted(), figure.counted()]);
        let value: Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "name": "dense_128_128", "board": "qemu-m4", "precision": "w8a16", "macs": 16384, "instructions": 17500,
        });
        assert_eq!(value, Value::Array(vec![expected.clone(), expected]));
        let back: Vec<Figure> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, [figure.counted(), figure.counted()]);
        let whole: Vec<Figure> =
            serde_json::from_str(&json(std::slice::from_ref(&figure))).unwrap();
        assert_eq!(whole, [figure]);
        assert_eq!(
            serde_json::from_str::<Value>(&json(&[])).unwrap(),
            Value::Array(vec![])
        );
    }
}
