"""The table of docs/ONNX.md, from the figures that test_exporters.py wrote to measured/.

    python tests/python/onnx/table.py
"""

import json
import pathlib

HERE = pathlib.Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "ONNX.md"
START, END = "<!-- measured -->\n", "<!-- /measured -->\n"
TITLES = {
    "sklearn_relu": "scikit-learn, ReLU", "sklearn_scaled_tanh": "scikit-learn, StandardScaler, tanh, ZipMap",
    "sklearn_binary": "scikit-learn, two classes", "ort_qdq_per_tensor": "ONNX Runtime QDQ, u8u8, per tensor",
    "ort_qdq_per_channel": "ONNX Runtime QDQ, s8s8, per channel",
    "ort_qdq_s8s8": "ONNX Runtime QDQ, s8s8, per tensor", "ort_qdq_u8s8": "ONNX Runtime QDQ, u8s8, per tensor",
    "ort_qoperator": "ONNX Runtime QOperator, u8u8", "torchscript_batchnorm": "TorchScript, BatchNorm",
    "torchscript_silu": "TorchScript, SiLU, LogSoftmax", "torchscript_convolution": "TorchScript, convolution",
    "dynamo": "torch dynamo, BatchNorm, GELU", "brevitas_qonnx": "brevitas QONNX, 4 bits",
    "brevitas_qcdq": "brevitas QCDQ, 3 bits", "brevitas_two_bits": "brevitas QCDQ, 784-64-64-64-10 of 2 bits",
}
HEAD = """\
| file | bootstraps | clear | simulated | encrypted | images encrypted | contract | ms, median | predicted ms |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
"""


def figures():
    """Of the nets that were measured, by name, in the table's order."""
    paths = {name: HERE / "measured" / f"{name}.json" for name in TITLES}
    return {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}


def row(title, f):
    shares = " | ".join(f"{f[key]:.2%}" for key in ("clear", "simulated", "encrypted"))
    return (f"| {title} | {f['bootstraps']} | {shares} | {f['encrypted_images']} | {f['contract_agreement']:.1%} "
            f"| {f['median_ms']:.0f} | {f['predicted_ms']:.0f} |\n").replace("%", " %")


def table():
    return HEAD + "".join(row(TITLES[name], each) for name, each in figures().items())


def with_table(document):
    before, _, rest = document.partition(START)
    return before + START + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    DOCUMENT.write_text(with_table(DOCUMENT.read_text()))
