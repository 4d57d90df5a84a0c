"""Every kind of graph that converts, as small nets: the model says what ONNX Runtime says of the same file."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from graphs import CLASSES, HIDDEN, INPUTS, Builder, data, on_grid, weights  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

from torusnn.onnx.convert import assembled, prepare, read_chain  # noqa: E402
from torusnn.onnx.quantize import Settings  # noqa: E402
from torusnn.onnx.reference import onnxruntime_tensors  # noqa: E402
from torusnn.onnx.simulate import classes_of, model_logits  # noqa: E402

W1, B1, W2, B2 = weights()
X = data()
USUAL = Settings(8, 255)


def converted(model, images=X, settings=USUAL, limit=4096, **pixels):
    """Logits of the integer model and the chain."""
    graph, taken, chain = read_chain(model, images, pixels.get("scale"), pixels.get("offset", 0.0), None, limit)
    prepared = prepare(chain, taken, settings)
    made = assembled(prepared, ["the proven reach"] * prepared.tables, taken)
    return model_logits(made, prepared.inputs.map[taken.images].astype(np.int64)), chain, prepared, (graph, taken)


def reference(model, graph, taken):
    name = graph.outputs[0]
    return np.asarray(onnxruntime_tensors(model, graph, taken, [name])[name]).reshape(len(taken.images), -1)


def agrees(model, least=0.985, exact=None, neurons=HIDDEN, images=X, **pixels):
    """Same classes as ONNX Runtime; exact: largest difference of a logit that an exact conversion may have."""
    logits, chain, prepared, (graph, taken) = converted(model, images, **pixels)
    expected = reference(model, graph, taken)
    assert chain.bootstraps == neurons
    assert len(np.unique(classes_of(expected))) > 1
    assert np.mean(classes_of(logits) == classes_of(expected)) >= least
    if exact is not None:
        assert all(found.exact for found in prepared.stages)
        assert np.abs(logits - expected).max() <= exact
    return chain, prepared


def float_net(builder, activation=lambda b: b.add("Relu"), after=lambda b: None):
    builder.add("MatMul", builder.constant(W1.T.copy()))
    builder.add("Add", builder.constant(B1))
    activation(builder)
    builder.add("MatMul", builder.constant(W2.T.copy()))
    builder.add("Add", builder.constant(B2))
    after(builder)
    return builder.model()


# ----------------------------------------------------------------------------------------------- linear layers

@pytest.mark.parametrize("attributes,turned", [({}, True), ({"transB": 1}, False), ({"alpha": 0.5, "transB": 1}, False),
                                               ({"beta": 0.25, "alpha": 2.0, "transB": 1}, False)])
@pytest.mark.parametrize("opset", [7, 13, 22])
def test_gemm(attributes, turned, opset):
    builder = Builder(opset)
    alpha, beta = attributes.get("alpha", 1.0), attributes.get("beta", 1.0)
    for matrix, bias in ((W1, B1), (W2, B2)):
        matrix = (matrix.T if turned else matrix) / np.float32(alpha)
        builder.add("Gemm", builder.constant(matrix.copy()), builder.constant(bias / np.float32(beta)), **attributes)
        if matrix.size == W1.size:
            builder.add("Relu")
    agrees(builder.model())


def test_gemm_without_bias_and_matmul_with_bias_first():
    builder = Builder()
    builder.add("Gemm", builder.constant(W1), transB=1)
    builder.add("Add", builder.constant(B1[None]), "LAST")
    builder.add("Relu")
    builder.add("MatMul", builder.constant(W2.T.copy()))
    builder.add("Add", builder.constant(B2[None]), "LAST")
    agrees(builder.model())


def test_opset_6_broadcasts_by_attribute():
    builder = Builder(6)
    builder.add("MatMul", builder.constant(W1.T.copy()))
    builder.add("Add", builder.constant(B1), broadcast=1, axis=1)
    builder.add("Relu")
    builder.add("Gemm", builder.constant(W2), builder.constant(B2), transB=1, broadcast=1)
    logits, chain, _, _ = converted(builder.model())
    expected = np.maximum(X @ W1.T + B1, 0) @ W2.T + B2
    assert chain.bootstraps == HIDDEN and np.mean(classes_of(logits) == classes_of(expected)) >= 0.985


def test_local_functions_as_the_exporter_of_pytorch_2_writes_them():
    """A module becomes a function of the file; its weights have the module's names."""
    linear = helper.make_function(
        "pkg.torch", "Linear", ["x", "weight", "bias"], ["y"],
        [helper.make_node("Gemm", ["x", "weight", "bias"], ["y"], alpha=1.0, beta=1.0, transA=0, transB=1)],
        [helper.make_opsetid("", 18)])
    builder = Builder(18, ("s77", INPUTS))
    first = builder.constant(W1, name="0.weight"), builder.constant(B1, name="0.bias")
    second = builder.constant(W2, name="2.weight"), builder.constant(B2, name="2.bias")
    builder.add("Linear", *first, domain="pkg.torch")
    gelu_in_parts(builder)
    builder.add("Linear", *second, domain="pkg.torch")
    model = builder.model()
    model.functions.append(linear)
    agrees(model, least=0.97)


