"""Tensors that depend on an encrypted image: functions, element by element, of neurons or of sums of them.

Nothing here is derived on paper: functions run the nodes themselves (operators.py), and a matrix is what nodes say of
unit vectors.
"""

from dataclasses import dataclass, field
from typing import Callable, Optional

import numpy as np

from .graph import Node
from .operators import OPERATORS, shape_of
from .refusal import UnsupportedModel

CHUNK = 256  # unit vectors at a time
TABLE_HINT = "only sums with fixed weights and functions of single elements can be evaluated on an encrypted image"


@dataclass
class Base:
    """The image (depth 0) or the neurons of one layer; grows while layers of that depth are found."""
    depth: int
    parent: Optional["Base"] = None
    size: int = 0
    layers: list = field(default_factory=list)
    child: Optional["Base"] = None

    def next(self):
        self.child = self.child or Base(self.depth + 1, self)
        return self.child


@dataclass(eq=False)
class Source:
    """What functions are functions of: `size` elements of a base, from `start` on, or sums of a base's elements.

    matrix [size, base.size at the time], constant [size]; None where elements of the base stand for themselves."""
    base: Base
    size: int
    start: int = 0
    matrix: Optional[np.ndarray] = None
    constant: Optional[np.ndarray] = None
    name: str = ""     # of the tensor of the sums
    raw: bool = False  # the graph's input, before it is levels

    @property
    def sums(self):
        return self.matrix is not None


@dataclass(eq=False)
class Tensor:
    """function: [G, source.size] to [G, *shape]; element i of it depends on element index[i] of the source alone."""
    source: Source
    function: Callable
    index: np.ndarray
    affine: bool
    name: str
    straight: Optional["Tensor"] = None  # what it was before the first function that is not affine
    layer: Optional["Tensor"] = None     # the same as neurons, once it is a layer

    @property
    def shape(self):
        return self.index.shape


@dataclass
class Answer:
    """What is read off the logits: their order says it all."""
    logits: Tensor
    kind: str


@dataclass
class Layer:
    """Neurons start.. of a base: sums and what becomes of them."""
    source: Source
    function: Callable  # [G, neurons] sums to [G, neurons]
    rows: np.ndarray    # the neurons' elements of the source
    name: str           # of the tensor
    node: object        # that asked for it


def by_occurrence(index):
    """Places of an index array, those of first occurrences, of second ones and so on."""
    order = np.argsort(index, kind="stable")
    ordered = index[order]
    first = np.searchsorted(ordered, ordered)
    rounds = np.empty(len(index), np.int64)
    rounds[order] = np.arange(len(index)) - first
    return [np.flatnonzero(rounds == turn) for turn in range(int(rounds.max()) + 1)]


def element_function(tensor):
    """A function of one argument an element: [G, elements] values of the source to [G, elements]."""
    index = tensor.index.reshape(-1)
    turns = by_occurrence(index)

    def evaluate(values):
        out = np.empty(values.shape, values.dtype)
        for places in turns:
            source = np.zeros((len(values), tensor.source.size), values.dtype)
            source[:, index[places]] = values[:, places]
            out[:, places] = tensor.function(source).reshape(len(values), -1)[:, places]
        return out
    return evaluate


def wrapped(value):
    return None if value is None else np.asarray(value)[None]


def run(node, inputs):
    function = shape_of if node.type == "Shape" else OPERATORS.get(node.type)
    if function is None:
        node.refuse("is not known here", TABLE_HINT)
    try:
        with np.errstate(all="ignore"):
            return function(node, *inputs)
    except UnsupportedModel:
        raise
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        detail = " ".join(str(error).split())
        return node.refuse(f"cannot be evaluated on what it is given ({detail})",
                           "see what onnx.checker says of the file")


def evaluated(inputs, values):
    return [value.function(values) if isinstance(value, Tensor) else wrapped(value) for value in inputs]


def identity(source, shape, name):
    return gathered(source, np.arange(source.size).reshape(shape), name)


def gathered(source, index, name):
    flat = index.reshape(-1)
    whole = np.array_equal(flat, np.arange(source.size))

    def function(values):
        return (values if whole else values[:, flat]).reshape(len(values), *index.shape)
    return Tensor(source, function, index, True, name)


def image_tensor(graph, base, image_shape):
    """The input of the graph: pixels row by row, channels innermost, or channels first, or in a row."""
    height, width, channels = image_shape
    index = np.arange(base.size).reshape(image_shape)
    dims = graph.input_shape[1:]
    fits = all(size in (None, here) for size, here in zip(dims, (channels, height, width)))
    if len(graph.input_shape) < 2:
        raise UnsupportedModel(f"input '{graph.input}' has {len(graph.input_shape)} axes", "export with a batch axis")
    if len(dims) == 3 and fits:
        index = index.transpose(2, 0, 1)
    elif len(dims) == 1:
        index = index.reshape(-1)
    elif len(dims) == 2 and channels == 1:
        index = index.reshape(height, width)
    sizes = [here if size is None else size for size, here in zip(dims, index.shape)]
    if len(dims) != index.ndim or list(index.shape) != sizes:
        try:
            index = index.reshape([size or 1 for size in dims])
        except ValueError:
            raise UnsupportedModel(
                f"input '{graph.input}' takes {dims}, the images have {list(image_shape)} (height, width, channels)",
                "give calibration images of the graph's size") from None
    return gathered(Source(base, base.size, name=graph.input, raw=True), index[None], graph.input)


def columns(source, base):
    """Rows of the identity or of the matrix, a chunk of unit vectors of the base at a time: [chunk, source.size]."""
    for begin in range(0, base.size, CHUNK):
        end = min(begin + CHUNK, base.size)
        if source.sums:
            part = np.zeros((end - begin, source.size))
            have = source.matrix[:, begin:end].T
            part[:len(have)] = have
        else:
            part = np.zeros((end - begin, source.size))
            own = np.arange(max(begin, source.start), min(end, source.start + source.size))
            part[own - begin, own - source.start] = 1
        yield part


def affine_form(node, inputs, base):
    """Matrix [elements, base.size] and constant [*shape] of a node whose inputs are affine functions of the base."""
    zeros = [value.function(np.zeros((1, value.source.size))) if isinstance(value, Tensor) else wrapped(value)
             for value in inputs]
    # Functions are affine, so their linear part is what a unit vector adds to what zero gives.
    at_zero = run(node, zeros)
    tensors = [value for value in inputs if isinstance(value, Tensor)]
    parts = []
    for vectors in zip(*(columns(tensor.source, base) for tensor in tensors)):
        own = iter(vectors)
        values = [value.function(next(own)) if isinstance(value, Tensor) else wrapped(value) for value in inputs]
        parts.append((run(node, values) - at_zero).reshape(len(vectors[0]), -1).T)
    constants = [value.function(constant_of(value.source)) if isinstance(value, Tensor) else wrapped(value)
                 for value in inputs]
    return np.concatenate(parts, axis=1), run(node, constants)[0].astype(np.float64)


def constant_of(source):
    return source.constant[None] if source.sums else np.zeros((1, source.size))


def affine_tensor(tensor):
    """Matrix and constant of an affine tensor itself."""
    same = Node("", "Identity", "", [], [], {}, 0)
    return affine_form(same, [tensor], tensor.source.base)
