"""ONNX graphs of the kinds that exporters write, made node by node around one small net."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

INPUTS, HIDDEN, CLASSES = 36, 12, 5


class Builder:
    def __init__(self, opset=13, shape=("N", INPUTS), kind=TensorProto.FLOAT):
        self.opset, self.shape, self.kind = opset, shape, kind
        self.nodes, self.constants, self.last, self.count = [], [], "x", 0

    def constant(self, array, kind=None, name=None):
        self.count += 1
        name = name or f"c{self.count}"
        if kind is None:
            self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        else:
            array = np.asarray(array)
            self.constants.append(helper.make_tensor(name, kind, array.shape, array.reshape(-1).tolist()))
        return name

    def add(self, type_, *inputs, domain="", outputs=1, **attributes):
        """A node; its first input is the last output where none is named. Returns the (first) output."""
        self.count += 1
        names = [f"t{self.count}_{i}" for i in range(outputs)]
        inputs = [self.last, *inputs] if "LAST" not in inputs else [self.last if n == "LAST" else n for n in inputs]
        self.nodes.append(helper.make_node(type_, inputs, names, name=f"{type_}{self.count}", domain=domain,
                                           **attributes))
        self.last = names[0]
        return names[0]

    def free(self, type_, inputs, domain="", **attributes):
        """A node of constants alone; the last output stays."""
        last, self.last = self.last, inputs[0]
        out = self.add(type_, *inputs[1:], domain=domain, **attributes)
        self.last = last
        return out

    def model(self, outputs=None):
        graph = helper.make_graph(
            self.nodes, "net", [helper.make_tensor_value_info("x", self.kind, self.shape)],
            [helper.make_empty_tensor_value_info(name) for name in outputs or [self.last]], self.constants)
        domains = {"": self.opset}
        for node in self.nodes:
            if node.domain:
                domains[node.domain] = 1
        return helper.make_model(graph, opset_imports=[helper.make_opsetid(*item) for item in domains.items()],
                                 ir_version=8)


def data(count=300, seed=1):
    """Images of bytes 0..15 that lie near one of CLASSES prototypes, in a row."""
    generator = np.random.default_rng(seed)
    prototypes = np.random.default_rng(7).integers(0, 16, (CLASSES, INPUTS))
    classes = generator.integers(0, CLASSES, count)
    noisy = prototypes[classes] + generator.normal(0, 3, (count, INPUTS))
    return np.clip(np.rint(noisy), 0, 15).astype(np.float32)


def weights(seed=0):
    """A first layer of differences between prototypes, and a second that tells them apart by its outputs."""
    generator = np.random.default_rng(seed)
    prototypes = np.random.default_rng(7).integers(0, 16, (CLASSES, INPUTS)).astype(np.float32)
    mixing = generator.normal(0, 1, (HIDDEN, CLASSES))
    first = (mixing @ (prototypes - prototypes.mean(axis=0)) / 60).astype(np.float32)
    bias = -(first @ prototypes.mean(axis=0)).astype(np.float32) + generator.normal(0, 0.2, HIDDEN).astype(np.float32)
    hidden = np.maximum(prototypes @ first.T + bias, 0)
    target = 4 * np.eye(CLASSES) - 1
    design = np.concatenate([hidden, np.ones((CLASSES, 1))], axis=1)
    solved = np.linalg.lstsq(design, target, rcond=None)[0].T
    return first, bias, solved[:, :-1].astype(np.float32), solved[:, -1].astype(np.float32)


def on_grid(array, bits=4):
    """Integers and the scale of a symmetric quantization."""
    scale = np.float32(np.abs(array).max() / (2 ** (bits - 1) - 1))
    return np.rint(array / scale).astype(np.int8), scale
