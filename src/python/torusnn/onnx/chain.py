"""A graph as matrices and functions, in real numbers:

    y[0] = level_values[pixel];  x[k] = matrix[k] y[k - 1] + constant[k];  y[k] = function[k](x[k]);  logits = the last
    x
"""

from dataclasses import dataclass, field
from typing import Callable, Optional

import numpy as np

from .graph import Node
from .tensors import Tensor, affine_tensor

GRID = 257       # places at which the last function of a graph is looked at
STRAIGHT = 0.02  # of the spread of all logits: how far a function may be off a straight line that stands for it


@dataclass
class Stage:
    matrix: np.ndarray    # float64 [neurons, inputs]
    constant: np.ndarray  # [neurons]
    function: Optional[Callable] = None  # [G, neurons] to [G, neurons], float32; None: the logits
    parts: list = field(default_factory=list)  # (name of the tensor, first neuron, shape) of what the graph calls it

    def sums(self, inputs):
        return inputs @ self.matrix.T + self.constant

    def outputs(self, sums):
        return self.function(sums.astype(np.float32)).astype(np.float64)


@dataclass
class Chain:
    image_shape: tuple
    level_values: np.ndarray  # float64 [256]: what each value of a pixel counts
    mapped: bool              # they are a function of the graph's, not just the graph's input
    stages: list
    classes: tuple
    notes: list

    @property
    def bootstraps(self):
        return sum(len(stage.constant) for stage in self.stages[:-1])

    def forward(self, images):
        """images: uint8 [count, pixels]. The sums of each stage, the logits last."""
        values, sums = self.level_values[images], []
        for stage in self.stages:
            sums.append(stage.sums(values))
            values = sums[-1] if stage.function is None else stage.outputs(sums[-1])
        return sums


def side_by_side(layers):
    """The functions of layers whose neurons stand one behind the other."""
    ends = np.cumsum([len(layer.rows) for layer in layers])[:-1]

    def evaluate(values):
        parts = np.split(values, ends, axis=1)
        return np.concatenate([layer.function(part) for layer, part in zip(layers, parts)], axis=1)
    return layers[0].function if len(layers) == 1 else evaluate


def padded(matrix, columns):
    return np.pad(matrix, [(0, 0), (0, columns - matrix.shape[1])])


def stage_of(base):
    layers = base.layers
    matrix = np.concatenate([padded(layer.source.matrix, base.parent.size)[layer.rows] for layer in layers])
    constant = np.concatenate([layer.source.constant[layer.rows] for layer in layers])
    starts = np.cumsum([0] + [len(layer.rows) for layer in layers])
    return Stage(matrix, constant, side_by_side(layers), [(layer.name, int(start)) for layer, start
                                                          in zip(layers, starts)])


def stages_below(base):
    stages = []
    while base.depth > 0:
        stages.append(stage_of(base))
        base = base.parent
    return stages[::-1]


def last_stage(tensor):
    matrix, constant = affine_tensor(tensor)
    return Stage(padded(matrix, tensor.source.base.size), constant.reshape(-1), parts=[(tensor.name, 0)])


def chain_of(reader, tensor):
    mapped = reader.level_values is not None
    level_values = reader.level_values if mapped else reader.pixel_values
    stages = stages_below(tensor.source.base) + [last_stage(tensor)]
    return Chain(reader.image_shape, level_values, mapped, stages, reader.classes, reader.notes)


def placed(tensor, values):
    """values [G, elements] at the elements of a tensor of which each has its own element of the source."""
    out = np.zeros((len(values), tensor.source.size), np.float32)
    out[:, tensor.index.reshape(-1)] = values
    return out


def line_of(tensor):
    """Slope and offset of each element of an affine tensor."""
    zero = np.zeros((1, tensor.source.size))
    offset = tensor.function(zero).reshape(-1)
    return tensor.function(zero + 1).reshape(-1) - offset, offset


def last_functions(tensor, straight, grid):
    """The values of each element of `tensor` [GRID, elements] where those of `straight` are the grid's [GRID,
    elements];
    None where elements of one are not those of the other."""
    slope, offset = line_of(straight)
    flat = tensor.index.reshape(-1)
    if np.any(slope == 0) or len(np.unique(flat)) < len(flat) or not np.array_equal(flat, straight.index.reshape(-1)):
        return None
    return tensor.function(placed(tensor, (grid - offset) / slope)).reshape(GRID, -1)


