"""Figures of an exported two-class model: accuracy, AUC, and what simulated encryption noise does to it."""

import numpy as np

from model_file import accumulate, integer_logits, read_tables


def accuracy(logits, labels):
    return float(np.mean((logits > 0) == labels))


def ranks(values):
    """1-based ranks; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def auc(logits, labels):
    """Area under the ROC curve: the share of (1, 0) pairs in the right order, ties counting half."""
    positives = int(labels.sum())
    negatives = len(labels) - positives
    rank_sum = ranks(logits)[labels == 1].sum()
    return float((rank_sum - positives * (positives + 1) / 2) / (positives * negatives))


def cross_entropy(real_logits, labels, class_weights):
    """Mean over the images, each weighted by its class: what training minimizes, without its label smoothing."""
    losses = np.logaddexp(0, np.where(labels == 1, -real_logits, real_logits))
    return float(np.average(losses, weights=class_weights[labels]))


def excesses(layer, accumulators):
    """By how much each accumulator [count, neurons] leaves its range, as a share of the range's width."""
    low, high = layer.ranges[:, 0], layer.ranges[:, 1]
    beyond = np.maximum(np.maximum(low - accumulators, accumulators - high), 0)
    return beyond / (high - low)


def noise_std(layer, noise):
    """[neurons], in accumulator units: the position noise and that of the encrypted pixels."""
    widths = (layer.ranges[:, 1] - layer.ranges[:, 0]).astype(float)
    pixel = noise.pixel * widths.max() / 32768
    from_pixels = np.linalg.norm(layer.weights.astype(float), axis=1) * pixel
    return np.hypot(from_pixels, noise.position * widths)


def read_wrapped(layer, accumulators):
    """Tables as encryption reads them: beyond its range a table continues with its negacyclic copy,
    f(low) + f(high) - f(accumulator -+ width)."""
    low = layer.ranges[:, 0].astype(np.int64)
    width = layer.ranges[:, 1] - low + 1
    turned = (accumulators - low) % (2 * width)
    values = read_tables(layer, low + turned % width)
    ends = layer.tables[:, 0, 0].astype(np.int64) + layer.tables[:, 0, -1]
    return np.where(turned >= width, ends - values, values)


def noisy_logits(model, levels, noise, generator, draws):
    """Integer logits [draws, count] of a net with one table layer, each draw with fresh noise."""
    tables, last = model.layers
    clear = accumulate(tables, levels)
    results = []
    for _ in range(draws):
        shifts = generator.normal(size=clear.shape) * noise_std(tables, noise)
        noisy = clear + np.rint(shifts).astype(np.int64)
        results.append(accumulate(last, read_wrapped(tables, noisy))[:, 0])
    return np.stack(results)


def describe(model, levels, labels, noise, class_weights):
    """All figures of one split; without noise (None), where every lookup is exact, the clear ones are all."""
    clear = integer_logits(model, levels)[:, 0]
    figures = {"accuracy": accuracy(clear, labels), "auc": auc(clear, labels)}
    if noise is None:
        return {**figures, "loss": cross_entropy(clear * model.output_scale, labels, class_weights)}
    return {**figures, **describe_noisy(model, levels, labels, noise, class_weights, clear)}


def describe_noisy(model, levels, labels, noise, class_weights, clear, draws=64):
    """The noise seed is fixed: two models meet the same draws."""
    noisy = noisy_logits(model, levels, noise, np.random.default_rng(1), draws)
    real = noisy * model.output_scale
    excess = excesses(model.layers[0], accumulate(model.layers[0], levels))
    return {
        "noisy_accuracy": float(np.mean((noisy > 0) == labels)),
        "flip_rate": float(np.mean((noisy > 0) != (clear > 0))),
        "noisy_loss": float(np.mean([cross_entropy(row, labels, class_weights) for row in real])),
        "outside_share": float(np.mean(excess > 0)),
        "largest_excess": float(excess.max()),
    }
