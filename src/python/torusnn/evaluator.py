"""What a server does: evaluate circuits on encrypted images."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Union, overload

from ._library import Handle, check, owned, thread_count
from ._native import ffi, lib
from ._progress import Progress, reporting
from .circuit import Circuit
from .client import EncryptedImage, EncryptedLogits, EvaluationKey


class Evaluator(Handle):
    """A circuit with one client's evaluation key, its threads and all scratch memory.

    It takes one call of infer at a time: a second one meanwhile, from another thread or a callback, gets MisuseError,
    and one in a child of fork() ForkedError. Threads end and memory is freed with the last reference.

    threads     1 to 256; default: one for each processor
    max_images  most images evaluated together, 1 to 4096; more take more memory and less time an image
    """

    _kind = "tnn_evaluator"

    def __init__(self, circuit: Circuit, evaluation_key: EvaluationKey, *, threads: Optional[int] = None,
                 max_images: int = 1):
        out = ffi.new("tnn_evaluator **")
        check(lib.tnn_evaluator_create(out, circuit._c, evaluation_key._c, thread_count(threads), max_images))
        borrowed = circuit._c  # which the library needs for as long as the evaluator lives
        self._c = ffi.gc(out[0], lambda pointer, needed=borrowed: lib.tnn_evaluator_free(pointer))
        self.circuit, self.max_images = circuit, max_images

    @overload
    def infer(self, images: EncryptedImage, progress: Progress = None) -> EncryptedLogits: ...

    @overload
    def infer(self, images: Sequence[EncryptedImage], progress: Progress = None) -> List[EncryptedLogits]: ...

    def infer(self, images: Union[EncryptedImage, Sequence[EncryptedImage]],
              progress: Progress = None) -> Union[EncryptedLogits, List[EncryptedLogits]]:
        """Evaluates the network on an encrypted image, or on any number of them, which gives a list.

        progress  counts bootstraps
        """
        if isinstance(images, EncryptedImage):
            return self._inferred([images], progress)[0]
        return self._inferred(list(images), progress)

    def _inferred(self, images: List[EncryptedImage], progress: Progress) -> List[EncryptedLogits]:
        results: List[EncryptedLogits] = []
        with reporting(progress, "bootstraps") as call:
            inner, each = call.report, self.circuit.info.bootstraps
            call.report = lambda done, total: inner(len(results) * each + done, len(images) * each)
            for first in range(0, len(images), self.max_images):
                results += self._part(images[first:first + self.max_images], call)
        return results

    def _part(self, images: List[EncryptedImage], call: Any) -> List[EncryptedLogits]:
        inputs = ffi.new("tnn_input *[]", [image._c for image in images])
        outputs = ffi.new("tnn_output *[]", len(images))
        check(lib.tnn_infer(self._c, outputs, inputs, len(images), call.callback, call.user))
        return [EncryptedLogits._around(owned("tnn_output", output)) for output in outputs]
