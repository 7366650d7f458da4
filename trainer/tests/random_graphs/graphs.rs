//! Random graphs, described as in a TOML file.
use std::collections::BTreeMap;

use dunlin_trainer::config::LayerTable;
use dunlin_trainer::data::random::Random;
use dunlin_trainer::net::{Network, Shape};
use serde_json::{Value, json};

pub struct Graphs {
    pub random: Random,
    pub kinds: BTreeMap<String, usize>,
}

impl Graphs {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            kinds: BTreeMap::new(),
        }
    }

    pub fn below(&mut self, count: usize) -> usize {
        (self.random.uniform() * count as f64) as usize % count
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A layer over a tensor; what does not fit is refused when the network is made.
    fn layer(&mut self) -> Value {
        let activations = [
            "linear",
            "relu",
            "tanh",
            "sigmoid",
            "hard_sigmoid",
            "relu6",
            "leaky_relu",
            "elu",
            "gelu",
            "silu",
        ];
        let gates = ["tanh", "sigmoid", "hard_sigmoid"];
        let (units, size) = (1 + self.below(6), 1 + self.below(4));
        let (activation, gate) = (self.one(&activations), self.one(&gates));
        let cell = self.one(&["tanh", "relu", "sigmoid", "hard_sigmoid", "linear"]);
        let padding = self.one(&["valid", "same", "causal"]);
        let (flag, sequences) = (self.below(2) == 0, self.below(3) > 0);
        let (strides, dilation_rate) = if flag {
            (1 + self.below(3), 1)
        } else {
            (1, 1 + self.below(3))
        };
        let pool = self.one(&["max_pool1d", "average_pool1d"]);
        let global = self.one(&["global_max_pool1d", "global_average_pool1d", "flatten"]);
        match self.below(14) {
            0 => json!({ "type": "dense", "units": units, "activation": activation }),
            1 | 2 => json!({
                "type": "conv1d", "filters": units, "kernel_size": size, "padding": padding,
                "strides": strides, "dilation_rate": dilation_rate, "activation": activation, "use_bias": flag,
            }),
            3 => json!({
                "type": "depthwise_conv1d", "kernel_size": size, "depth_multiplier": 1 + self.below(2),
                "padding": padding, "strides": strides, "dilation_rate": dilation_rate, "activation": activation,
            }),
            4 => json!({
                "type": "separable_conv1d", "filters": units, "kernel_size": size, "padding": padding,
                "strides": strides, "activation": activation,
            }),
            5 => json!({
                "type": "lstm", "units": units, "activation": cell, "recurrent_activation": gate,
                "return_sequences": sequences, "bidirectional": flag,
            }),
            6 => json!({
                "type": "gru", "units": units, "activation": cell, "recurrent_activation": gate,
                "return_sequences": sequences, "reset_after": flag,
            }),
            7 => json!({
                "type": "simple_rnn", "units": units, "activation": cell, "return_sequences": sequences,
                "layer_norm": false, "bidirectional": flag,
            }),
            8 => json!({
                "type": pool, "pool_size": size, "strides": strides,
                "padding": if flag { "valid" } else { "same" },
            }),
            9 => json!({ "type": global }),
            10 => json!({ "type": "zero_padding1d", "padding": [self.below(3), self.below(3)] }),
            11 => json!({ "type": "up_sampling1d", "size": 1 + self.below(3) }),
            12 => json!({ "type": "activation", "activation": activation }),
            _ => json!({ "type": "batch_norm" }),
        }
    }

    /// A network of up to seven layers and merges, or `None` where a choice does not fit.
    pub fn network(&mut self) -> Option<Network> {
        let (steps, channels) = (2 + self.below(16), 1 + self.below(4));
        let mut tables: Vec<LayerTable> = Vec::new();
        let mut shapes = vec![Shape { steps, channels }];
        for _ in 0..1 + self.below(5) {
            let mut table = self.layer();
            table["name"] = json!(format!("tensor {}", shapes.len()));
            tables.push(serde_json::from_value(table).expect("keys of a layer"));
            let network = Network::from_tables(&tables, steps, channels, 1).ok()?;
            shapes.push(network.shape(network.layers.len()));
            // A skip over some layers, where the shapes meet.
            let now = shapes[shapes.len() - 1];
            let earlier: Vec<usize> = (0..shapes.len() - 1)
                .filter(|&i| shapes[i].steps == now.steps)
                .collect();
            if earlier.is_empty() || self.below(2) == 0 {
                continue;
            }
            let from = earlier[self.below(earlier.len())];
            let kind = if shapes[from] == now {
                self.one(&["add", "multiply", "concatenate", "average"])
            } else {
                "concatenate"
            };
            let name = |i: usize| match i {
                0 => "input".to_owned(),
                _ => format!("tensor {i}"),
            };
            let merge = json!({
                "type": kind, "name": name(shapes.len()), "inputs": [name(from), name(shapes.len() - 1)],
            });
            tables.push(serde_json::from_value(merge).expect("keys of a merge"));
            let network = Network::from_tables(&tables, steps, channels, 1).ok()?;
            shapes.push(network.shape(network.layers.len()));
        }
        let seed = self.below(1 << 30) as u64;
        let mut network = Network::from_tables(&tables, steps, channels, seed).ok()?;
        for table in &tables {
            *self.kinds.entry(table.layer.kind().to_owned()).or_default() += 1;
        }
        for parameter in network.parameters_mut() {
            if ["bias", "beta"].contains(&parameter.name) {
                for value in parameter.values {
                    *value += 0.4 * (self.random.uniform() as f32 - 0.5);
                }
            }
        }
        Some(network)
    }
}
