"""Models on many images at once: exactly, and with the noise that a table's position has when encrypted."""

import numpy as np


def cells_of(layer, accumulators):
    """[count, neurons] accumulators inside their ranges to the cells that they read."""
    low, high = layer.ranges[:, 0].astype(np.int64), layer.ranges[:, 1].astype(np.int64)
    if layer.thresholds is None:
        return ((accumulators - low) * layer.tables.shape[2]) // (high - low + 1)
    columns = [np.searchsorted(layer.thresholds[j], accumulators[:, j], side="right") for j in range(len(low))]
    return np.stack(columns, axis=1)


def looked_up(layer, accumulators):
    """[count, neurons] inside their ranges to entries, neurons of one table each."""
    return layer.tables[np.arange(len(layer.tables)), 0, cells_of(layer, accumulators)].astype(np.int64)


def clear_lookup(layer, accumulators):
    return looked_up(layer, np.clip(accumulators, layer.ranges[:, 0], layer.ranges[:, 1]))


def noisy_lookup(layer, accumulators, position_noise, generator):
    """A table fills half of the torus, and the other half reads its negative about the mean of its ends
    (docs/DESIGN.md,
    "Tables"); position_noise: standard deviation, as a share of the range."""
    low, high = layer.ranges[:, 0].astype(np.int64), layer.ranges[:, 1].astype(np.int64)
    width = high - low + 1
    noise = np.rint(generator.standard_normal(accumulators.shape) * (position_noise * width)).astype(np.int64)
    turns, inside = np.divmod(accumulators + noise - low, width)
    ends = layer.tables[:, 0, 0].astype(np.int64) + layer.tables[:, 0, -1]
    entries = looked_up(layer, inside + low)
    return np.where(turns % 2 == 0, entries, ends - entries)


def classes_of(logits):
    return (logits[:, 0] > 0).astype(np.int64) if logits.shape[1] == 1 else logits.argmax(axis=1)


def linear(layer, values):
    return np.rint(values.astype(np.float64) @ layer.weights.T.astype(np.float64)).astype(np.int64) + layer.biases


def model_logits(model, levels, position_noise=0.0, seed=0):
    """levels: integers [count, pixels]; real logits [count, outputs]."""
    generator, values = np.random.default_rng(seed), levels
    for layer in model.layers[:-1]:
        sums = linear(layer, values)
        values = noisy_lookup(layer, sums, position_noise, generator) if position_noise else clear_lookup(layer, sums)
    offsets = 0 if model.offsets is None else model.offsets
    return linear(model.layers[-1], values) * np.asarray(model.output_scale) + offsets
