"""Quant and BipolarQuant, which ONNX Runtime does not know: held against arithmetic written down here."""

import numpy as np
import pytest

pytest.importorskip("onnx")
from graphs import HIDDEN, Builder, data, on_grid, weights  # noqa: E402
from test_graphs import converted  # noqa: E402

W1, B1, W2, B2 = weights()
X = data()
DOMAINS = ("onnx.brevitas", "finn.custom_op.general", "qonnx.custom_op.general")


def quant(builder, source, scale, bits, domain, zero=0.0, **attributes):
    parts = [builder.constant(np.float32(value)) for value in (scale, zero, bits)]
    if source is None:
        return builder.add("Quant", *parts, domain=domain, **attributes)
    return builder.free("Quant", [source, *parts], domain=domain, **attributes)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("narrow", [0, 1])
@pytest.mark.parametrize("mode,rounding", [("ROUND", np.rint), ("FLOOR", np.floor), ("CEIL", np.ceil)])
def test_quant(domain, narrow, mode, rounding):
    builder = Builder()
    (_, s1), (_, s2) = on_grid(W1), on_grid(W2)
    turned = []
    for matrix, scale in ((W1, s1), (W2, s2)):
        held = quant(builder, builder.constant(matrix), scale, 4, domain, signed=1, narrow=narrow,
                     rounding_mode="ROUND")
        turned.append(builder.free("Transpose", [held], perm=[1, 0]))
    builder.add("MatMul", turned[0])
    builder.add("Add", builder.constant(B1))
    quant(builder, None, 0.5, 2, domain, signed=0, narrow=narrow, rounding_mode=mode)
    builder.add("MatMul", turned[1])
    logits, chain, prepared, _ = converted(builder.model())
    low = -7 if narrow else -8
    first, second = (np.clip(np.rint(m / s), low, 7) * s for m, s in ((W1, s1), (W2, s2)))
    hidden = rounding(np.clip((X @ first.T + B1) / np.float32(0.5), 0, 3 - narrow)) * 0.5
    expected = hidden @ second.T
    assert chain.bootstraps == HIDDEN and prepared.stages[0].exact and prepared.stages[0].steps.all()
    assert np.mean(np.abs(logits - expected).max(axis=1) < 1e-3) > 0.99


@pytest.mark.parametrize("domain", DOMAINS)
def test_bipolar_quant(domain):
    builder = Builder()
    builder.add("MatMul", builder.constant((np.where(W1 < 0, -1, 1) * np.float32(0.02)).T.copy()))
    builder.add("Sub", builder.constant(np.float32(0.013)))
    builder.add("BipolarQuant", builder.constant(np.float32(0.7)), domain=domain)
    builder.add("MatMul", builder.constant((on_grid(W2)[0] * on_grid(W2)[1]).T.copy()))
    logits, _, prepared, _ = converted(builder.model())
    sums = X @ np.where(W1 < 0, -1, 1).T * 0.02 - 0.013
    expected = np.where(sums < 0, -0.7, 0.7) @ (on_grid(W2)[0] * on_grid(W2)[1]).T
    assert np.abs(prepared.stages[0].weights).max() == 1
    assert np.abs(logits - expected).max() < 1e-3
