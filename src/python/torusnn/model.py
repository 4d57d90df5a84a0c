"""Models: read, predicted with in the clear, compiled."""

from __future__ import annotations

import os
from typing import Any, Optional, Union

from ._declared import ModelInfo, Precision, Security
from ._images import Array, as_batch, logits_of_each, pixels_of
from ._library import Handle, bytes_of, described, error_of, owned, python_value, read_back
from ._native import ffi, lib
from ._progress import Progress, reporting
from .circuit import Asked, Circuit
from .client import OfImages, Spec

Path = Union[str, "os.PathLike[str]"]


def load(path: Path) -> Model:
    """Reads a model file."""
    with open(path, "rb") as file:
        model = Model.from_bytes(file.read())
    model.path = os.fspath(path)
    return model


def options_for(model: Model, chosen: dict, exact: bool) -> Any:
    """tnn_options: the model file's, but for what was chosen. Naming a noise or an agreement asks for tolerant
    lookups, naming a lookup's error for exact ones."""
    tolerant = {"position_noise", "logit_noise", "agreement"} & set(chosen)
    exact = exact or "log2_lookup_error" in chosen
    if exact and tolerant:
        raise ValueError(f"exact lookups leave nothing to choose; leave out {' and '.join(sorted(tolerant))}")
    options = ffi.new("tnn_options *")
    lib.tnn_options_for(options, model._c)
    if exact:
        options.precision, options.whole_torus = int(Precision.EXACT), False
    elif tolerant:
        options.precision = int(Precision.TOLERANT)
    for name, value in chosen.items():
        setattr(options, name, value)
    return options


def compiled(function: Any, *arguments: Any) -> Any:
    """A circuit, or the exception with the refusal in it where there is one."""
    out, refusal = ffi.new("tnn_circuit **"), ffi.new("tnn_refusal *")
    status = function(out, refusal, *arguments)
    if status != lib.TNN_OK:
        found = python_value(refusal[0])
        error = error_of(status, found.sentence)
        error.refusal = found if found.sentence else None
        raise error
    return owned("tnn_circuit", out[0])


class Model(Handle, OfImages):
    """A quantized network: integer weights, a table for each neuron. Immutable; threads may share it."""

    _kind = "tnn_model"
    path: Optional[str] = None
    """Of the file that it was read from, if any."""
    _bytes: bytes

    @classmethod
    def from_bytes(cls, data: Any) -> Model:
        """Reads a model file's bytes. Where they are refused the exception's `fault` says which field is wrong."""
        out, fault = ffi.new("tnn_model **"), ffi.new("tnn_fault *")
        status = lib.tnn_model_load(out, fault, bytes_of(data), len(data))
        if status != lib.TNN_OK:
            found = python_value(fault[0])
            error = error_of(status, found.sentence)
            error.fault = found
            raise error
        model = cls._around(owned(cls._kind, out[0]))
        model._bytes = bytes(data)
        return model

    def to_bytes(self) -> bytes:
        """The bytes that it was read from."""
        return self._bytes

    def __reduce__(self) -> Any:
        return (read_back, (Model, self._bytes))

    @property
    def info(self) -> ModelInfo:
        """Shape and provenance."""
        return described("tnn_model_info", lib.tnn_model_describe, self._c)

    def _class_name(self, index: int) -> Any:
        return lib.tnn_model_class_name(self._c, index)

    def predict(self, images: Any) -> Array:
        """The integer reference: logits [outputs] of an image, [count, outputs] of a batch, in the clear."""
        return logits_of_each(lib.tnn_model_predict, self._c, images, self.shape, self.info.outputs)

    def compile(self, *, agreement: Optional[float] = None, images: Any = None, exact: bool = False,
                position_noise: Optional[float] = None, logit_noise: Optional[float] = None,
                log2_lookup_error: Optional[float] = None, whole_torus: Optional[bool] = None,
                take_images_word: bool = False, max_bytes: Optional[int] = None, security: Optional[Security] = None,
                spec: Optional[Spec] = None, progress: Progress = None) -> Circuit:
        """Searches the cheapest parameters that reach a precision: the model file's, or the one that is named.

        agreement         least share of the `images` that keep their class, with 95 % confidence; below 1
        images            uint8 batch, of validation images for `agreement`
        exact             every lookup right but for probability 2^`log2_lookup_error` (default -40)
        position_noise    most standard deviation of a table position, fraction of the table; below 0.25
        logit_noise       most standard deviation of a logit, fraction of its spread
        whole_torus       spread tables over the whole torus (negacyclic tables alone)
        take_images_word  exact: believe the images where weights do not prove a range
        max_bytes         most memory; 0 for no limit
        security          row of the security curve
        spec              nothing of the above: serve clients that have keys for this spec

        Where nothing fits the exception's `refusal` names the neuron in the way, and what is reachable.
        """
        chosen = {"agreement": agreement, "position_noise": position_noise, "logit_noise": logit_noise,
                  "log2_lookup_error": log2_lookup_error, "whole_torus": whole_torus, "max_bytes": max_bytes,
                  "security": security, "take_images_word": take_images_word or None}
        chosen = {name: value for name, value in chosen.items() if value is not None}
        if spec is not None:
            return self._compile_for_spec(spec, chosen or exact or images is not None)
        options = options_for(self, chosen, exact)
        array = None if images is None else as_batch(images, self.shape)[0]
        return self._compile(options, array, progress)

    def _compile(self, options: Any, images: Optional[Array], progress: Progress) -> Circuit:
        if images is not None:
            pixels = pixels_of(images)  # keeps the array for the length of the call
            options.images, options.image_count, options.pixels = pixels, len(images), images.shape[1]
        with reporting(progress, "parameters") as call:
            options.progress, options.user = call.callback, call.user
            circuit = compiled(lib.tnn_compile, self._c, options)
        return Circuit(self, circuit, Asked._of(options))

    def _compile_for_spec(self, spec: Spec, otherwise: Any) -> Circuit:
        if otherwise:
            raise ValueError("a spec decides all that there is to decide; leave out what goes with it")
        return Circuit(self, compiled(lib.tnn_compile_for_spec, self._c, spec._c), None)
