"""What a circuit costs and promises, before any key exists: as a dictionary and as text."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence

import numpy as np

from ._declared import CircuitInfo, NeuronInfo, Precision
from ._explain_text import lines_of
from ._images import as_batch
from ._metrics import quality_of
from ._simulation import DEFAULT_RUNS, simulated

if TYPE_CHECKING:
    from .circuit import Asked, Circuit

BYTES = {"spec": "spec_bytes", "secret_key": "secret_key_bytes", "evaluation_key": "eval_key_bytes",
         "input": "input_bytes", "output": "output_bytes", "server_key": "server_key_bytes", "server": "server_bytes"}
CIRCUIT = ("security_bits", "estimated_bits", "neurons", "bootstraps", "predicted_ms", "worst_position_noise",
           "worst_lookup_log2", "circuit_error_log2", "logit_noise", "logit_noise_share", "unproven_neurons")


class Explanation:
    """`str` of it is the text, `to_dict` has the figures; the command `torusnn explain` prints the same."""

    def __init__(self, figures: Dict[str, Any]):
        self._figures = figures

    def to_dict(self) -> Dict[str, Any]:
        """Figures in numbers, text, lists and dictionaries: json.dumps takes it."""
        return self._figures

    def __str__(self) -> str:
        return "\n".join(lines_of(self._figures))

    __repr__ = __str__


def provenance_of(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def model_figures(circuit: Circuit) -> Dict[str, Any]:
    info = asdict(circuit.model.info)
    names = ("height", "width", "channels", "input_levels", "layers", "outputs")
    return {"provenance": provenance_of(info["provenance"]), "file": circuit.model.path,
            **{name: info[name] for name in names}}


def contract_figures(asked: Asked) -> Dict[str, Any]:
    if asked.precision == Precision.EXACT:
        return {"precision": "exact", "lookup_error_log2": asked.log2_lookup_error}
    figures = {"precision": "tolerant", "position_noise": asked.position_noise, "logit_noise": asked.logit_noise}
    return {**figures, "agreement": asked.agreement} if asked.agreement > 0 else figures


def finite(value: Any) -> Any:
    """JSON has no infinity."""
    return None if isinstance(value, float) and not np.isfinite(value) else value


def circuit_figures(info: CircuitInfo) -> Dict[str, Any]:
    return {"parameters": asdict(info.parameters), **{name: finite(getattr(info, name)) for name in CIRCUIT},
            "bytes": {name: getattr(info, field) for name, field in BYTES.items()}}


def layer_figures(circuit: Circuit, index: int, images: Any) -> Dict[str, Any]:
    info = circuit.layers[index]
    figures = {name: finite(value) for name, value in asdict(info).items()}
    if info.tables_per_neuron > 0:
        figures["ranges"] = [asdict(each) for each in circuit.ranges(index, images)]
        if images is None:
            for each in figures["ranges"]:
                del each["left"]
        figures["neuron_fills"] = [fill_figures(each) for each in circuit.neurons(index)]
    return figures


def fill_figures(neuron: NeuronInfo) -> Optional[Dict[str, Any]]:
    """None for a neuron without a bootstrap."""
    figures = asdict(neuron)
    return figures if figures.pop("bootstrapped") else None


def spread_figures(fills: Sequence[Optional[Dict[str, Any]]], name: str, worst: Callable[..., float]) -> Dict[str, Any]:
    values = {neuron: fill[name] for neuron, fill in enumerate(fills) if fill is not None}
    extreme = worst(values.values())
    return {"min": min(values.values()), "median": float(np.median(list(values.values()))), "max": max(values.values()),
            "worst_neuron": next(neuron for neuron, value in values.items() if value == extreme)}


def layer_fill_figures(layer: Dict[str, Any]) -> Dict[str, Any]:
    fills = layer["neuron_fills"]
    figures: Dict[str, Any] = {"neurons": sum(fill is not None for fill in fills)}
    if figures["neurons"] > 0:
        figures["width_share"] = spread_figures(fills, "width_share", min)
        figures["norm_share"] = spread_figures(fills, "norm_share", max)
    return figures


def excursion_figures(circuit: Circuit, batch: Any) -> Dict[str, Any]:
    """How many images take neurons outside their tables, and how many of the neurons."""
    counted = circuit.excursions(batch)
    neurons = max(1, circuit.info.bootstraps)
    outside, astray = (np.array([getattr(each, name) for each in counted]) for name in ("outside", "astray"))
    return {"outside_images": float((outside > 0).mean()), "astray_images": float((astray > 0).mean()),
            "outside": float(outside.mean() / neurons), "worst_outside": float(outside.max() / neurons),
            "worst_astray": float(astray.max() / neurons), "worst_image": int(np.lexsort((-outside, -astray))[0])}


def image_figures(circuit: Circuit, images: Any, labels: Optional[Any], runs: int) -> Dict[str, Any]:
    batch = as_batch(images, circuit.model.shape)[0]
    truth = None if labels is None else np.asarray(labels).ravel()
    clear = circuit.model.predict(batch)
    quality, noisy = quality_of(clear, clear, truth), simulated(circuit, batch, truth, clear, runs)
    return {"images": len(batch), "clear_accuracy": quality.accuracy, "clear_auc": quality.auc, "simulated": noisy,
            "class_changes": 1.0 - noisy["agreement"], "excursions": excursion_figures(circuit, batch)}


def explained(circuit: Circuit, images: Any = None, labels: Any = None, runs: int = DEFAULT_RUNS,
              title: Optional[Dict[str, str]] = None) -> Explanation:
    """title: further entries of what is said of the images"""
    figures = {"model": model_figures(circuit)}
    if circuit.asked is not None:
        figures["contract"] = contract_figures(circuit.asked)
    figures.update(circuit_figures(circuit.info))
    curve: List[Dict[str, Any]] = [asdict(point) for point in circuit.agreement_curve]
    if curve:
        figures["agreement_curve"] = curve  # type: ignore[assignment]
    figures["layers"] = [layer_figures(circuit, index, images)  # type: ignore[assignment]
                         for index in range(circuit.info.layers)]
    figures["fills"] = [layer_fill_figures(layer)  # type: ignore[assignment]
                        for layer in figures["layers"] if "neuron_fills" in layer]
    if images is not None:
        figures["data"] = {**(title or {}), **image_figures(circuit, images, labels, runs)}
    return Explanation(figures)
