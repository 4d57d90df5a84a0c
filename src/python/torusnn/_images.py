"""numpy arrays of images as the library reads them."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Tuple

import numpy as np

from ._library import check, error_of
from ._native import ffi, lib

Array = np.ndarray


def image_shapes(height: int, width: int, channels: int) -> set:
    """The shapes that an image may have: [pixels], [height, width, channels] and, of one channel, [height, width]."""
    shapes = {(height * width * channels,), (height, width, channels)}
    return shapes | {(height, width)} if channels == 1 else shapes


def as_batch(images: Any, shape: Tuple[int, int, int]) -> Tuple[Array, bool]:
    """Images as [count][pixels], and whether they were a batch: one image has one axis less.

    Of models of one row [1, width] is a batch of one.
    """
    array = np.asarray(images)
    if array.dtype != np.uint8:
        raise TypeError(f"images are uint8, one byte a value, not {array.dtype}; scale and convert them first")
    shapes = image_shapes(*shape)
    batch = array.shape[1:] in shapes
    if not batch and array.shape not in shapes:
        takes = " or ".join(str(list(each)) for each in sorted(shapes, key=len))
        raise error_of(lib.TNN_ERR_SHAPE, f"an array of shape {list(array.shape)} is no image of shape {takes}, nor a "
                                          "batch of them; reshape it")
    pixels = shape[0] * shape[1] * shape[2]
    return np.ascontiguousarray(array).reshape(-1, pixels), batch


def pixels_of(image: Array) -> Any:
    return ffi.from_buffer("uint8_t[]", image)


def doubles_of(logits: Array) -> Any:
    return ffi.from_buffer("double[]", logits, require_writable=True)


def logits_of_each(function: Callable[..., int], handle: Any, images: Any, shape: Tuple[int, int, int], outputs: int,
                   *each: Iterable[int]) -> Array:
    """Logits by a function of one image a call: [outputs] of an image, [count, outputs] of a batch. `each` are further
    arguments, an iterable of one for each image."""
    array, batch = as_batch(images, shape)
    logits = np.empty((len(array), outputs))
    for image, row, *further in zip(array, logits, *each):
        check(function(handle, doubles_of(row), pixels_of(image), image.size, *further))
    return logits if batch else logits[0]


def classes_of(logits: Any) -> Any:
    """The class that logits [..., outputs] name: the largest, or for one output whether it is above 0."""
    array = np.asarray(logits, dtype=float)
    return (array[..., 0] > 0).astype(np.intp) if array.shape[-1] == 1 else array.argmax(axis=-1)
