"""Nodes that stand for several: each becomes those that it is made of."""


def dequantized(node, names, suffix):
    """DequantizeLinear of (values, scale, zero point); the tensor that it gives and the node."""
    out = f"{node.outputs[0]}/{suffix}"
    return out, node.derived("DequantizeLinear", [name for name in names if name], [out])


def quantized(node, source, names):
    return node.derived("QuantizeLinear", [source, *(name for name in names if name)], node.outputs[:1])


def along(nodes, axis):
    for item in nodes:
        if item.type == "DequantizeLinear":
            item.attributes["axis"] = axis
    return nodes


def qlinear_matmul(node):
    a, b = dequantized(node, node.inputs[0:3], "a"), dequantized(node, node.inputs[3:6], "b")
    product = f"{node.outputs[0]}/product"
    return [*along([a[1], b[1]], -1), node.derived("MatMul", [a[0], b[0]], [product]),
            quantized(node, product, node.inputs[6:8])]


def bias_of_products(node, bias, scales, axis):
    """A bias in units of both scales' product."""
    unit, out = f"{node.outputs[0]}/unit", f"{node.outputs[0]}/bias"
    return out, [node.derived("Mul", scales, [unit]), node.derived("DequantizeLinear", [bias, unit], [out], axis=axis)]


def qgemm(node):
    """com.microsoft.QGemm: the output is real where no scale for it is given."""
    a, b = dequantized(node, node.inputs[0:3], "a"), dequantized(node, node.inputs[3:6], "b")
    b[1].attributes["axis"] = 0 if node.get("transB", 0) else 1
    inputs = [*node.inputs[6:9], "", "", ""][:3]
    bias, more = "", []
    if inputs[0]:
        bias, more = bias_of_products(node, inputs[0], [node.inputs[1], node.inputs[4]], -1)
    out = f"{node.outputs[0]}/product" if inputs[1] else node.outputs[0]
    own = {key: value for key, value in node.attributes.items() if key in ("alpha", "transA", "transB")}
    product = node.derived("Gemm", [a[0], b[0], *([bias] if bias else [])], [out], **own)
    return [a[1], b[1], *more, product] + ([quantized(node, out, inputs[1:])] if inputs[1] else [])


def qlinear_conv(node):
    a, b = dequantized(node, node.inputs[0:3], "a"), dequantized(node, node.inputs[3:6], "b")
    b[1].attributes["axis"] = 0
    bias, more = "", []
    if len(node.inputs) > 8 and node.inputs[8]:
        bias, more = bias_of_products(node, node.inputs[8], [node.inputs[1], node.inputs[4]], -1)
    out = f"{node.outputs[0]}/product"
    conv = node.derived("Conv", [a[0], b[0], *([bias] if bias else [])], [out], **node.attributes)
    return [a[1], b[1], *more, conv, quantized(node, out, node.inputs[6:8])]


def qlinear_unary(kind):
    """x, its scale and zero point, the output's."""
    def expand(node):
        x, out = dequantized(node, node.inputs[0:3], "x"), f"{node.outputs[0]}/real"
        return [x[1], node.derived(kind, [x[0]], [out], **node.attributes), quantized(node, out, node.inputs[3:5])]
    return expand


def qlinear_binary(kind):
    def expand(node):
        a, b = dequantized(node, node.inputs[0:3], "a"), dequantized(node, node.inputs[3:6], "b")
        out = f"{node.outputs[0]}/real"
        return [a[1], b[1], node.derived(kind, [a[0], b[0]], [out]), quantized(node, out, node.inputs[6:8])]
    return expand


def fused(kind):
    """A product with its activation."""
    def expand(node):
        activation = node.get("activation", "")
        if not activation:
            return [node.derived(kind, node.inputs, node.outputs, **node.attributes)]
        out = f"{node.outputs[0]}/product"
        alpha = {"alpha": node.get("activation_alpha")} if "activation_alpha" in node.attributes else {}
        return [node.derived(kind, node.inputs, [out], **node.attributes),
                node.derived(activation, [out], node.outputs, **alpha)]
    return expand


EXPANSIONS = {
    "QLinearMatMul": qlinear_matmul, "QGemm": qgemm, "QLinearConv": qlinear_conv, "FusedGemm": fused("Gemm"),
    "FusedConv": fused("Conv"), "FusedMatMul": fused("MatMul"), "QLinearSigmoid": qlinear_unary("Sigmoid"),
    "QLinearLeakyRelu": qlinear_unary("LeakyRelu"), "QLinearAdd": qlinear_binary("Add"),
    "QLinearMul": qlinear_binary("Mul"), "QLinearGlobalAveragePool": qlinear_unary("GlobalAveragePool"),
    "QLinearAveragePool": qlinear_unary("AveragePool"), "QLinearSoftmax": qlinear_unary("Softmax"),
}


def expanded(nodes):
    out = []
    for node in nodes:
        out.extend(EXPANSIONS[node.type](node) if node.type in EXPANSIONS else [node])
    return out
