"""Calibration data as the bytes that a client encrypts, and what each byte is to the graph."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from .refusal import UnsupportedModel

KEYS = ("X", "x", "images", "val_images", "train_images")


@dataclass
class Pixels:
    images: np.ndarray  # uint8 [count, height * width * channels]
    shape: tuple        # height, width, channels
    values: np.ndarray  # float64 [256]: what the graph gets for a byte
    before: Optional[np.ndarray] = None  # [count, pixels] what the graph is given, where the client does its first node

    @property
    def seen(self):
        return int(self.images.min()), int(self.images.max())


def even_grid(data):
    """Lowest value and step, where all values are among 256 evenly spaced ones."""
    values = np.unique(data)
    if len(values) > 256 or len(values) < 2:
        return None
    gap = float(np.diff(values).min())
    places = (values - values[0]) / gap
    highest = np.rint(places[-1])
    if highest > 255 or np.abs(places - np.rint(places)).max() > 0.02:
        return None
    return float(values[0]), float(values[-1] - values[0]) / highest


def byte_grid(data):
    """Lowest value and step of the bytes."""
    low, high = float(data.min()), float(data.max())
    if np.all(data == np.rint(data)) and low >= 0 and high <= 255:
        return 0.0, 1.0
    return even_grid(data) or (low, (high - low) / 255 or 1.0)


def arranged(data, dims):
    """Data [count, ...] as [count, height, width, channels]; dims: what the graph takes behind the batch."""
    shape = data.shape[1:]
    if len(shape) == 3:
        first = all(size in (None, here) for size, here in zip(dims, shape)) and len(dims) == 3 and shape[0] < shape[2]
        return data.transpose(0, 2, 3, 1) if first else data
    if len(shape) == 2:
        return data[..., None]
    if len(shape) == 1:
        return data[:, None, :, None]
    raise UnsupportedModel(f"calibration data has the shape {list(data.shape)}",
                           "give [count, height, width, channels], [count, height, width] or [count, features]")


def pixels_of(data, dims, scale=None, offset=0.0):
    """data: what the graph takes, or with scale the bytes that become scale * byte + offset."""
    data = np.asarray(data)
    if data.size == 0 or data.dtype.kind not in "uifb":
        raise UnsupportedModel("calibration data are no numbers", "give an array of images")
    data = arranged(data, dims)
    grid = (offset, scale) if scale is not None else byte_grid(data)
    bytes_of = data if scale is not None else np.rint((data - grid[0]) / grid[1])
    images = np.clip(bytes_of, 0, 255).astype(np.uint8).reshape(len(data), -1)
    return Pixels(images, data.shape[1:], grid[0] + grid[1] * np.arange(256))


NORMS = {"MAX": lambda rows: np.abs(rows).max(axis=1), "L1": lambda rows: np.abs(rows).sum(axis=1),
         "L2": lambda rows: np.sqrt((rows ** 2).sum(axis=1))}


def normalized(pixels, node):
    """The images after a Normalizer, which divides each by a norm of its own before it is encrypted."""
    before = pixels.values[pixels.images]
    norms = NORMS[node.get("norm", "MAX")](before)[:, None]
    after = before / np.where(norms > 0, norms, 1)
    low, step = byte_grid(after)
    images = np.clip(np.rint((after - low) / step), 0, 255).astype(np.uint8)
    return Pixels(images, pixels.shape, low + step * np.arange(256), before)


def calibration_array(path):
    """The images of an .npz (docs: its first key of KEYS) or .npy file."""
    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return loaded
    for key in KEYS:
        if key in loaded:
            return loaded[key]
    raise UnsupportedModel(f"{path} has none of the arrays {', '.join(KEYS)}", "name the images X")
