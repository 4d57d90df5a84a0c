"""What nodes compute, in numpy. Every array has one axis more than its ONNX tensor, in front: G copies of it, or one
that
serves all. The same function so evaluates a node on a grid of accumulators, on the columns of a matrix, on images and
on constants. Arithmetic keeps the type of its floats: float32 where a table is made, as ONNX Runtime has it, float64
where matrices are multiplied.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from onnx import TensorProto

INTEGER_RANGES = {TensorProto.UINT8: (0, 255), TensorProto.INT8: (-128, 127), TensorProto.UINT16: (0, 65535),
                  TensorProto.INT16: (-32768, 32767), TensorProto.UINT4: (0, 15), TensorProto.INT4: (-8, 7),
                  TensorProto.INT32: (-2 ** 31, 2 ** 31 - 1)}
FLOATS = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16)
EXACT_INTEGERS = (TensorProto.INT64, TensorProto.INT32, TensorProto.INT16, TensorProto.UINT64, TensorProto.UINT32,
                  TensorProto.UINT16)


def aligned(*arrays):
    """Equal ranks behind the axis in front, as ONNX broadcasts."""
    rank = max(array.ndim for array in arrays)
    return [array.reshape(array.shape[:1] + (1,) * (rank - array.ndim) + array.shape[1:]) for array in arrays]


def given(inputs, index):
    return inputs[index] if index < len(inputs) else None


def vector(array):
    """A constant's numbers in a row."""
    return array[0].reshape(-1)


def numbers(node, name, inputs, index):
    """Axes, pads and the like: an attribute in older opsets, an input in newer ones; None where neither is there."""
    value = given(inputs, index)
    if value is not None:
        return [int(item) for item in vector(value)]
    return node.get(name)


def on_axis(values, like, axis):
    """A constant [1][n] so that it stands along `axis` of `like`; axis counts without the one in front."""
    flat = vector(values)
    if flat.size == 1:
        return flat[0]
    shape = [1] * like.ndim
    shape[axis % (like.ndim - 1) + 1] = flat.size
    return flat.reshape(shape)


# ------------------------------------------------------------------------------------------------ element by element

def older_broadcast(node, a, b):
    """Before opset 7 the second operand stood at `axis` of the first."""
    if node.opset < 7 and "axis" in node.attributes and b.ndim < a.ndim:
        trailing = a.ndim - 1 - node.get("axis") - (b.ndim - 1)
        b = b.reshape(b.shape + (1,) * trailing)
    return aligned(a, b)


def binary(function):
    return lambda node, a, b: function(*older_broadcast(node, a, b))


def divide(a, b):
    if a.dtype.kind in "iu" and b.dtype.kind in "iu":
        return np.trunc(a / b).astype(a.dtype)
    return a / b


def unary(function):
    return lambda node, x: function(x)


def erf(x):
    return np.vectorize(math.erf, otypes=[x.dtype])(x)


def sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -80, 80)))


def softplus(x):
    return np.logaddexp(x.dtype.type(0), x)


def gelu(node, x):
    if node.get("approximate", "none") == "tanh":
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


def elu(node, x):
    return np.where(x < 0, node.get("alpha", 1.0) * np.expm1(np.minimum(x, 0)), x)


def selu(node, x):
    alpha, gamma = node.get("alpha", 1.6732631921768188), node.get("gamma", 1.0507010221481323)
    return gamma * np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)


def celu(node, x):
    alpha = node.get("alpha", 1.0)
    return np.where(x < 0, alpha * np.expm1(np.minimum(x, 0) / alpha), x)


def leaky_relu(node, x):
    return np.where(x < 0, node.get("alpha", 0.01) * x, x)


def thresholded_relu(node, x):
    return np.where(x > node.get("alpha", 1.0), x, 0 * x)


def hard_sigmoid(node, x):
    return np.clip(node.get("alpha", 0.2) * x + node.get("beta", 0.5), 0, 1)


