"""What does not convert: one sentence with the node, its type and what would help."""

import numpy as np
import pytest

pytest.importorskip("onnx")
from graphs import HIDDEN, INPUTS, Builder, data, weights  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

from torusnn.onnx.convert import read_chain  # noqa: E402
from torusnn.onnx.reader import REMEDIES  # noqa: E402
from torusnn.onnx.refusal import UnsupportedModel  # noqa: E402

W1, B1, W2, B2 = weights()
X = data(20)


def hidden(builder):
    builder.add("Gemm", builder.constant(W1), builder.constant(B1), transB=1)
    return builder.add("Relu")


def last(builder):
    builder.add("Gemm", builder.constant(W2), builder.constant(B2), transB=1)
    return builder.model()


def dynamic(builder):
    builder.add("DynamicQuantizeLinear", outputs=3)
    builder.add("MatMulInteger", builder.constant(np.ones((INPUTS, HIDDEN), np.int8)))


def of_the_image(type_, domain="", **attributes):
    def add(builder):
        hidden(builder)
        builder.add(type_, domain=domain, **attributes)
    return add


def product_of_two(builder):
    first = hidden(builder)
    builder.last = "x"
    builder.add("Gemm", builder.constant(W1[::-1].copy()), transB=1)
    builder.add("Mul", first)


def product_of_matrices(builder):
    first = hidden(builder)
    builder.add("Transpose", perm=[1, 0])
    builder.add("MatMul", first)
    builder.add("MatMul", builder.constant(np.ones((HIDDEN, HIDDEN), np.float32)))


def softmax_inside(builder):
    hidden(builder)
    builder.add("Softmax", axis=1)


def order_turned(builder):
    """One minus the probabilities: the class would be that of the least logit."""
    hidden(builder)
    builder.add("Softmax", axis=1)
    builder.add("Neg")


def image_read_twice(builder):
    scale, zero = builder.constant(np.float32(2)), builder.constant(np.uint8(0))
    builder.add("QuantizeLinear", scale, zero)
    builder.add("DequantizeLinear", scale, zero)
    hidden(builder)
    first, builder.last = builder.last, "x"
    builder.add("Gemm", builder.constant(W1), transB=1)
    builder.add("Add", first)


def scale_from_the_image(builder):
    first = hidden(builder)
    builder.add("ReduceMean", axes=[1], keepdims=1)
    scale = builder.last
    builder.last = first
    builder.add("QuantizeLinear", scale)
    builder.add("DequantizeLinear", scale)


def layer_normalization(builder):
    hidden(builder)
    builder.add("LayerNormalization", builder.constant(np.ones(HIDDEN, np.float32)))


def unknown_domain(builder):
    hidden(builder)
    builder.add("Fancy", domain="com.example")


def unknown_rounding(builder):
    hidden(builder)
    builder.add("Quant", *(builder.constant(np.float32(v)) for v in (1, 0, 4)), domain="qonnx.custom_op.general",
                rounding_mode="SOMEHOW", signed=1)


def trunc(builder):
    hidden(builder)
    builder.add("Trunc", *(builder.constant(np.float32(v)) for v in (1, 0, 8, 4)), domain="qonnx.custom_op.general")


def quantized_to_float8(builder):
    hidden(builder)
    builder.add("QuantizeLinear", builder.constant(np.float32(1)), builder.constant([0], TensorProto.FLOAT8E4M3FN))
    builder.add("DequantizeLinear", builder.constant(np.float32(1)))


def as_a_square(builder):
    builder.add("Reshape", builder.constant(np.array([-1, 1, 6, 6], np.int64)))


def pooled_with_rounded_size(builder):
    as_a_square(builder)
    builder.add("AveragePool", kernel_shape=[4, 4], strides=[3, 3], ceil_mode=1)


def padded_around(builder):
    as_a_square(builder)
    builder.add("Pad", builder.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)), mode="wrap")


def largest_of_pixels(builder):
    """Of the image itself, before any sum."""
    builder.add("TopK", builder.constant(np.array([2], np.int64)), outputs=2)


