#!/usr/bin/env python3
"""Times Concrete ML on a network of one hidden layer, one image at a time, and prints one JSON object.

    concrete_ml.py --neurons 8 [--tuned] [--images 2]

The network has random weights: the time of an encrypted image depends on the shape, the bits and the promised error
alone. It is compiled by Concrete ML's own route for torch networks with weights and activations of 4 bits. As it comes,
Concrete ML lets a lookup fail with probability 2^-40; tuned, it rounds accumulators approximately to 6 bits and lets a
lookup fail with probability 0.01.
"""

import argparse
import json
import time

import numpy
import torch
from concrete.fhe import Exactness
from concrete.ml.torch.compile import compile_torch_model

import concrete.ml

INPUTS, OUTPUTS, BITS = 784, 2, 4
TUNED = {"rounding_threshold_bits": {"n_bits": 6, "method": Exactness.APPROXIMATE}, "p_error": 0.01}
DEFAULT = {"p_error": 2.0 ** -40}


def network(neurons):
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(INPUTS, neurons), torch.nn.ReLU(), torch.nn.Linear(neurons, OUTPUTS))


def timed(work):
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def measure(neurons, options, images):
    pixels = numpy.random.default_rng(1).random((200, INPUTS))
    module, compile_s = timed(lambda: compile_torch_model(network(neurons), pixels, n_bits=BITS, **options))
    circuit = module.fhe_circuit
    _, keygen_s = timed(lambda: circuit.keygen(force=True))
    quantized = module.quantize_input(pixels[:images])
    seconds, same = [], 0
    for image in quantized:
        encrypted = circuit.encrypt(image[None])
        result, spent = timed(lambda: circuit.run(encrypted))
        seconds.append(spent)
        same += numpy.argmax(circuit.decrypt(result)) == numpy.argmax(module.quantized_forward(image[None], fhe="disable"))
    return {"neurons": neurons, "p_error": options["p_error"], "tuned": options is TUNED, "image_s": min(seconds),
            "image_s_all": seconds, "same_class": int(same), "images": images, "compile_s": compile_s, "keygen_s": keygen_s,
            "evaluation_key_bytes": circuit.size_of_bootstrap_keys + circuit.size_of_keyswitch_keys,
            "version": concrete.ml.__version__, "most_bits": int(circuit.graph.maximum_integer_bit_width())}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--neurons", type=int, required=True)
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--images", type=int, default=2)
    options = parser.parse_args()
    print(json.dumps(measure(options.neurons, TUNED if options.tuned else DEFAULT, options.images)))


if __name__ == "__main__":
    main()