def shrink(node, x):
    bias, edge = node.get("bias", 0.0), node.get("lambd", 0.5)
    return np.where(x > edge, x - bias, np.where(x < -edge, x + bias, 0 * x))


def prelu(node, x, slope):
    if node.opset < 9 and slope.ndim == 2 and x.ndim > 3:
        slope = on_axis(slope, x, 1)
    x, slope = aligned(x, np.asarray(slope)) if np.ndim(slope) else (x, slope)
    return np.where(x < 0, slope * x, x)


def clip(node, x, low=None, high=None):
    low = node.get("min") if low is None else vector(low)[0]
    high = node.get("max") if high is None else vector(high)[0]
    x = x if low is None else np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def cast(node, x):
    target = node.get("to")
    if target in FLOATS:
        return x if x.dtype in (np.float32, np.float64) else x.astype(np.float32)
    if target == TensorProto.BOOL:
        return x != 0
    if x.dtype.kind in "US" or target == TensorProto.STRING:
        return x
    whole = x if x.dtype.kind in "iub" else np.trunc(x)
    return whole.astype(np.int64) if x.dtype.kind in "iub" and target in EXACT_INTEGERS else whole


def power(node, x, exponent):
    x, exponent = aligned(x, exponent)
    return x * x if exponent.size == 1 and exponent.item() == 2 else np.power(x, exponent)


def modulo(node, a, b):
    a, b = aligned(a, b)
    return np.fmod(a, b) if node.get("fmod", 0) else np.mod(a, b)


def chain_of(function):
    def fold(node, *inputs):
        values = aligned(*inputs)
        result = values[0]
        for value in values[1:]:
            result = function(result, value)
        return result
    return fold


def mean(node, *inputs):
    return chain_of(np.add)(node, *inputs) / len(inputs)


def batch_normalization(node, x, scale, shift, average, variance):
    axis = 1 if x.ndim > 2 else 0
    deviation = np.sqrt(on_axis(variance, x, axis) + np.float32(node.get("epsilon", 1e-5)))
    return on_axis(scale, x, axis) * ((x - on_axis(average, x, axis)) / deviation) + on_axis(shift, x, axis)


def scaler(node, x):
    offset, scale = np.asarray(node.get("offset", [0.0])), np.asarray(node.get("scale", [1.0]))
    return (x - offset.astype(np.float32)) * scale.astype(np.float32)


ROUNDINGS = {
    "ROUND": np.rint, "HALF_EVEN": np.rint, "CEIL": np.ceil, "FLOOR": np.floor, "ROUND_TO_ZERO": np.trunc,
    "DOWN": np.trunc, "UP": lambda x: np.sign(x) * np.ceil(np.abs(x)),
    "HALF_UP": lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5),
    "HALF_DOWN": lambda x: np.sign(x) * np.ceil(np.abs(x) - 0.5),
}


def integer_limits(bits, signed, narrow):
    if signed:
        return -2.0 ** (bits - 1) + narrow, 2.0 ** (bits - 1) - 1
    return 0.0, 2.0 ** bits - 1 - narrow


def brevitas_quant(node, x, scale, zero, bits):
    """Quant and IntQuant of QONNX: real values on a grid."""
    rounding = ROUNDINGS.get(str(node.get("rounding_mode", "ROUND")).upper())
    if rounding is None:
        node.refuse(f"rounds by '{node.get('rounding_mode')}'", f"use one of {', '.join(ROUNDINGS)}")
    x, scale, zero = aligned(x, scale, zero)
    bits, signed = float(vector(bits)[0]), bool(node.get("signed", 1))
    places = x / scale + zero
    if bits == 1 and signed:
        whole = np.where(places < 0, -1, 1).astype(x.dtype)
    else:
        whole = rounding(np.clip(places, *integer_limits(bits, signed, int(node.get("narrow", 0)))))
    return (whole - zero) * scale


def bipolar_quant(node, x, scale):
    x, scale = aligned(x, scale)
    return np.where(x < 0, -scale, scale).astype(x.dtype)


