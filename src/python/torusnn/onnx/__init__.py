"""ONNX files as torusnn models: `torusnn.from_onnx`, `torusnn import`. Needs the package onnx; docs/ONNX.md says
more."""

from typing import Any, Callable, Optional

from ..model import Model
from ..train.model_file import model_bytes
from .contract import AGREEMENT
from .quantize import MOST_BOOTSTRAPS, Settings
from .refusal import UnsupportedModel
from .report import Report

__all__ = ["Report", "Settings", "UnsupportedModel", "from_onnx"]


def from_onnx(model: Any, calibration_images: Any, *, scale: Optional[float] = None, offset: float = 0.0,
              output: Optional[str] = None, settings: Optional[Settings] = None, most_bootstraps: int = MOST_BOOTSTRAPS,
              agreement: float = AGREEMENT, tell: Callable[[str], object] = lambda line: None) -> Model:
    """Converts an ONNX model into a torusnn one, and compares the two.

    model               path or onnx.ModelProto
    calibration_images  what the graph takes, [count, ...]; with `scale` bytes, which become scale * byte + offset
    output              name of the tensor of the logits, where it is not what the graph gives out
    settings            weight bits and levels of what is not quantized; None: enough of them, tried in turn
    most_bootstraps     an image; a larger graph is refused
    agreement           share of classes that the contract in the file keeps, with 95 % confidence
    tell                is given lines as they are known: first the bootstraps and about how long they take

    Returns the Model; its `report` says what was done and what it costs. Raises UnsupportedModel with the node, its
    type and a remedy in one sentence.
    """
    try:
        from .convert import convert
    except ImportError as error:
        raise ImportError(f"ONNX files need more packages ({error}); pip install 'torusnn[onnx]'") from error
    made, report = convert(model, calibration_images, scale, offset, output, settings, most_bootstraps, agreement,
                           tell=tell)
    converted = Model.from_bytes(model_bytes(made))
    converted.report = report
    return converted
