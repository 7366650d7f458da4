//! Tests of keys around layers: slopes, directions, steps of zeros.
use super::{GOOD, refusal};
use crate::config::{Activation, Config, LayerConfig, MergeMode};

#[test]
fn slopes_and_alphas_reach_their_activation() {
    let dense = |keys: &str| GOOD.replace("units = 1\n\n", &format!("units = 1\n{keys}\n\n"));
    let of = |keys: &str| {
        let config = Config::parse("m.toml", &dense(keys)).unwrap();
        match config.layers[1].layer {
            LayerConfig::Dense { activation, .. } => activation,
            ref other => panic!("{other:?}"),
        }
    };
    let leaky = |negative_slope| Activation::LeakyRelu { negative_slope };
    assert_eq!(of("activation = \"leaky_relu\""), leaky(0.3));
    assert_eq!(
        of("activation = \"leaky_relu\"\nnegative_slope = 0"),
        leaky(0.0)
    );
    assert_eq!(of("activation = \"elu\""), Activation::Elu { alpha: 1.0 });
    assert_eq!(
        of("activation = \"elu\"\nalpha = 0.5"),
        Activation::Elu { alpha: 0.5 }
    );
    assert_eq!(of("activation = \"swish\""), Activation::Silu);
    for (keys, says) in [
        (
            "negative_slope = 0.5",
            "layer 2 (dense): `negative_slope` is for activation = \"leaky_relu\"",
        ),
        (
            "activation = \"relu\"\nalpha = 0.5",
            "layer 2 (dense): `alpha` is for activation = \"elu\"",
        ),
    ] {
        let message = Config::parse("m.toml", &dense(keys))
            .unwrap_err()
            .to_string();
        assert!(message.contains(says), "{message}");
        assert!(message.starts_with("m.toml:1"), "{message}");
    }
}

#[test]
fn keys_around_a_layer_are_read_and_checked() {
    let with = |keys: &str| GOOD.replace("units = 100\n", &format!("units = 100\n{keys}\n"));
    let config = Config::parse(
        "m.toml",
        &with("bidirectional = true\nmerge_mode = \"ave\""),
    )
    .unwrap();
    assert!(config.layers[0].bidirectional);
    assert_eq!(config.layers[0].merge_mode, Some(MergeMode::Ave));
    let message = Config::parse("m.toml", &with("merge_mode = \"sum\""))
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("m.toml:8: layer 1 (lstm): `merge_mode` is for"),
        "{message}"
    );
    let message = refusal("units = 1\n", "units = 1\nbidirectional = true\n");
    assert!(
        message.contains("unknown key `bidirectional` in layer 2 (dense)"),
        "{message}"
    );
}

#[test]
fn zero_padding_takes_one_number_or_two() {
    let with = |padding: &str| {
        let layer =
            format!("type = \"zero_padding1d\"\npadding = {padding}\n[[layers]]\ntype = \"lstm\"");
        Config::parse("m.toml", &GOOD.replacen("type = \"lstm\"", &layer, 1))
    };
    for (padding, sides) in [("3", [3, 3]), ("[0, 2]", [0, 2])] {
        let config = with(padding).unwrap();
        let LayerConfig::ZeroPadding1d { padding } = config.layers[0].layer else {
            panic!("{:?}", config.layers[0])
        };
        assert_eq!(padding.sides(), sides);
    }
    for padding in [
        "-1",
        "[1]",
        "[1, 2, 3]",
        "[1, -2]",
        "\"same\"",
        "70000",
        "1.5",
    ] {
        let message = with(padding).unwrap_err().to_string();
        assert!(
            message.contains("`padding` of layer 1 (zero_padding1d) must be a whole number"),
            "{message}"
        );
    }
}

#[test]
fn ids_cannot_be_standardized() {
    let npy =
        "source = \"npy\"\nx_train = \"a\"\ny_train = \"b\"\nx_test = \"c\"\ny_test = \"d\"\n";
    let file = |standardize: bool| {
        GOOD.replace(
            "type = \"lstm\"",
            "type = \"embedding\"\ninput_dim = 3\noutput_dim = 2\n[[layers]]\ntype = \"lstm\"",
        )
        .replace(
            "source = \"series\"",
            &format!("{npy}standardize = {standardize}"),
        )
    };
    assert!(Config::parse("m.toml", &file(false)).is_ok());
    let message = Config::parse("m.toml", &file(true))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("layer 1 (embedding) reads ids"),
        "{message}"
    );
}
