"""What ONNX Runtime says of the same images, tensor by tensor."""

import numpy as np
import onnx
from onnx import helper

from .tensors import Base, image_tensor

CUSTOM = ("onnx.brevitas", "finn.custom_op.general", "qonnx.custom_op.general")


def runnable(model):
    """ONNX Runtime has no kernels for the nodes of QONNX."""
    return not any(node.domain in CUSTOM for node in model.graph.node)


def with_outputs(model, names):
    """A copy that also gives out the named tensors."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    have = {value.name for value in copy.graph.output}
    copy.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names if name not in have)
    return copy


def produced(model):
    return {name for node in model.graph.node for name in node.output}


def graph_inputs(graph, pixels):
    """The images as the graph takes them, [count, ...]."""
    tensor = image_tensor(graph, Base(0, size=pixels.images.shape[1]), pixels.shape)
    before = pixels.values[pixels.images] if pixels.before is None else pixels.before
    values = tensor.function(before)[:, 0]
    return values.astype(helper.tensor_dtype_to_np_dtype(graph.input_kind))


def numeric(session, name):
    """Not the sequences of maps that ZipMap makes."""
    return all(value.type.startswith("tensor") for value in session.get_outputs() if value.name == name)


def run_batches(session, name, values, names, batch):
    """All images, `batch` at a time, the last ones made up to as many."""
    parts = []
    names = [name for name in names if numeric(session, name)]
    for begin in range(0, len(values), batch):
        part = values[begin:begin + batch]
        lack = batch - len(part)
        fed = np.concatenate([part, np.repeat(part[-1:], lack, axis=0)]) if lack else part
        parts.append([np.asarray(out)[:len(part)] for out in session.run(names, {name: fed})])
    return {name: np.concatenate(columns) for name, columns in zip(names, zip(*parts))}


def onnxruntime_tensors(model, graph, pixels, names):
    """The named tensors [count, ...] of a float or quantized graph; None where ONNX Runtime is not there or cannot run
    the file."""
    try:
        import onnxruntime
    except ImportError:
        return None
    if not runnable(model):
        return None
    names = [name for name in names if name in produced(model)]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    # Its kernels of u8 times s8 saturate on some processors; without fusions the graph is taken as written.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(with_outputs(model, names).SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    values = graph_inputs(graph, pixels)
    return run_batches(session, graph.input, values, names, graph.input_shape[0] or len(values))
