"""Quantized neural networks on TFHE-encrypted images.

    model = torusnn.load("pneumoniamnist.tnn")
    circuit = model.compile()                                        # server
    client = torusnn.Client(circuit.spec)                            # client: its secret key stays
    evaluator = torusnn.Evaluator(circuit, client.evaluation_key)    # server, once a client
    logits = client.decrypt(evaluator.infer(client.encrypt(image)))

docs/PYTHON.md says more.
"""

from typing import Any

from . import errors
from ._declared import (
    AgreementPoint,
    CircuitInfo,
    Excursion,
    Fault,
    LayerInfo,
    ModelInfo,
    NeuronInfo,
    NeuronRange,
    Obstacle,
    ParamsLiteral,
    Precision,
    Refusal,
    Security,
    SpecInfo,
    Status,
)
from ._images import classes_of
from .circuit import Asked, Circuit
from .client import Client, EncryptedImage, EncryptedLogits, EvaluationKey, SecretKey, Spec, generate_keys
from .errors import TorusnnError
from .evaluator import Evaluator
from .explain import Explanation
from .model import Model, load


def from_onnx(model: Any, calibration_images: Any, **options: Any) -> Model:
    """A Model from an ONNX file, compared with ONNX Runtime on the calibration images. torusnn.onnx.from_onnx has
    the options; needs the package onnx."""
    from .onnx import from_onnx as converted

    return converted(model, calibration_images, **options)


def evaluate_dataset(circuit: Circuit, keys: Any, inputs: Any, outputs: Any, **options: Any) -> Any:
    """Evaluates a circuit on a whole archive of encrypted images, on the machines of a Ray cluster.
    torusnn.cluster.evaluate_dataset has the options; needs torusnn[cluster]."""
    from .cluster import evaluate_dataset as evaluated

    return evaluated(circuit, keys, inputs, outputs, **options)


def __getattr__(name: str) -> Any:
    """What needs scikit-learn is imported when it is first asked for."""
    if name == "TableClassifier":
        from .learn import TableClassifier

        return TableClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AgreementPoint",
    "Asked",
    "Circuit",
    "CircuitInfo",
    "Client",
    "EncryptedImage",
    "EncryptedLogits",
    "EvaluationKey",
    "Evaluator",
    "Excursion",
    "Explanation",
    "Fault",
    "LayerInfo",
    "Model",
    "ModelInfo",
    "NeuronInfo",
    "NeuronRange",
    "Obstacle",
    "ParamsLiteral",
    "Precision",
    "Refusal",
    "SecretKey",
    "Security",
    "Spec",
    "SpecInfo",
    "Status",
    "TableClassifier",
    "TorusnnError",
    "classes_of",
    "errors",
    "evaluate_dataset",
    "from_onnx",
    "generate_keys",
    "load",
]
