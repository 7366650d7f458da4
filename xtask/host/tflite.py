"""Serves TFLite models to `cargo xtask host`: builds each in Keras with the weights that Dunlin gave it, converts it, and times it.

The argument is a folder of models: NAME/model.json (`input`: [steps, channels], `layers`: as in a description), NAME/windows.npy, and
the parameters NAME/0.npy, NAME/1.npy, ... in Keras's order. For each line `NAME f32` or `NAME int8` of standard input comes a line with
the nanoseconds of a call of `invoke` on one thread; for `NAME outputs f32|int8` one with the outputs of the first windows as JSON.
"""
import json
import os
import sys
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# Workarounds for other libraries would slow numpy down.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

LEAST = 1_000_000  # nanoseconds of calls a measurement


def layer(description, unroll):
    given = dict(description)
    kind = given.pop("type")
    if kind == "lstm":
        return keras.layers.LSTM(**given, unroll=unroll)
    kinds = {
        "conv1d": keras.layers.Conv1D,
        "dense": keras.layers.Dense,
        "flatten": keras.layers.Flatten,
        "global_average_pool1d": keras.layers.GlobalAveragePooling1D,
        "max_pool1d": keras.layers.MaxPool1D,
    }
    return kinds[kind](**given)


def network(folder, unroll):
    model = json.loads((folder / "model.json").read_text())
    layers = [layer(description, unroll) for description in model["layers"]]
    built = keras.Sequential([keras.Input(model["input"], batch_size=1), *layers])
    weights = [np.load(folder / f"{i}.npy").reshape(w.shape) for i, w in enumerate(built.weights)]
    built.set_weights(weights)
    return built


def converted(model, windows, integer):
    signature = [tf.TensorSpec(model.input_shape, tf.float32)]
    function = tf.function(lambda x: model(x), input_signature=signature).get_concrete_function()
    # Variables that are not constants fail when the interpreter reads them.
    frozen = convert_variables_to_constants_v2(function)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    if integer:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([window[None]] for window in windows)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


class Served:
    """A model in an interpreter, as it comes: one thread, XNNPACK where it takes an operation."""

    def __init__(self, content, windows):
        self.interpreter = Interpreter(model_content=content, num_threads=1)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]
        self.windows = windows
        self.answer(windows[0])

    def answer(self, window):
        x = window[None]
        if self.input["dtype"] == np.int8:
            scale, zero = self.input["quantization"]
            x = np.clip(np.round(x / scale) + zero, -128, 127).astype(np.int8)
        self.interpreter.set_tensor(self.input["index"], x)
        self.interpreter.invoke()
        y = self.interpreter.get_tensor(self.output["index"])[0]
        if self.output["dtype"] == np.int8:
            scale, zero = self.output["quantization"]
            y = (y.astype(np.float32) - zero) * scale
        return y

    def outputs(self, count):
        return np.concatenate([self.answer(window).ravel() for window in self.windows[:count]]).tolist()

    def nanoseconds(self):
        invoke = self.interpreter.invoke
        calls, start = 0, time.perf_counter_ns()
        while time.perf_counter_ns() - start < LEAST:
            for _ in range(4):
                invoke()
            calls += 4
        return (time.perf_counter_ns() - start) / calls


def serve(folder):
    """The model in both precisions. An LSTM becomes a loop or a step after the other: of floats, what is faster; of integers the
    converter has crashed on loops."""
    windows = np.load(folder / "windows.npy")
    unrolled = network(folder, True)
    has_loops = any(isinstance(layer, keras.layers.LSTM) for layer in unrolled.layers)
    floats = [unrolled, network(folder, False)] if has_loops else [unrolled]
    candidates = [Served(converted(model, windows, False), windows) for model in floats]
    fastest = min(candidates, key=lambda served: min(served.nanoseconds() for _ in range(9)))
    return {"f32": fastest, "int8": Served(converted(unrolled, windows, True), windows)}


def main():
    # The libraries' own messages go elsewhere: standard output is for answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    folders = sorted(path.parent for path in Path(sys.argv[1]).glob("*/model.json"))
    models = {}
    for folder in folders:
        print(f"converting {folder.name}", file=sys.stderr, flush=True)
        models[folder.name] = serve(folder)
    for line in sys.stdin:
        name, *outputs, precision = line.split()
        served = models[name][precision]
        if outputs:
            answer = json.dumps(served.outputs(int(outputs[0])))
        else:
            answer = served.nanoseconds()
        print(answer, file=answers, flush=True)


main()
