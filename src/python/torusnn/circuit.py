"""Circuits: models with parameters, scales and a noise budget; everything but a key."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, List, Optional

import numpy as np

from ._declared import AgreementPoint, CircuitInfo, Excursion, LayerInfo, NeuronInfo, NeuronRange, Precision, Security
from ._images import Array, as_batch, logits_of_each, pixels_of
from ._library import Handle, check, created, described, python_value
from ._native import ffi, lib
from ._simulation import DEFAULT_RUNS
from .client import Spec
from .explain import Explanation, explained

if TYPE_CHECKING:
    from .model import Model


@dataclass(frozen=True)
class Asked:
    """What a circuit was compiled for."""

    precision: Precision
    position_noise: float
    logit_noise: float
    log2_lookup_error: float
    whole_torus: bool
    agreement: float
    security: Security

    @classmethod
    def _of(cls, options: Any) -> Asked:
        return cls(Precision(options.precision), options.position_noise, options.logit_noise,
                   options.log2_lookup_error, options.whole_torus, options.agreement, Security(options.security))


class Circuit(Handle):
    """A model with parameters, scales and a noise budget. Immutable; threads may share it.

    Its bytes are its model's and its spec's: `model.compile(spec=spec)` gives it back.
    """

    _kind = "tnn_circuit"
    model: Model
    asked: Optional[Asked]
    """What it was compiled for; None where a spec decided."""

    def __init__(self, model: Model, pointer: Any, asked: Optional[Asked]):
        self.model, self._c, self.asked = model, pointer, asked

    def __reduce__(self) -> Any:
        return (_compiled_for, (self.model, self.spec, self.asked))

    @property
    def info(self) -> CircuitInfo:
        """What it costs and promises, known before any key exists."""
        return described("tnn_circuit_info", lib.tnn_circuit_describe, self._c)

    @property
    def layers(self) -> List[LayerInfo]:
        """How each layer is evaluated."""
        return [described("tnn_layer_info", lib.tnn_circuit_layer, self._c, index) for index in range(self.info.layers)]

    @property
    def agreement_curve(self) -> List[AgreementPoint]:
        """What less agreement would have cost, cheapest first, this circuit last; empty where noise decided."""
        points = lib.tnn_circuit_agreement_points(self._c)
        return [described("tnn_agreement_point", lib.tnn_circuit_agreement, self._c, index) for index in range(points)]

    def ranges(self, layer: int, images: Any = None) -> List[NeuronRange]:
        """The range proof of a layer with tables, and how many of the images leave each table."""
        shape = self.model.shape
        array, _ = as_batch(np.empty((0, *shape), np.uint8) if images is None else images, shape)
        ranges = ffi.new("tnn_neuron_range[]", self.layers[layer].neurons)
        pixels = pixels_of(array) if len(array) else ffi.NULL
        check(lib.tnn_model_ranges(self.model._c, ranges, layer, pixels, array.shape[1], len(array)))
        return [python_value(each) for each in ranges]

    def neurons(self, layer: int) -> List[NeuronInfo]:
        """How well each neuron's table in a layer with tables uses the torus, and the noise that it is read with."""
        neurons = ffi.new("tnn_neuron_info[]", self.layers[layer].neurons)
        check(lib.tnn_circuit_neurons(self._c, neurons, layer))
        return [python_value(each) for each in neurons]

    def excursions(self, images: Any) -> List[Excursion]:
        """How many neurons each image of a batch takes outside their tables, and how many past the flat ends."""
        array, _ = as_batch(images, self.model.shape)
        counted = ffi.new("tnn_excursion[]", len(array))
        check(lib.tnn_circuit_excursions(self._c, counted, self.model._c, pixels_of(array), array.shape[1], len(array)))
        return [python_value(each) for each in counted]

    @property
    def spec(self) -> Spec:
        """What clients need: no weights are in it."""
        return Spec._around(created("tnn_spec", lib.tnn_circuit_spec, self._c))

    def simulate(self, images: Any, seed: int = 0) -> Array:
        """Logits with the noise that encryption would add, without a key: [outputs] of an image, [count, outputs] of a
        batch, whose image i has the seed `seed` + i. Same seed, same noise."""
        return logits_of_each(lib.tnn_simulate, self._c, images, self.model.shape, self.info.outputs, count(seed))

    def explain(self, images: Any = None, labels: Any = None, runs: int = DEFAULT_RUNS) -> Explanation:
        """The plan: parameters, noise against its budget, proofs, bytes, time; print it, or take its to_dict().

        images  a batch: also how many leave a table, and how often simulated noise changes their class
        labels  [count]: accuracy and AUC too (needs scikit-learn)
        runs    simulated evaluations of each image
        """
        return explained(self, images, labels, runs)


def _compiled_for(model: Model, spec: Spec, asked: Optional[Asked]) -> Circuit:
    circuit = model.compile(spec=spec)
    circuit.asked = asked
    return circuit