def same_rise(values):
    """Is it one function for every element, that never falls?"""
    spread = max(float(np.ptp(values)), 1e-30)
    return bool(np.all(np.diff(values, axis=0) >= -1e-6 * spread) and np.ptp(values, axis=1).max() <= 1e-3 * spread
                and np.ptp(values) > 0)


def lines_of(grid, values):
    """Slopes and offsets where each element's function is nearly a straight line that rises, as that of a quantizer
    is."""
    middle = grid.mean(axis=0)
    slopes = ((grid - middle) * (values - values.mean(axis=0))).sum(axis=0) / ((grid - middle) ** 2).sum(axis=0)
    offsets = values.mean(axis=0) - slopes * middle
    off = np.abs(values - (grid * slopes + offsets)).max()
    return (slopes, offsets) if off <= STRAIGHT * np.ptp(values) and slopes.min() > 0 else None


def with_lines(tensor, straight, slopes, offsets):
    slopes, offsets = slopes.reshape(straight.shape), offsets.reshape(straight.shape)
    return Tensor(straight.source, lambda values: straight.function(values) * slopes + offsets, straight.index, True,
                  tensor.name)


def balance(tensor, low, high):
    """For two outputs of one element, of which the second wins where that is large: the value where they are equal."""
    source = np.zeros((1, tensor.source.size), np.float32)
    index = int(tensor.index.reshape(-1)[0])

    def lead(value):
        source[0, index] = value
        first, second = tensor.function(source).reshape(-1)
        return second - first
    if not lead(low) < lead(high) or lead(low) > 0 or lead(high) < 0:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if lead(middle) <= 0 else (low, middle)
    return high if abs(high) > 1e-6 else 0.0


def pair_of_one(reader, tensor, images):
    """A net of two outputs that are functions of one sum: that sum, above 0 where the second wins."""
    flat = tensor.index.reshape(-1)
    if len(flat) != 2 or flat[0] != flat[1] or not tensor.source.sums:
        return None
    single = Tensor(tensor.source, lambda values: values[:, flat[:1]], flat[:1], True, tensor.source.name)
    seen = chain_of(reader, single).forward(images)[-1]
    reach = float(np.abs(seen).max()) + 1
    edge = balance(tensor, -reach, reach)
    if edge is None:
        return None
    return Tensor(tensor.source, lambda values: values[:, flat[:1]] - edge, flat[:1], True, tensor.source.name)


def without_last_functions(reader, tensor, images):
    """A chain that ends before the functions of the logits, where these change no class, or hardly any."""
    straight = tensor.straight
    if straight is None or not straight.source.sums:
        return None
    chain = chain_of(reader, straight)
    logits = chain.forward(images)[-1]
    together = np.broadcast_to(np.linspace(logits.min(), logits.max(), GRID)[:, None], (GRID, logits.shape[1]))
    values = last_functions(tensor, straight, together)
    if values is None:
        return None
    if same_rise(values):
        reader.notes.append(f"what follows '{straight.name}' never falls and is one function of all logits: it is "
                            "left out, classes are the same")
        return chain
    apart = np.linspace(logits.min(axis=0), logits.max(axis=0), GRID)
    lines = lines_of(apart, last_functions(tensor, straight, apart))
    if lines is None:
        return None
    reader.notes.append(f"what leads from '{straight.name}' to '{tensor.name}' is a straight line but for rounding: "
                        "the line stands for it")
    return chain_of(reader, with_lines(tensor, straight, *lines))


def built_chain(reader, tensor, images):
    """The chain whose logits name the class that the graph names. images: uint8 [count, pixels]."""
    node = Node(tensor.name, "output of the graph", "", [], [], {}, 0)
    if tensor.source.raw:
        node.refuse("is no sum of pixels", "add a linear layer")
    if sum(size > 1 for size in tensor.shape) > 1:
        node.refuse(f"has the shape {list(tensor.shape)}, and the logits of one image are a row",
                    "see whether a Reshape mixes the images of a batch, or flatten it")
    if tensor.affine:
        return chain_of(reader, tensor)
    pair = pair_of_one(reader, tensor, images)
    if pair is not None:
        return chain_of(reader, pair)
    chain = without_last_functions(reader, tensor, images)
    if chain is not None:
        return chain
    return chain_of(reader, reader.as_neurons(node, tensor))
