"""A chain of real matrices and functions as the integers of a model file.

Scales of sums are each neuron's own, since its table takes them in; so are steps of tables, since the next matrix does.
Where weights are integers times a scale and functions are staircases, as in nets that were trained quantized, the model
is the graph over again; elsewhere weights and values are rounded.
"""

from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from ..train.model_file import Layer
from .integers import row_scale, staircase

MOST_BOOTSTRAPS = 4096
PROBES = 1537        # values of a sum at which a function is looked at
CELLS = 1024         # of a table that is no staircase
MOST_STEPS = 512     # of a table with a threshold for each
SUM_LIMIT = 2 ** 30  # of an accumulator


@dataclass(frozen=True)
class Settings:
    weight_bits: int = 8   # of weights that are not integers already
    levels: int = 255      # of activations that are not quantized already
    input_levels: int = 256


@dataclass
class IntegerStage:
    weights: np.ndarray  # int64 [neurons, inputs]
    scale: np.ndarray    # x = scale * accumulator + offset
    offset: np.ndarray
    exact: bool          # weights and their inputs are the graph's own
    reach: np.ndarray    # int64 [neurons, 2]
    stage: object        # of the chain
    step: Optional[np.ndarray] = None  # y = step * entry + shift
    shift: Optional[np.ndarray] = None
    steps: Optional[np.ndarray] = None  # bool: the function is a staircase
    layers: dict = field(default_factory=dict)  # those made already, by their ranges

    def reals(self, accumulators):
        return accumulators * self.scale + self.offset

    def entries(self, accumulators):
        """[G, neurons] accumulators to table entries, rounded."""
        return np.rint((self.stage.outputs(self.reals(accumulators)) - self.shift) / self.step).astype(np.int64)


# ------------------------------------------------------------------------------------------------------- the image

@dataclass
class InputLevels:
    levels: int
    map: np.ndarray  # uint8 [256]
    step: float      # value of a pixel = step * level + shift
    shift: float
    exact: bool