def blocked(node, values, x):
    """Scales or zero points of as many entries as x has along the axis: one, one each, or one for a block of them."""
    axis, block = node.get("axis", 1), node.get("block_size", 0)
    if block and values.ndim == x.ndim:
        axis = axis % (x.ndim - 1) + 1
        return np.repeat(values, block, axis=axis)[(slice(None),) * axis + (slice(0, x.shape[axis]),)]
    if values.ndim == x.ndim and vector(values).size > 1 and values.shape[1:] != x.shape[1:]:
        return values
    return on_axis(values, x, axis if x.ndim > 2 else 0)


def quantized_kind(node):
    kind = node.kinds.get(node.inputs[2]) if len(node.inputs) > 2 else None
    return kind or node.get("output_dtype") or TensorProto.UINT8


def quantize_linear(node, x, scale, zero=None):
    kind = quantized_kind(node)
    if kind not in INTEGER_RANGES:
        node.refuse(f"quantizes to {TensorProto.DataType.Name(kind)}", "quantize to integers of 4, 8 or 16 bits")
    whole = np.rint(x / blocked(node, scale, x))
    zero = 0 if zero is None else blocked(node, zero.astype(whole.dtype), x)
    return np.clip(whole + zero, *INTEGER_RANGES[kind])


def dequantize_linear(node, x, scale, zero=None):
    x = x if x.dtype.kind == "f" else x.astype(np.float32)
    zero = 0 if zero is None else blocked(node, zero.astype(x.dtype), x)
    return (x - zero) * blocked(node, scale, x)


def where(node, condition, a, b):
    return np.where(*aligned(condition, a, b))