def constant_that_is_sparse(builder):
    hidden(builder)
    values = helper.make_tensor("values", TensorProto.FLOAT, [1], [1.0])
    indices = helper.make_tensor("indices", TensorProto.INT64, [1], [3])
    node = helper.make_node("Constant", [], ["sparse"], name="Constant0",
                            sparse_value=helper.make_sparse_tensor(values, indices, [HIDDEN]))
    builder.nodes.insert(0, node)
    builder.add("Add", "sparse")


def sizes_that_do_not_fit(builder):
    hidden(builder)
    builder.add("Add", builder.constant(np.ones(HIDDEN + 1, np.float32)))


def places_by_image(builder):
    hidden(builder)
    builder.add("Cast", to=TensorProto.INT64)
    builder.add("Gather", builder.constant(np.ones((9, HIDDEN), np.float32)), "LAST", axis=0)


KINDS = {
    "Neg": order_turned, "Gemm": image_read_twice,
    "DynamicQuantizeLinear": dynamic, "Mul": product_of_two, "MatMul": product_of_matrices, "Softmax": softmax_inside,
    "QuantizeLinear": scale_from_the_image, "LayerNormalization": layer_normalization,
    "com.example.Fancy": unknown_domain,
    "qonnx.custom_op.general.Quant": unknown_rounding, "qonnx.custom_op.general.Trunc": trunc,
    "Gather": places_by_image, "QuantizeLinear to FLOAT8E4M3FN": quantized_to_float8,
    "AveragePool": pooled_with_rounded_size, "Pad": padded_around, "TopK": largest_of_pixels,
    "Constant": constant_that_is_sparse, "Add": sizes_that_do_not_fit,
    "Scan": of_the_image("Scan"), "GRU": of_the_image("GRU"), "RNN": of_the_image("RNN"),
    "GroupNormalization": of_the_image("GroupNormalization"),
    "com.microsoft.DynamicQuantizeLSTM": of_the_image("DynamicQuantizeLSTM", "com.microsoft"),
    "com.microsoft.DynamicQuantizeMatMul": of_the_image("DynamicQuantizeMatMul", "com.microsoft"),
    "com.microsoft.MatMulIntegerToFloat": of_the_image("MatMulIntegerToFloat", "com.microsoft"),
    "ai.onnx.ml.TreeEnsembleClassifier": of_the_image("TreeEnsembleClassifier", "ai.onnx.ml"),
    "ai.onnx.ml.TreeEnsembleRegressor": of_the_image("TreeEnsembleRegressor", "ai.onnx.ml"),
    "GlobalMaxPool": of_the_image("GlobalMaxPool"), "LRN": of_the_image("LRN", size=3),
    "NonZero": of_the_image("NonZero"),
    "CumSum": of_the_image("CumSum"), "InstanceNormalization": of_the_image("InstanceNormalization"),
    "MaxPool": of_the_image("MaxPool", kernel_shape=[2]), "LSTM": of_the_image("LSTM"), "If": of_the_image("If"),
    "Loop": of_the_image("Loop"), "ReduceMax": of_the_image("ReduceMax", axes=[1], keepdims=1),
}


def sentence_of(model, images=X, limit=4096, output=None):
    with pytest.raises(UnsupportedModel) as caught:
        read_chain(model, images, None, 0.0, output, limit)
    text = str(caught.value)
    assert "\n" not in text and "; " in text and caught.value.remedy
    return caught.value, text


@pytest.mark.parametrize("title", KINDS)
def test_refused_with_node_type_and_remedy(title):
    builder = Builder()
    KINDS[title](builder)
    error, text = sentence_of(last(builder))
    kind, _, further = title.partition(" to ")
    assert error.kind.endswith(kind.rpartition(".")[2]) or kind == "Softmax"
    assert kind in text and further in text and error.node in text and error.node


def test_every_kind_with_a_remedy_of_its_own_is_tried():
    assert set(REMEDIES) <= {title.rpartition(".")[2] for title in KINDS}