def test_one_linear_layer():
    builder = Builder()
    builder.add("Gemm", builder.constant((W2 @ W1).copy()), builder.constant(W2 @ B1 + B2), transB=1)
    agrees(builder.model(), neurons=0)


def test_weights_on_the_left_of_transposed_images():
    builder = Builder()
    builder.add("Transpose", perm=[1, 0])
    builder.add("MatMul", builder.constant(W1), "LAST")
    builder.add("Transpose", perm=[1, 0])
    builder.add("Add", builder.constant(B1))
    builder.add("Relu")
    builder.add("MatMul", builder.constant(W2.T.copy()))
    agrees(builder.model())


# ------------------------------------------------------------------------------------------- shapes and batches

def computed_reshape(builder):
    shape = builder.add("Shape")
    builder.add("Gather", builder.constant(np.array(0, np.int64)))
    batch = builder.add("Unsqueeze", builder.constant(np.array([0], np.int64)))
    builder.last = "x"
    whole = builder.free("Concat", [batch, builder.constant(np.array([-1], np.int64))], axis=0)
    assert shape
    builder.add("Reshape", whole)


def constant_reshape(builder):
    builder.add("Reshape", builder.constant(np.array([-1, INPUTS], np.int64)))


@pytest.mark.parametrize("flat", [computed_reshape, constant_reshape, lambda b: b.add("Flatten")])
@pytest.mark.parametrize("batch", ["N", None, 1, 7])
def test_images_are_flattened(flat, batch):
    builder = Builder(13, (batch, 1, 6, 6))
    flat(builder)
    builder.add("Identity")
    model = float_net(builder)
    agrees(model, images=X.reshape(-1, 6, 6))


def test_channels_first():
    builder = Builder(13, ("N", 4, 3, 3))
    builder.add("Flatten")
    model = float_net(builder)
    images = X.reshape(-1, 3, 3, 4)
    logits, _, _, (graph, taken) = converted(model, images)
    expected = reference(model, graph, taken)
    own = np.maximum(images.transpose(0, 3, 1, 2).reshape(-1, INPUTS) @ W1.T + B1, 0) @ W2.T + B2
    assert np.allclose(expected, own, atol=1e-3) and np.mean(classes_of(logits) == classes_of(own)) >= 0.97


# --------------------------------------------------------------------------------------------- element by element

def silu(builder):
    x = builder.last
    builder.add("Sigmoid")
    builder.add("Mul", x)


def hard_swish_in_parts(builder):
    x = builder.last
    builder.add("Add", builder.constant(np.float32(3)))
    builder.add("Clip", builder.constant(np.float32(0)), builder.constant(np.float32(6)))
    builder.add("Mul", x)
    builder.add("Div", builder.constant(np.float32(6)))


def gelu_in_parts(builder):
    """As PyTorch's exporters write it below opset 20."""
    x = builder.last
    builder.add("Div", builder.constant(np.float32(np.sqrt(2))))
    builder.add("Erf")
    builder.add("Add", builder.constant(np.float32(1)))
    builder.add("Mul", x, "LAST")
    builder.add("Mul", builder.constant(np.float32(0.5)))


