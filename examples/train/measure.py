"""Figures of an exported model: accuracy, AUC, and what simulated encryption noise does to it.

Logits are [count, outputs]; a single one stands for two classes, class 1 where it is above 0.
"""

import numpy as np

from model_file import accumulate, integer_logits, read_tables
from ring import amplitude_width, reach_noise

SIMULATED_LOOKUPS = 2 ** 24  # of one description, about: decides the number of draws
FEWEST_DRAWS, MOST_DRAWS = 4, 64


def classes_of(logits):
    return (logits[..., 0] > 0).astype(np.int64) if logits.shape[-1] == 1 else logits.argmax(axis=-1)


def log_probabilities(real_logits):
    """[count, classes]"""
    scores = real_logits
    if scores.shape[1] == 1:
        scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def accuracy(logits, labels):
    return float(np.mean(classes_of(logits) == labels))


def ranks(values):
    """1-based ranks; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def binary_auc(scores, positive):
    """Area under the ROC curve: the share of (positive, negative) pairs in the right order, ties counting half."""
    positives = int(positive.sum())
    negatives = len(positive) - positives
    rank_sum = ranks(scores)[positive].sum()
    return float((rank_sum - positives * (positives + 1) / 2) / (positives * negatives))


def log_odds(real_logits, label):
    """Of one class against all others: orders like its probability, and does not run into 0 and 1."""
    if real_logits.shape[1] == 1:
        return real_logits[:, 0] if label == 1 else -real_logits[:, 0]
    others = np.delete(real_logits, label, axis=1)
    largest = others.max(axis=1)
    return real_logits[:, label] - largest - np.log(np.exp(others - largest[:, None]).sum(axis=1))


def auc(real_logits, labels):
    """Mean over the classes, each against all others, that some but not all images have. Scores in millionths, as in
    examples/common/metrics.c; NAN where there is no such class."""
    present = [label for label in range(max(2, real_logits.shape[1])) if 0 < np.sum(labels == label) < len(labels)]
    if not present:
        return float("nan")
    return float(np.mean([binary_auc(np.rint(1e6 * log_odds(real_logits, label)), labels == label)
                          for label in present]))


def cross_entropy(real_logits, labels, class_weights):
    """Mean over the images, each weighted by its class: what training minimizes, without its label smoothing."""
    losses = -log_probabilities(real_logits)[np.arange(len(labels)), labels]
    return float(np.average(losses, weights=class_weights[labels]))


def noise_std(layer, noise, first, whole_torus=False):
    """[neurons], in accumulators: the position noise, and that of the inputs, pixels or rotations. A neuron's weights can be multiplied by an integer, so that its range fills at least half of what there is."""
    widths = (layer.ranges[:, 1] - layer.ranges[:, 0] + 1).astype(float)
    full = amplitude_width(widths, whole_torus) if first else widths.max()
    inputs = full * (noise.pixel / 65536 if first else noise.rotation) * (1 if whole_torus else 2)
    from_inputs = np.linalg.norm(layer.weights.astype(float), axis=1) * inputs
    return np.hypot(from_inputs, noise.position * full / np.floor(full / widths))


def is_on_whole_torus(model):
    return model.contract is not None and model.contract.whole_torus


def read_wrapped(layer, accumulators, whole_torus=False):
    """Tables as encryption reads them: beyond its range a table continues with its negacyclic copy,
    f(low) + f(high) - f(accumulator -+ width), and on the whole torus with itself."""
    low = layer.ranges[:, 0].astype(np.int64)
    width = layer.ranges[:, 1] - low + 1
    turned = (accumulators - low) % (width if whole_torus else 2 * width)
    per_neuron = layer.tables.shape[1]
    values = read_tables(layer, low + turned % width)
    ends = (layer.tables[:, :, 0].astype(np.int64) + layer.tables[:, :, -1]).reshape(-1)
    return np.where(np.repeat(turned >= width, per_neuron, axis=1), ends - values, values)


def largest_logit(model):
    """Over all entries of the last tables there can be."""
    tables, layer = model.layers[-2].tables.astype(np.int64), model.layers[-1]
    weights = layer.weights.astype(np.int64)
    ends = weights[:, :, None] * np.stack([tables.min(axis=2), tables.max(axis=2)], axis=2).reshape(-1, 2)
    return int(max(np.abs(ends.max(axis=2).sum(axis=1) + layer.biases).max(),
                   np.abs(ends.min(axis=2).sum(axis=1) + layer.biases).max()))


def rotations(model):
    """Of a logit: with one logit weights become part of the tables, with several they multiply the noise."""
    weights = model.layers[-1].weights.astype(np.int64)
    return int(np.count_nonzero(weights)) if len(weights) == 1 else int((weights ** 2).sum(axis=1).max())


def noisy_logits(model, first_accumulators, noise, generator):
    """Integer logits [count, outputs], with noise before every table and after the last."""
    accumulators, whole = first_accumulators, is_on_whole_torus(model)
    for index, layer in enumerate(model.layers[:-1]):
        shifts = generator.normal(size=accumulators.shape) * noise_std(layer, noise, index == 0, whole)
        values = read_wrapped(layer, accumulators + np.rint(shifts).astype(np.int64), whole)
        accumulators = accumulate(model.layers[index + 1], values)
    if noise.rotation:
        std = reach_noise(noise.rotation, rotations(model)) * largest_logit(model)
        accumulators = accumulators + np.rint(std * generator.normal(size=accumulators.shape)).astype(np.int64)
    return accumulators


def describe(model, levels, labels, noise, class_weights):
    """All figures of one split; without noise (None) the clear ones are all."""
    clear = integer_logits(model, levels)
    real = clear * model.output_scale
    figures = {"accuracy": accuracy(clear, labels), "auc": auc(real, labels),
               "loss": cross_entropy(real, labels, class_weights)}
    if noise is None:
        return figures
    return {**figures, **describe_noisy(model, levels, labels, noise, class_weights, clear)}


def draws_for(model, images):
    lookups = images * sum(len(layer.weights) for layer in model.layers[:-1])
    return int(np.clip(SIMULATED_LOOKUPS // lookups, FEWEST_DRAWS, MOST_DRAWS))


def describe_noisy(model, levels, labels, noise, class_weights, clear):
    """The noise seed is fixed: two models meet the same draws."""
    generator = np.random.default_rng(1)
    first = accumulate(model.layers[0], levels)
    noisy = np.stack([noisy_logits(model, first, noise, generator) for _ in range(draws_for(model, len(labels)))])
    classes = classes_of(noisy)
    return {
        "noisy_accuracy": float(np.mean(classes == labels)),
        "flip_rate": float(np.mean(classes != classes_of(clear))),
        "noisy_loss": float(np.mean([cross_entropy(row * model.output_scale, labels, class_weights) for row in noisy])),
    }
