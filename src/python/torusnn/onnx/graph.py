"""An ONNX file as nodes in order, constants as arrays."""

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import helper, inliner, numpy_helper

from .refusal import UnsupportedModel

OLDEST_OPSET, NEWEST_OPSET = 6, 22
STANDARD = ("", "ai.onnx")


@dataclass
class Node:
    name: str
    type: str
    domain: str
    inputs: list   # tensor names, "" for one left out
    outputs: list
    attributes: dict
    opset: int     # of the standard domain
    kinds: dict = field(default_factory=dict)  # element type of constant tensors, by name

    @property
    def title(self):
        return self.type if self.domain in STANDARD else f"{self.domain}.{self.type}"

    def get(self, name, default=None):
        return self.attributes.get(name, default)

    def refuse(self, what, remedy):
        raise UnsupportedModel(what, remedy, self.name, self.title)

    def derived(self, kind, inputs, outputs, **attributes):
        """A node that does a part of this one's work, under its name."""
        return Node(self.name, kind, "", inputs, outputs, attributes, self.opset, self.kinds)


@dataclass
class Graph:
    nodes: list
    constants: dict  # name to array
    kinds: dict      # name of a constant to its element type
    input: str
    input_shape: list  # numbers, None where symbolic; the first is the batch
    input_kind: int    # element type
    outputs: list
    opset: int


def plain(array):
    """Types that numpy does not have as their nearest wider ones."""
    if array.dtype.kind == "V" or array.dtype.name not in np.sctypeDict:
        return array.astype(np.int8 if "int" in array.dtype.name else np.float32)
    return array.astype(np.float32) if array.dtype == np.float16 else array


def attribute_value(attribute):
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list) and value and isinstance(value[0], bytes):
        return [item.decode() for item in value]
    return value


def opset_of(model):
    for item in model.opset_import:
        if item.domain in STANDARD:
            return item.version
    return NEWEST_OPSET


def checked_opset(model):
    opset = opset_of(model)
    if not OLDEST_OPSET <= opset <= NEWEST_OPSET:
        raise UnsupportedModel(f"the file has opset {opset}, and {OLDEST_OPSET} to {NEWEST_OPSET} are read",
                               f"export it again with opset {min(max(opset, 13), NEWEST_OPSET)}, or convert it with "
                               "onnx.version_converter")
    return opset


def one_input(graph):
    inputs = [value for value in graph.input if value.name not in {item.name for item in graph.initializer}]
    if len(inputs) != 1:
        names = ", ".join(value.name for value in inputs) or "none"
        raise UnsupportedModel(f"the graph has {len(inputs)} inputs ({names}), and an image is one",
                               "export a model that takes one tensor")
    return inputs[0]


def dimensions(value):
    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type") or tensor.elem_type == onnx.TensorProto.STRING:
        raise UnsupportedModel(f"input '{value.name}' is no tensor of numbers", "export a model that takes numbers")
    return [dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in tensor.shape.dim]


def constant_of(node):
    """A Constant node's value, whichever attribute holds it."""
    name, value = next(iter(node.attributes.items()))
    if isinstance(value, onnx.TensorProto):
        return plain(numpy_helper.to_array(value)), value.data_type
    if name == "sparse_value":
        node.refuse("holds a sparse tensor", "store it as a dense one")
    kind = np.float32 if name.startswith("value_float") else np.int64 if name.startswith("value_int") else np.str_
    return np.asarray(value, kind), None


def add_constant_nodes(nodes, constants, kinds):
    left = []
    for node in nodes:
        if node.type != "Constant":
            left.append(node)
            continue
        constants[node.outputs[0]], kinds[node.outputs[0]] = constant_of(node)
    return left


def nodes_of(graph, opset, kinds):
    """Nodes in order, each with a name to be called by."""
    return [Node(node.name or f"{node.op_type} of {node.output[0]}", node.op_type, node.domain, list(node.input),
                 list(node.output), {item.name: attribute_value(item) for item in node.attribute}, opset, kinds)
            for node in graph.node]


def needed(nodes, outputs):
    """The nodes that outputs depend on, in their order."""
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(node.outputs):
            kept.append(node)
            wanted.update(node.inputs)
    return kept[::-1]


def chosen_outputs(graph, output):
    names = [value.name for value in graph.output]
    if output is None:
        return names
    made = set(names).union(*(node.output for node in graph.node)) if graph.node else set(names)
    if output not in made:
        raise UnsupportedModel(f"the graph has no tensor '{output}'", f"name one of {', '.join(names)}")
    return [output]


def read_graph(model, output=None):
    """model: onnx.ModelProto; output: name of the tensor of the logits, where it is not what the graph gives out."""
    opset = checked_opset(model)
    if model.functions:
        model = inliner.inline_local_functions(model)
    graph = model.graph
    if graph.sparse_initializer:
        raise UnsupportedModel("the graph holds sparse weights", "store them as dense ones")
    kinds = {item.name: item.data_type for item in graph.initializer}
    constants = {item.name: plain(numpy_helper.to_array(item)) for item in graph.initializer}
    image = one_input(graph)
    outputs = chosen_outputs(graph, output)
    nodes = add_constant_nodes(nodes_of(graph, opset, kinds), constants, kinds)
    return Graph(needed(nodes, outputs), constants, kinds, image.name, dimensions(image),
                 image.type.tensor_type.elem_type, outputs, opset)