ACTIVATIONS = {
    "Gelu in parts": gelu_in_parts,
    "Sign": lambda b: b.add("Sign"), "Tanh": lambda b: b.add("Tanh"), "Sigmoid": lambda b: b.add("Sigmoid"),
    "LeakyRelu": lambda b: b.add("LeakyRelu", alpha=0.1), "Elu": lambda b: b.add("Elu"),
    "PRelu": lambda b: b.add("PRelu", b.constant(np.linspace(0, 0.5, HIDDEN, dtype=np.float32))),
    "HardSwish": lambda b: b.add("HardSwish"), "Gelu": lambda b: b.add("Gelu"),
    "Gelu by tanh": lambda b: b.add("Gelu", approximate="tanh"), "Softplus": lambda b: b.add("Softplus"),
    "Clip": lambda b: b.add("Clip", b.constant(np.float32(0)), b.constant(np.float32(2))), "SiLU": silu,
    "HardSwish in parts": hard_swish_in_parts, "Selu": lambda b: b.add("Selu"), "Mish": lambda b: b.add("Mish"),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_any_function_becomes_a_table(name):
    agrees(float_net(Builder(20), ACTIVATIONS[name]), least=0.97)


# ------------------------------------------------------------------------------------------- batch normalization

MEAN, VARIANCE = np.linspace(-1, 1, HIDDEN, dtype=np.float32), np.linspace(0.5, 2, HIDDEN, dtype=np.float32)
GAIN, SHIFT = np.linspace(1, 2, HIDDEN, dtype=np.float32), np.linspace(-0.2, 0.2, HIDDEN, dtype=np.float32)


def normalization(builder, variance=VARIANCE):
    builder.add("BatchNormalization", *(builder.constant(part) for part in (GAIN, SHIFT, MEAN, variance)))


def behind_transposes(builder):
    builder.add("Unsqueeze", builder.constant(np.array([2], np.int64)))
    normalization(builder)
    builder.add("Squeeze", builder.constant(np.array([2], np.int64)))


def in_parts(builder):
    builder.add("Sub", builder.constant(MEAN))
    deviation = builder.free("Pow", [builder.constant(VARIANCE + 1e-5), builder.constant(np.float32(0.5))])
    builder.add("Div", deviation)
    builder.add("Mul", builder.constant(GAIN))
    builder.add("Add", builder.constant(SHIFT))


def tiny_variance(builder):
    normalization(builder, np.where(np.arange(HIDDEN) == 3, np.float32(5.6e-45), VARIANCE).astype(np.float32))


@pytest.mark.parametrize("norm", [normalization, behind_transposes, in_parts, tiny_variance])
def test_batch_normalization(norm):
    def activation(builder):
        norm(builder)
        builder.add("Tanh")
    agrees(float_net(Builder(), activation), least=0.97)


def test_batch_normalization_of_logits():
    def after(builder):
        builder.add("BatchNormalization", *(builder.constant(part[:CLASSES]) for part in (GAIN, SHIFT, MEAN, VARIANCE)))
    agrees(float_net(Builder(), after=after))


# ------------------------------------------------------------------------------------------------ before and behind

def scaled_by_feature(builder):
    builder.add("Sub", builder.constant(np.linspace(0, 1, INPUTS, dtype=np.float32)))
    builder.add("Div", builder.constant(np.linspace(1, 2, INPUTS, dtype=np.float32)))


def test_scaling_by_feature():
    builder = Builder()
    scaled_by_feature(builder)
    agrees(float_net(builder))


def test_scaling_by_numbers_of_bytes():
    builder = Builder(kind=TensorProto.UINT8)
    builder.add("Cast", to=TensorProto.FLOAT)
    builder.add("Mul", builder.constant(np.float32(2)))
    builder.add("Mul", builder.constant(np.float32(0.5)))
    agrees(float_net(builder))


def test_scaler_of_scikit_learn():
    builder = Builder()
    builder.add("Scaler", domain="ai.onnx.ml", offset=[0.5] * INPUTS, scale=[1.0] * INPUTS)
    agrees(float_net(builder))


@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
def test_normalizer_of_the_image_is_left_to_the_client(norm):
    factor = {"MAX": 15, "L1": 270, "L2": 52}[norm]
    builder = Builder()
    builder.add("Normalizer", domain="ai.onnx.ml", norm=norm)
    builder.add("Mul", builder.constant(np.float32(factor)))
    chain, _ = agrees(float_net(builder), least=0.97)
    assert "client" in chain.notes[0]


@pytest.mark.parametrize("after", [lambda b: b.add("Softmax", axis=1), lambda b: b.add("LogSoftmax", axis=1),
                                   lambda b: b.add("Sigmoid")])
def test_what_keeps_the_order_of_logits_is_left_out(after):
    agrees(float_net(Builder(), after=after))


def test_arg_max():
    model = float_net(Builder(), after=lambda b: b.add("ArgMax", axis=1))
    logits, chain, _, (graph, taken) = converted(model)
    assert chain.bootstraps == HIDDEN
    assert np.mean(classes_of(logits) == reference(model, graph, taken)[:, 0]) >= 0.985


def test_linear_classifier_of_scikit_learn():
    builder = Builder()
    builder.add("LinearClassifier", domain="ai.onnx.ml", outputs=2, coefficients=(W2 @ W1).reshape(-1).tolist(),
                intercepts=(W2 @ B1 + B2).tolist(), classlabels_ints=list(range(CLASSES)), post_transform="SOFTMAX")
    scores = builder.nodes[-1].output[1]
    chain, _ = agrees(builder.model([scores]), neurons=0)
    assert chain.classes == tuple(str(label) for label in range(CLASSES))


def test_quantized_logits():
    def after(builder):
        scale, zero = builder.constant(np.float32(0.1)), builder.constant(np.uint8(100))
        builder.add("QuantizeLinear", scale, zero)
        builder.add("DequantizeLinear", scale, zero)
    agrees(float_net(Builder(), after=after))


def test_a_pair_of_one_sum_becomes_one_logit():
    builder = Builder()
    builder.add("Gemm", builder.constant(W1), builder.constant(B1), transB=1)
    builder.add("Relu")
    builder.add("Gemm", builder.constant(W2[:1] - W2[1:2]), builder.constant(B2[:1] - B2[1:2]), transB=1)
    chance = builder.add("Sigmoid")
    other = builder.add("Sub", builder.constant(np.float32(1)), "LAST")
    builder.last = other
    builder.add("Concat", chance, axis=1)
    logits, chain, _, (graph, taken) = converted(builder.model())
    expected = reference(builder.model(), graph, taken)
    assert logits.shape[1] == 1 and chain.bootstraps == HIDDEN
    assert np.mean(classes_of(logits) == classes_of(expected)) >= 0.985


# ------------------------------------------------------------------------------------------------ quantized nets

def quantize(builder, scale, zero, kind=np.uint8, **attributes):
    scale, zero = builder.constant(np.float32(scale)), builder.constant(kind(zero))
    builder.add("QuantizeLinear", scale, zero, **attributes)
    builder.add("DequantizeLinear", scale, zero, **attributes)


def as_float(builder, matrix):
    whole, scale = on_grid(matrix)
    return builder.constant((whole * scale).T.copy())


def as_int8(builder, matrix):
    whole, scale = on_grid(matrix)
    return builder.free("DequantizeLinear", [builder.constant(whole.T.copy()), builder.constant(scale)])


def as_uint8_with_zero(builder, matrix):
    whole, scale = on_grid(matrix)
    stored = (whole.astype(int) + 128).astype(np.uint8).T.copy()
    return builder.free("DequantizeLinear", [builder.constant(stored), builder.constant(scale),
                                             builder.constant(np.uint8(128))])


def by_channel(shape):
    def made(builder, matrix):
        scale = (np.abs(matrix).max(axis=1) / 7).astype(np.float32)
        whole = np.rint(matrix / scale[:, None]).astype(np.int8).T.copy()
        inputs = [builder.constant(whole), builder.constant(scale if shape == "[n]" else scale[None])]
        if shape == "[n]":
            return builder.free("DequantizeLinear", inputs, axis=1)
        real = builder.free("Cast", inputs[:1], to=TensorProto.FLOAT)
        return builder.free("Mul", [real, inputs[1]])
    return made


def from_float_with_clip(builder, matrix):
    """Three bits inside eight: Clip between Q and DQ is all that shows it."""
    scale = builder.constant(np.float32(np.abs(matrix).max() / 3))
    zero = builder.constant(np.int8(0))
    whole = builder.free("QuantizeLinear", [builder.constant(matrix.T.copy()), scale, zero])
    cut = builder.free("Clip", [whole, builder.constant(np.int8(-3)), builder.constant(np.int8(3))])
    return builder.free("DequantizeLinear", [cut, scale, zero])


def as_int4(builder, matrix):
    whole, scale = on_grid(matrix)
    stored = builder.constant(whole.T.copy(), TensorProto.INT4)
    return builder.free("DequantizeLinear", [stored, builder.constant(scale)])


def turned_by_channel(builder, matrix):
    """Weights a row a neuron, scales along axis 0, transposed behind."""
    scale = (np.abs(matrix).max(axis=1) / 7).astype(np.float32)
    whole = np.rint(matrix / scale[:, None]).astype(np.int8)
    real = builder.free("DequantizeLinear", [builder.constant(whole), builder.constant(scale)], axis=0)
    return builder.free("Transpose", [real], perm=[1, 0])


WEIGHTS = {"float": as_float, "int8": as_int8, "uint8": as_uint8_with_zero, "scales [n]": by_channel("[n]"),
           "scales [1, n]": by_channel("[1, n]"), "Q, Clip, DQ": from_float_with_clip, "int4": as_int4,
           "axis 0": turned_by_channel}


def quantized_net(builder, weights_of=as_int8):
    """Relu is the lower clip of the unsigned quantizer."""
    quantize(builder, 1.0, 0)
    builder.add("MatMul", weights_of(builder, W1))
    builder.add("Add", builder.constant(B1))
    quantize(builder, 0.25, 0)
    builder.add("MatMul", weights_of(builder, W2))
    builder.add("Add", builder.constant(B2))
    return builder.model()


@pytest.mark.parametrize("kind", WEIGHTS)
def test_quantized_weights_convert_as_they_are(kind):
    model = quantized_net(Builder(21 if kind == "int4" else 13), WEIGHTS[kind])
    _, prepared = agrees(model, exact=0.02)
    assert prepared.stages[0].steps.all() and np.abs(prepared.stages[0].weights).max() <= 127


@pytest.mark.parametrize("zero,kind", [(128, np.uint8), (-20, np.int8)])
def test_quantize_relu_quantize(zero, kind):
    builder = Builder()
    builder.add("MatMul", as_int8(builder, W1))
    builder.add("Add", builder.constant(B1))
    quantize(builder, 0.11, zero, kind)
    builder.add("Relu")
    quantize(builder, 0.25, 0)
    builder.add("MatMul", as_int8(builder, W2))
    agrees(builder.model(), exact=0.02)


@pytest.mark.parametrize("net", [float_net, quantized_net])
def test_a_default_session_with_its_optimizations_names_the_same_classes(net):
    """The reference is a session without them; users run this one."""
    import onnxruntime
    model = net(Builder())
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert session.get_session_options().graph_optimization_level == onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    expected = session.run(None, {"x": X})[0]
    logits, _, _, (graph, taken) = converted(model)
    assert np.mean(classes_of(reference(model, graph, taken)) == classes_of(expected)) >= 0.98
    assert np.mean(classes_of(logits) == classes_of(expected)) >= 0.98


def test_com_microsoft_quantizers():
    builder = Builder()
    scale, zero = builder.constant(np.float32(0.25)), builder.constant(np.uint8(0))
    builder.add("MatMul", as_int8(builder, W1))
    builder.add("Add", builder.constant(B1))
    builder.add("QuantizeLinear", scale, zero, domain="com.microsoft")
    builder.add("DequantizeLinear", scale, zero, domain="com.microsoft")
    builder.add("MatMul", as_int8(builder, W2))
    agrees(builder.model(), exact=0.02)


def test_matmul_integer_chain():
    builder = Builder()
    (first, s1), (second, s2) = on_grid(W1), on_grid(W2)
    zero = builder.constant(np.uint8(0))
    builder.add("QuantizeLinear", builder.constant(np.float32(1)), zero)
    builder.add("MatMulInteger", builder.constant(first.T.copy()), zero)
    builder.add("Cast", to=TensorProto.FLOAT)
    builder.add("Mul", builder.constant(s1))
    builder.add("Add", builder.constant(B1))
    builder.add("QuantizeLinear", builder.constant(np.float32(0.25)), zero)
    builder.add("MatMulInteger", builder.constant(second.T.copy()), zero)
    builder.add("Cast", to=TensorProto.FLOAT)
    builder.add("Mul", builder.constant(np.float32(0.25) * s2))
    builder.add("Add", builder.constant(B2))
    agrees(builder.model(), exact=0.02)


def test_qlinear_matmul():
    builder = Builder()
    (first, s1), (second, s2) = on_grid(W1), on_grid(W2)
    one, zero = builder.constant(np.float32(1)), builder.constant(np.uint8(0))
    middle, signed = builder.constant(np.float32(0.25)), builder.constant(np.int8(0))
    builder.add("QuantizeLinear", one, zero)
    builder.add("QLinearMatMul", one, zero, builder.constant(first.T.copy()), builder.constant(s1), signed, middle,
                zero)
    builder.add("QLinearMatMul", middle, zero, builder.constant(second.T.copy()), builder.constant(s2), signed,
                builder.constant(np.float32(0.05)), builder.constant(np.uint8(128)))
    builder.add("DequantizeLinear", builder.constant(np.float32(0.05)), builder.constant(np.uint8(128)))
    agrees(builder.model())


def test_qgemm_with_integer_bias():
    builder = Builder()
    (first, s1), (second, s2) = on_grid(W1), on_grid(W2)
    one, zero, signed = builder.constant(np.float32(1)), builder.constant(np.uint8(0)), builder.constant(np.int8(0))
    middle = builder.constant(np.float32(0.25))
    builder.add("QuantizeLinear", one, zero)
    builder.add("QGemm", one, zero, builder.constant(first), builder.constant(s1), signed,
                builder.constant(np.rint(B1 / s1).astype(np.int32)), middle, zero, domain="com.microsoft", transB=1)
    builder.add("QGemm", middle, zero, builder.constant(second), builder.constant(s2), signed,
                builder.constant(np.rint(B2 / s2 / 0.25).astype(np.int32)), domain="com.microsoft", transB=1)
    agrees(builder.model(), exact=0.05)


# ------------------------------------------------------------------------------------------------------- images

def test_convolution_and_average_pool():
    """Sparse layers: 8 x 4 x 4 neurons, pooled into the next sum."""
    generator = np.random.default_rng(3)
    kernel = generator.normal(0, 0.1, (8, 1, 3, 3)).astype(np.float32)
    last = generator.normal(0, 1, (CLASSES, 32)).astype(np.float32)

    def net(offsets):
        builder = Builder(13, ("N", 1, 6, 6))
        builder.add("Conv", builder.constant(kernel), builder.constant(np.linspace(-1, 1, 8, dtype=np.float32)))
        builder.add("Relu")
        builder.add("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
        builder.add("Flatten")
        builder.add("Gemm", builder.constant(last), builder.constant(offsets), transB=1)
        return builder.model()
    images = X.reshape(-1, 6, 6)
    _, _, _, (graph, taken) = converted(net(np.zeros(CLASSES, np.float32)), images)
    middle = reference(net(np.zeros(CLASSES, np.float32)), graph, taken).mean(axis=0)
    agrees(net(-middle), neurons=128, images=images, least=0.97)


def test_a_sum_that_skips_a_layer_is_carried_through_it():
    builder = Builder()
    builder.add("Gemm", builder.constant(W1), builder.constant(B1), transB=1)
    hidden = builder.add("Relu")
    builder.add("Gemm", builder.constant(np.eye(HIDDEN, dtype=np.float32)[::-1].copy()), transB=1)
    builder.add("Tanh")
    builder.add("Add", hidden)
    builder.add("Gemm", builder.constant(W2), builder.constant(B2), transB=1)
    agrees(builder.model(), neurons=3 * HIDDEN, least=0.97)


def test_a_file_of_the_exporter_of_pytorch_2():
    """dynamo.py wrote it: a reshape of symbols, Gemm with all attributes, BatchNormalization, Gelu in parts."""
    from exporters import HERE, digits
    images = digits()[2].reshape(-1, 8, 8) / 16
    model = onnx.load(HERE / "dynamo.onnx")
    assert model.producer_name == "pytorch" and model.producer_version.startswith("2.")
    agrees(model, neurons=24, images=images, least=0.99)