def test_more_bootstraps_than_the_limit():
    builder = Builder()
    hidden(builder)
    error, text = sentence_of(last(builder), limit=HIDDEN - 1)
    assert f"{HIDDEN} bootstraps" in text and "--most-bootstraps" in text and error.kind == "Gemm"


def test_a_matrix_beyond_memory(monkeypatch):
    monkeypatch.setattr("torusnn.onnx.reader.MOST_WEIGHTS", HIDDEN * INPUTS - 1)
    builder = Builder()
    hidden(builder)
    error, text = sentence_of(last(builder))
    assert f"{HIDDEN} sums of {INPUTS} values" in text and error.kind == "Gemm"


def test_older_and_newer_opsets():
    for opset in (5, 23):
        builder = Builder(opset)
        hidden(builder)
        assert f"opset {opset}" in sentence_of(last(builder))[1]


def test_two_inputs():
    builder = Builder()
    hidden(builder)
    model = last(builder)
    model.graph.input.append(helper.make_tensor_value_info("second", TensorProto.FLOAT, [1]))
    assert "2 inputs" in sentence_of(model)[1]


def test_text_as_input():
    builder = Builder(kind=TensorProto.STRING)
    hidden(builder)
    assert "no tensor of numbers" in sentence_of(last(builder))[1]


def test_images_of_another_size():
    builder = Builder()
    hidden(builder)
    assert f"{INPUTS}" in sentence_of(last(builder), images=X[:, :-1])[1]


def test_batch_mixed_with_pixels():
    builder = Builder()
    builder.add("Reshape", builder.constant(np.array([-1, HIDDEN], np.int64)))
    builder.add("MatMul", builder.constant(np.ones((HIDDEN, 4), np.float32)))
    assert "[3, 4]" in sentence_of(builder.model())[1]
    builder = Builder()
    builder.add("Reshape", builder.constant(np.array([5, 12], np.int64)))
    assert sentence_of(builder.model())[0].kind == "Reshape"


def test_several_outputs_that_differ():
    builder = Builder()
    middle = hidden(builder)
    model = last(builder)
    model.graph.output.append(helper.make_empty_tensor_value_info(middle))
    assert "--output" in sentence_of(model)[1]
    assert read_chain(model, X, None, 0.0, builder.last, 4096)[2].bootstraps == HIDDEN


def test_output_of_another_name():
    builder = Builder()
    hidden(builder)
    assert "'nowhere'" in sentence_of(last(builder), output="nowhere")[1]


def test_output_that_is_constant():
    builder = Builder()
    builder.last = builder.constant(np.ones((1, 3), np.float32))
    builder.add("Relu")
    assert "does not depend" in sentence_of(builder.model())[1]


def test_sparse_weights():
    builder = Builder()
    hidden(builder)
    model = last(builder)
    values = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [4]))
    assert "sparse weights" in sentence_of(model)[1]


def test_an_image_without_a_batch_axis():
    builder = Builder(shape=(INPUTS,))
    builder.add("MatMul", builder.constant(W1.T.copy()))
    assert "batch axis" in sentence_of(builder.model())[1]


def test_a_net_without_a_sum():
    builder = Builder()
    builder.add("Relu")
    assert "no sum of pixels" in sentence_of(builder.model())[1]


def test_an_image_quantized_in_two_ways():
    builder = Builder()
    sums = []
    for scale, matrix in ((2, W1), (3, W1[::-1].copy())):
        builder.last, held = "x", [builder.constant(np.float32(scale)), builder.constant(np.uint8(0))]
        builder.add("QuantizeLinear", *held)
        builder.add("DequantizeLinear", *held)
        sums.append(builder.add("Gemm", builder.constant(matrix), transB=1))
    builder.add("Add", sums[0])
    assert "more than one way" in sentence_of(last(builder))[1]


@pytest.mark.parametrize("images, part", [(np.array([["a"]]), "no numbers"), (X[:0], "no numbers"),
                                          (X.reshape(20, 1, 6, 6, 1), "[20, 1, 6, 6, 1]")])
def test_calibration_data_that_are_no_images(images, part):
    builder = Builder()
    hidden(builder)
    assert part in sentence_of(last(builder), images=images)[1]