def even_levels(chain, low, high, levels):
    """Levels evenly from the least to the largest pixel that images have."""
    levels = min(levels, high - low + 1)
    pixels = np.clip(np.arange(256), low, high)
    span = max(high - low, 1)
    chosen = ((pixels - low) * (levels - 1) + span // 2) // span
    values = chain.level_values
    step = (values[high] - values[low]) / max(levels - 1, 1)
    return InputLevels(max(levels, 2), chosen.astype(np.uint8), float(step) or 1.0, float(values[low]),
                       levels == high - low + 1)


def input_levels(chain, low, high, levels):
    """low, high: least and largest pixel of the images."""
    if not chain.mapped:
        return even_levels(chain, low, high, levels)
    found = staircase_map(chain.level_values)
    if found is not None:
        return found
    values = chain.level_values
    bottom, span = values[low:high + 1].min(), np.ptp(values[low:high + 1]) or 1.0
    chosen = np.clip(np.rint((values - bottom) / span * (levels - 1)), 0, levels - 1)
    return InputLevels(levels, chosen.astype(np.uint8), span / (levels - 1), float(bottom), False)


def staircase_map(values):
    """The levels that a graph itself gives a pixel."""
    gaps = np.diff(np.unique(values))
    if len(gaps) == 0:
        return None
    gap = gaps[gaps > 1e-4 * gaps.max()].min()
    places = (values - values.min()) / gap
    highest = int(np.rint(places.max()))
    if highest > 255 or np.abs(places - np.rint(places)).max() > 0.05:
        return None
    step = np.ptp(values) / highest
    chosen = np.rint((values - values.min()) / step)
    return InputLevels(max(highest + 1, 2), chosen.astype(np.uint8), float(step), float(values.min()), True)


# ----------------------------------------------------------------------------------------------------- the layers

def integer_rows(matrix, bits):
    """Weights, scales and whether nothing was rounded."""
    weights, scales = np.zeros(matrix.shape, np.int64), np.ones(len(matrix))
    exact = True
    for j, row in enumerate(matrix):
        scale = row_scale(row)
        if scale is None:
            scale, exact = np.abs(row).max() / (2 ** (bits - 1) - 1), False
        weights[j], scales[j] = np.rint(row / scale), scale
    return weights, scales, exact


def jittered(low, high, generator):
    """PROBES places in each neuron's low..high, ends among them, unevenly spaced: evenly spaced ones would make a
    straight
    line look like a staircase."""
    places = np.sort(generator.random((PROBES, 1)), axis=0)
    places[0], places[-1] = 0, 1
    return low + places * (high - low)


def weighted_reach(weights, lowest, highest):
    """lowest, highest: least and largest value of each input."""
    positive, negative = np.maximum(weights, 0), np.minimum(weights, 0)
    return positive @ lowest + negative @ highest, positive @ highest + negative @ lowest


def integer_sums(stage, step, shift, lowest, highest, bits):
    """A stage over inputs that are integers from lowest to highest (a number each), each worth step and, at 0,
    shift."""
    matrix = stage.matrix * step
    offset = stage.constant + stage.matrix @ shift
    while True:
        weights, scale, exact = integer_rows(matrix, bits)
        reach = np.stack(weighted_reach(weights, lowest, highest), axis=1)
        if np.abs(reach).max() < SUM_LIMIT or bits <= 4:
            return IntegerStage(weights, scale, offset, exact, reach, stage)
        bits -= 1


def add_steps(found, seen, levels, generator):
    """What a unit of each table's entries is worth. seen: int64 [neurons, 2], accumulators of the images."""
    middle = seen.mean(axis=1)
    half = np.maximum((seen[:, 1] - seen[:, 0]) / 2, 1)
    low, high = np.maximum(middle - 2 * half, found.reach[:, 0]), np.minimum(middle + 2 * half, found.reach[:, 1])
    values = found.stage.outputs(found.reals(jittered(low, np.maximum(high, low + 1), generator)))
    usual = found.stage.outputs(found.reals(jittered(seen[:, 0], np.maximum(seen[:, 1], seen[:, 0] + 1), generator)))
    stairs = [staircase(column) for column in values.T]
    found.steps = np.array([stair is not None for stair in stairs])
    spans = np.where(np.ptp(usual, axis=0) > 0, np.ptp(usual, axis=0), np.ptp(values, axis=0))
    step = np.array([stair[0] if stair else spans[j] / (levels - 1) for j, stair in enumerate(stairs)])
    # What never changes has no step; one like the others' keeps its column from ruling the next matrix.
    found.step = np.where(step > 0, step, step[step > 0].min(initial=1.0))
    found.shift = np.array([stair[1] if stair else 0.0 for stair in stairs])


# ----------------------------------------------------------------------------------------------------- the tables

def entry_limits(found, low, high):
    """Least and largest entry over low..high, at enough places to meet each step of a staircase that matters."""
    places = np.rint(np.linspace(low, high, CELLS))
    entries = found.entries(places)
    return entries.min(axis=0), entries.max(axis=0), entries


def thresholds_of(found, low, high, first, last):
    """Where a staircase that rises, or falls, takes each next step: int64 [neurons, steps]. first, last: entries at
    the ends. All neurons at once, by bisection."""
    count = int(np.abs(last - first).max())
    turns = np.arange(1, count + 1)[:, None]
    rising = np.where(last >= first, 1, -1)
    goal = first * rising + turns
    below, above = np.broadcast_to(low - 1, goal.shape).copy(), np.broadcast_to(high + 1, goal.shape).copy()
    while np.any(above - below > 1):
        middle = (below + above) // 2
        reached = found.entries(np.clip(middle, low, high)) * rising >= goal
        below, above = np.where(reached, below, middle), np.where(reached, middle, above)
    return above.T


def stair_tables(found, low, high, ends):
    """Thresholds [neurons, cells - 1] and tables [neurons, 1, cells]."""
    first, last = ends
    thresholds = thresholds_of(found, low, high, first, last)
    rising = np.where(last >= first, 1, -1)[:, None]
    counts = np.abs(last - first)[:, None]
    turns = np.arange(thresholds.shape[1] + 1)[None, :]
    tables = first[:, None] + rising * np.minimum(turns, counts)
    return thresholds, tables[:, None, :]


def monotone(entries):
    rises = np.diff(entries, axis=0)
    return bool(np.all(np.all(rises >= 0, axis=0) | np.all(rises <= 0, axis=0)))


def widened(low, high, cells):
    lack = np.maximum(cells - (high - low + 1), 0)
    return low - lack // 2, high + lack - lack // 2


def table_layer(found, low, high):
    """low, high: int64 [neurons], the range of each table. Made once for each: rules are tried in many combinations."""
    key = low.tobytes() + high.tobytes()
    if key not in found.layers:
        found.layers[key] = new_table_layer(found, low, high)
    return found.layers[key]


def new_table_layer(found, low, high):
    lowest, highest, entries = entry_limits(found, low, high)
    peak = max(int(np.abs(lowest).max()), int(np.abs(highest).max()))
    ends = found.entries(np.stack([low, high]))
    steps = int(np.abs(ends[1] - ends[0]).max())
    biases = np.zeros(len(low), np.int64)
    if found.steps.all() and monotone(entries) and 1 <= steps <= MOST_STEPS and peak < 2 ** 15:
        thresholds, tables = stair_tables(found, low, high, ends)
        return Layer(found.weights, biases, np.stack([low, high], axis=1), tables, thresholds)
    widest = int((high - low).max()) + 1
    cells = widest if widest <= 4 * CELLS else CELLS
    low, high = widened(low, high, cells)
    middles = low + (np.arange(cells)[:, None] + 0.5) * (high - low + 1) / cells - 0.5
    tables = np.clip(found.entries(middles), -32767, 32767)
    return Layer(found.weights, biases, np.stack([low, high], axis=1), tables.T[:, None, :])