ELEMENTWISE = {
    "Add": binary(np.add), "Sub": binary(np.subtract), "Mul": binary(np.multiply), "Div": binary(divide),
    "Pow": power, "Mod": modulo, "Neg": unary(np.negative), "Abs": unary(np.abs), "Sqrt": unary(np.sqrt),
    "Exp": unary(np.exp), "Log": unary(np.log), "Reciprocal": unary(lambda x: 1 / x), "Sign": unary(np.sign),
    "Floor": unary(np.floor), "Ceil": unary(np.ceil), "Round": unary(np.rint), "Erf": unary(erf),
    "Sin": unary(np.sin), "Cos": unary(np.cos), "Tan": unary(np.tan), "Atan": unary(np.arctan),
    "Asinh": unary(np.arcsinh), "Sinh": unary(np.sinh), "Cosh": unary(np.cosh), "Tanh": unary(np.tanh),
    "Relu": unary(lambda x: np.maximum(x, 0)), "Sigmoid": unary(sigmoid), "Softplus": unary(softplus),
    "Softsign": unary(lambda x: x / (1 + np.abs(x))), "HardSwish": unary(lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    "Mish": unary(lambda x: x * np.tanh(softplus(x))), "Gelu": gelu, "Elu": elu, "Selu": selu, "Celu": celu,
    "LeakyRelu": leaky_relu, "ThresholdedRelu": thresholded_relu, "HardSigmoid": hard_sigmoid, "Shrink": shrink,
    "PRelu": prelu, "Clip": clip, "Cast": cast, "Sum": chain_of(np.add), "Mean": mean,
    "Max": chain_of(np.maximum), "Min": chain_of(np.minimum), "BatchNormalization": batch_normalization,
    "Scaler": scaler, "Quant": brevitas_quant, "IntQuant": brevitas_quant, "BipolarQuant": bipolar_quant,
    "QuantizeLinear": quantize_linear, "DequantizeLinear": dequantize_linear, "Where": where,
    "Greater": binary(np.greater), "GreaterOrEqual": binary(np.greater_equal), "Less": binary(np.less),
    "LessOrEqual": binary(np.less_equal), "Equal": binary(np.equal), "Not": unary(np.logical_not),
    "And": binary(np.logical_and), "Or": binary(np.logical_or), "Xor": binary(np.logical_xor),
    "QuickGelu": lambda node, x: x * sigmoid(node.get("alpha", 1.702) * x), "Swish": lambda node, x: x * sigmoid(x),
    "BiasGelu": lambda node, x, bias: gelu(node, np.add(*aligned(x, bias))), "FastGelu":
    lambda node, x, bias=None: gelu(node.derived("Gelu", [], [], approximate="tanh"),
                                    x if bias is None else np.add(*aligned(x, bias))),
}
AFFINE_IN_ANY = ("Add", "Sub", "Neg", "Sum", "Mean", "BatchNormalization", "Scaler", "DequantizeLinear")
JOINTLY_AFFINE = ("Add", "Sub", "Sum", "Mean")


# --------------------------------------------------------------------------------------------- moves of elements

def reshaped(x, shape):
    return x.reshape(x.shape[:1] + tuple(shape))


def target_shape(node, x, wanted):
    """A constant batch in the target is that of whoever exported the graph; here it is 1."""
    here = x.shape[1:]
    shape = [here[i] if size == 0 and not node.get("allowzero", 0) else size for i, size in enumerate(wanted)]
    known = math.prod(size for size in shape if size != -1)
    size = math.prod(here)
    if shape and shape[0] > 1 and here and here[0] == 1 and (-1 not in shape and known != size
                                                             or -1 in shape and size % known):
        shape[0] = 1
    return shape


def reshape(node, x, shape=None):
    wanted = node.get("shape") if shape is None else [int(item) for item in vector(shape)]
    target = target_shape(node, x, wanted)
    known = math.prod(size for size in target if size != -1)
    if known == 0 or math.prod(x.shape[1:]) % known or (-1 not in target and math.prod(x.shape[1:]) != known):
        node.refuse(f"reshapes {list(x.shape[1:])} to {wanted}, which mixes images of a batch",
                    "export with a batch of 1 or a symbolic batch")
    return reshaped(x, target)


def flatten(node, x):
    shape, axis = x.shape[1:], node.get("axis", 1)
    axis = axis + len(shape) if axis < 0 else axis
    return reshaped(x, (math.prod(shape[:axis]), math.prod(shape[axis:])))


def transpose(node, x):
    order = node.get("perm") or range(x.ndim - 1)[::-1]
    return x.transpose(0, *(axis + 1 for axis in order))


def squeeze(node, x, *axes):
    chosen = numbers(node, "axes", (x, *axes), 1)
    chosen = [i for i, size in enumerate(x.shape[1:]) if size == 1] if chosen is None else chosen
    return np.squeeze(x, tuple(axis % (x.ndim - 1) + 1 for axis in chosen))


def unsqueeze(node, x, *axes):
    chosen = numbers(node, "axes", (x, *axes), 1)
    rank = x.ndim - 1 + len(chosen)
    return np.expand_dims(x, tuple(axis % rank + 1 for axis in chosen))


def concat(node, *inputs):
    copies = max(len(array) for array in inputs)
    axis = node.get("axis", 1)
    whole = [np.broadcast_to(array, (copies, *array.shape[1:])) for array in inputs]
    return np.concatenate(whole, axis % (inputs[0].ndim - 1) + 1)


def slice_of(node, x, *inputs):
    everything = (x, *inputs)
    starts, ends = numbers(node, "starts", everything, 1), numbers(node, "ends", everything, 2)
    axes = numbers(node, "axes", everything, 3) or list(range(len(starts)))
    steps = numbers(node, "steps", everything, 4) or [1] * len(starts)
    cut = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        end = None if step < 0 and end < -x.shape[axis % (x.ndim - 1) + 1] else end
        cut[axis % (x.ndim - 1) + 1] = slice(start, end, step)
    return x[tuple(cut)]


def gather(node, x, places):
    return np.take(x, places[0].astype(np.int64), axis=node.get("axis", 0) % (x.ndim - 1) + 1)


def expand(node, x, shape):
    wanted = [int(item) for item in vector(shape)]
    rank = max(len(wanted), x.ndim - 1)
    x = x.reshape(x.shape[:1] + (1,) * (rank - x.ndim + 1) + x.shape[1:])
    target = np.broadcast_shapes(x.shape[1:], tuple(wanted))
    return np.broadcast_to(x, (len(x), *target))


def split(node, x, *parts):
    axis = node.get("axis", 0) % (x.ndim - 1) + 1
    sizes = numbers(node, "split", (x, *parts), 1)
    if sizes is None:
        count = len(node.outputs)
        each = -(-x.shape[axis] // count)
        sizes = [min(each, x.shape[axis] - i * each) for i in range(count)]
    return tuple(np.split(x, np.cumsum(sizes)[:-1], axis))


LAYOUT = {
    "Reshape": reshape, "Flatten": flatten, "Transpose": transpose, "Squeeze": squeeze, "Unsqueeze": unsqueeze,
    "Concat": concat, "Slice": slice_of, "Gather": gather, "Expand": expand, "Split": split,
    "Identity": lambda node, x: x, "Dropout": lambda node, x, *rest: x,
    "FeatureVectorizer": lambda node, x: x,
}


# ------------------------------------------------------------------------------------------------------- sums

def matmul(node, a, b):
    if b.ndim == 3 and len(b) == 1 and a.ndim >= 3:
        return (a.reshape(-1, a.shape[-1]) @ b[0]).reshape(*a.shape[:-1], b.shape[-1])
    return np.matmul(*aligned(a, b)) if min(a.ndim, b.ndim) > 2 else vector_matmul(node, a, b)


def vector_matmul(node, a, b):
    if a.ndim == 2:
        return np.matmul(a[:, None, :], b)[..., 0, :]
    return np.matmul(a, b[..., None])[..., 0]


def without_zero(values, zero, axis):
    """Integers less their zero point, which stands along axis."""
    values = values if values.dtype.kind == "f" else values.astype(np.float64)
    return values if zero is None else values - on_axis(zero.astype(values.dtype), values, axis)


def matmul_integer(node, a, b, a_zero=None, b_zero=None):
    return matmul(node, without_zero(a, a_zero, -2), without_zero(b, b_zero, -1))


def gemm(node, a, b, c=None):
    a = np.swapaxes(a, 1, 2) if node.get("transA", 0) else a
    b = np.swapaxes(b, 1, 2) if node.get("transB", 0) else b
    product = node.get("alpha", 1.0) * matmul(node, a, b)
    return product if c is None else product + node.get("beta", 1.0) * aligned(product, c)[1]


def spatial(node, x, kernel):
    """Strides, dilations and pads (begins, ends) of a window."""
    rank = len(kernel)
    strides, dilations = node.get("strides") or [1] * rank, node.get("dilations") or [1] * rank
    pads = node.get("pads") or [0] * (2 * rank)
    mode = node.get("auto_pad", "NOTSET")
    begins, ends = list(pads[:rank]), list(pads[rank:])
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        for i in range(rank):
            size = x.shape[i + 3]
            lack = max((-(-size // strides[i]) - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - size, 0)
            begins[i] = lack // 2 if mode == "SAME_UPPER" else lack - lack // 2
            ends[i] = lack - begins[i]
    return strides, dilations, begins, ends


def windows(x, kernel, strides, dilations, begins, ends):
    """x [G, 1, C, size...] to [G, 1, C, places..., kernel...]."""
    x = np.pad(x, [(0, 0)] * 3 + list(zip(begins, ends)))
    reach = [dilation * (size - 1) + 1 for size, dilation in zip(kernel, dilations)]
    axes = tuple(range(3, 3 + len(kernel)))
    seen = sliding_window_view(x, reach, axes)
    return seen[(slice(None),) * 3 + tuple(slice(None, None, s) for s in strides)
                + tuple(slice(None, None, d) for d in dilations)]


def conv(node, x, w, bias=None):
    w, rank, groups = w[0], w.ndim - 3, node.get("group", 1)
    seen = windows(x, w.shape[2:], *spatial(node, x, w.shape[2:]))
    each, outputs = x.shape[2] // groups, w.shape[0] // groups
    parts = []
    for g in range(groups):
        own = seen[:, :, g * each:(g + 1) * each]
        inside = [2] + list(range(3 + rank, 3 + 2 * rank))
        part = np.tensordot(own, w[g * outputs:(g + 1) * outputs], (inside, list(range(1, 2 + rank))))
        parts.append(np.moveaxis(part, -1, 2))
    sums = np.concatenate(parts, axis=2)
    return sums if bias is None else sums + on_axis(bias, sums, 1)


def conv_integer(node, x, w, x_zero=None, w_zero=None):
    return conv(node, without_zero(x, x_zero, 1), without_zero(w, w_zero, 0))


def average_pool(node, x):
    kernel = node.get("kernel_shape")
    if node.get("ceil_mode", 0):
        node.refuse("rounds its size up (ceil_mode)", "export it with ceil_mode 0")
    strides, dilations, begins, ends = spatial(node, x, kernel)
    axes = tuple(range(3 + len(kernel), 3 + 2 * len(kernel)))
    sums = windows(x, kernel, strides, dilations, begins, ends).sum(axis=axes)
    if node.get("count_include_pad", 0):
        return sums / math.prod(kernel)
    counts = windows(np.ones_like(x[:1]), kernel, strides, dilations, begins, ends).sum(axis=axes)
    return sums / counts


def global_average_pool(node, x):
    return x.mean(axis=tuple(range(3, x.ndim)), keepdims=True)


def reduced(function):
    def reduce(node, x, *axes):
        chosen = numbers(node, "axes", (x, *axes), 1)
        if not chosen and node.get("noop_with_empty_axes", 0):
            return x
        chosen = range(x.ndim - 1) if not chosen else chosen
        return function(x, axis=tuple(axis % (x.ndim - 1) + 1 for axis in chosen),
                        keepdims=bool(node.get("keepdims", 1)))
    return reduce


def pad(node, x, *inputs):
    if node.get("mode", "constant") not in ("constant", "reflect", "edge"):
        node.refuse(f"pads by '{node.get('mode')}'", "pad with constants")
    pads = numbers(node, "pads", (x, *inputs), 1) or node.get("paddings")
    axes = numbers(node, "axes", (x, *inputs), 3) or list(range(x.ndim - 1))
    widths = [(0, 0)] * x.ndim
    for i, axis in enumerate(axes):
        widths[axis % (x.ndim - 1) + 1] = (pads[i], pads[i + len(axes)])
    if node.get("mode", "constant") != "constant":
        return np.pad(x, widths, mode=node.get("mode"))
    value = given((x, *inputs), 2)
    return np.pad(x, widths, constant_values=node.get("value", 0.0) if value is None else vector(value)[0])


LINEAR = {
    "MatMul": matmul, "Gemm": gemm, "MatMulInteger": matmul_integer, "Conv": conv, "ConvInteger": conv_integer,
    "AveragePool": average_pool, "GlobalAveragePool": global_average_pool, "ReduceMean": reduced(np.mean),
    "ReduceSum": reduced(np.sum), "Pad": pad,
}


# ----------------------------------------------------------------------------------------- constants and shapes

def shape_of(node, x):
    sizes = np.array(x.shape[1:], np.int64)
    end = node.get("end")
    return sizes[node.get("start", 0):len(sizes) if end is None else end][None]


def constant_of_shape(node, shape):
    from onnx import numpy_helper
    value = numpy_helper.to_array(node.get("value"))[0] if node.get("value") is not None else np.float32(0)
    return np.full(tuple(int(size) for size in vector(shape)), value)[None]


def count_range(node, start, limit, step):
    return np.arange(vector(start)[0], vector(limit)[0], vector(step)[0])[None]


CONSTANTS = {"ConstantOfShape": constant_of_shape, "Range": count_range, "ReduceProd": reduced(np.prod),
             "ReduceMax": reduced(np.max), "ReduceMin": reduced(np.min)}
OPERATORS = {**ELEMENTWISE, **LAYOUT, **LINEAR, **CONSTANTS}
