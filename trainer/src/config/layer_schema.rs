//! The `[[layers]]` tables of the schema.
use super::schema::{Family, Interval, Key, Kind, Table, WIDTH, optional, required};

const ACTIVATIONS: Kind = Kind::Choice(&[
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
    "swish",
    "softmax",
]);
/// Softmax is for a last Dense layer only.
const CONV_ACTIVATIONS: Kind = Kind::Choice(&[
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
    "swish",
]);
/// Of recurrent layers, for both roles.
const CELL_ACTIVATIONS: Kind = Kind::Choice(&["tanh", "relu", "sigmoid", "hard_sigmoid", "linear"]);
/// Of activation = "leaky_relu".
const NEGATIVE_SLOPE: Key = optional("negative_slope", Kind::Number(Interval::HalfOpen));
/// Of activation = "elu".
const ALPHA: Key = optional("alpha", Kind::Number(Interval::Positive));

const PADDINGS: Kind = Kind::Choice(&["valid", "same", "causal"]);
/// Of recurrent layers.
const BIDIRECTIONAL: Key = optional("bidirectional", Kind::Flag);
const MERGE_MODE: Key = optional("merge_mode", Kind::Choice(&["concat", "sum", "mul", "ave"]));

pub const LAYERS: Family = Family {
    noun: "layer type",
    tag: "type",
    common: &[
        optional("name", Kind::Text),
        optional("inputs", Kind::Names),
    ],
    tables: &[
        (
            "dense",
            Table {
                title: "[[layers]] type = \"dense\"",
                keys: &[
                    required("units", WIDTH),
                    optional("activation", ACTIVATIONS),
                    NEGATIVE_SLOPE,
                    ALPHA,
                    optional("use_bias", Kind::Flag),
                ],
            },
        ),
        (
            "conv1d",
            Table {
                title: "[[layers]] type = \"conv1d\"",
                keys: &[
                    required("filters", WIDTH),
                    required("kernel_size", WIDTH),
                    optional("padding", PADDINGS),
                    optional("strides", WIDTH),
                    optional("dilation_rate", WIDTH),
                    optional("groups", WIDTH),
                    optional("activation", CONV_ACTIVATIONS),
                    NEGATIVE_SLOPE,
                    ALPHA,
                    optional("use_bias", Kind::Flag),
                ],
            },
        ),
        (
            "depthwise_conv1d",
            Table {
                title: "[[layers]] type = \"depthwise_conv1d\"",
                keys: &[
                    required("kernel_size", WIDTH),
                    optional("depth_multiplier", WIDTH),
                    optional("padding", PADDINGS),
                    optional("strides", WIDTH),
                    optional("dilation_rate", WIDTH),
                    optional("activation", CONV_ACTIVATIONS),
                    NEGATIVE_SLOPE,
                    ALPHA,
                    optional("use_bias", Kind::Flag),
                ],
            },
        ),
        (
            "separable_conv1d",
            Table {
                title: "[[layers]] type = \"separable_conv1d\"",
                keys: &[
                    required("filters", WIDTH),
                    required("kernel_size", WIDTH),
                    optional("depth_multiplier", WIDTH),
                    optional("padding", PADDINGS),
                    optional("strides", WIDTH),
                    optional("dilation_rate", WIDTH),
                    optional("activation", CONV_ACTIVATIONS),
                    NEGATIVE_SLOPE,
                    ALPHA,
                    optional("use_bias", Kind::Flag),
                ],
            },
        ),
        (
            "max_pool1d",
            Table {
                title: "[[layers]] type = \"max_pool1d\"",
                keys: &[
                    optional("pool_size", WIDTH),
                    optional("strides", WIDTH),
                    optional("padding", Kind::Choice(&["valid", "same"])),
                ],
            },
        ),
        (
            "average_pool1d",
            Table {
                title: "[[layers]] type = \"average_pool1d\"",
                keys: &[
                    optional("pool_size", WIDTH),
                    optional("strides", WIDTH),
                    optional("padding", Kind::Choice(&["valid", "same"])),
                ],
            },
        ),
        (
            "global_max_pool1d",
            Table {
                title: "[[layers]] type = \"global_max_pool1d\"",
                keys: &[],
            },
        ),
        (
            "global_average_pool1d",
            Table {
                title: "[[layers]] type = \"global_average_pool1d\"",
                keys: &[],
            },
        ),
        (
            "zero_padding1d",
            Table {
                title: "[[layers]] type = \"zero_padding1d\"",
                keys: &[optional("padding", Kind::Steps)],
            },
        ),
        (
            "up_sampling1d",
            Table {
                title: "[[layers]] type = \"up_sampling1d\"",
                keys: &[optional("size", WIDTH)],
            },
        ),
        (
            "flatten",
            Table {
                title: "[[layers]] type = \"flatten\"",
                keys: &[],
            },
        ),
        (
            "simple_rnn",
            Table {
                title: "[[layers]] type = \"simple_rnn\"",
                keys: &[
                    required("units", WIDTH),
                    optional("activation", CELL_ACTIVATIONS),
                    optional("return_sequences", Kind::Flag),
                    optional("use_bias", Kind::Flag),
                    optional("layer_norm", Kind::Flag),
                    BIDIRECTIONAL,
                    MERGE_MODE,
                ],
            },
        ),
        (
            "lstm",
            Table {
                title: "[[layers]] type = \"lstm\"",
                keys: &[
                    required("units", WIDTH),
                    optional("activation", CELL_ACTIVATIONS),
                    optional("recurrent_activation", CELL_ACTIVATIONS),
                    optional("return_sequences", Kind::Flag),
                    optional("use_bias", Kind::Flag),
                    BIDIRECTIONAL,
                    MERGE_MODE,
                ],
            },
        ),
        (
            "gru",
            Table {
                title: "[[layers]] type = \"gru\"",
                keys: &[
                    required("units", WIDTH),
                    optional("activation", CELL_ACTIVATIONS),
                    optional("recurrent_activation", CELL_ACTIVATIONS),
                    optional("return_sequences", Kind::Flag),
                    optional("use_bias", Kind::Flag),
                    optional("reset_after", Kind::Flag),
                    BIDIRECTIONAL,
                    MERGE_MODE,
                ],
            },
        ),
        (
            "dropout",
            Table {
                title: "[[layers]] type = \"dropout\"",
                keys: &[required("rate", Kind::Number(Interval::HalfOpen))],
            },
        ),
        (
            "embedding",
            Table {
                title: "[[layers]] type = \"embedding\"",
                keys: &[required("input_dim", WIDTH), required("output_dim", WIDTH)],
            },
        ),
        (
            "layer_norm",
            Table {
                title: "[[layers]] type = \"layer_norm\"",
                keys: &[optional("epsilon", Kind::Number(Interval::Positive))],
            },
        ),
        (
            "batch_norm",
            Table {
                title: "[[layers]] type = \"batch_norm\"",
                keys: &[
                    optional("momentum", Kind::Number(Interval::HalfOpen)),
                    optional("epsilon", Kind::Number(Interval::Positive)),
                ],
            },
        ),
        (
            "activation",
            Table {
                title: "[[layers]] type = \"activation\"",
                keys: &[
                    required("activation", CONV_ACTIVATIONS),
                    NEGATIVE_SLOPE,
                    ALPHA,
                ],
            },
        ),
        (
            "add",
            Table {
                title: "[[layers]] type = \"add\"",
                keys: &[],
            },
        ),
        (
            "average",
            Table {
                title: "[[layers]] type = \"average\"",
                keys: &[],
            },
        ),
        (
            "multiply",
            Table {
                title: "[[layers]] type = \"multiply\"",
                keys: &[],
            },
        ),
        (
            "concatenate",
            Table {
                title: "[[layers]] type = \"concatenate\"",
                keys: &[],
            },
        ),
    ],
};
