"""A split of a data set in the .npz convention of MedMNIST."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

import numpy as np

from .._images import Array
from ..model import Model
from ._errors import CommandError


@dataclass(frozen=True)
class Split:
    """images: uint8 [count, height, width] or [count, height, width, channels]; labels: [count], classes from 0"""

    set: str
    split: str
    images: Array
    labels: Array


def is_file(place: str) -> bool:
    return not os.path.isdir(place) if os.path.exists(place) else place.endswith(".npz")


def find_file(set_name: Optional[str], place: Optional[str], default: Optional[str]) -> Tuple[str, str]:
    """The file, and the name of the set."""
    if place is not None and is_file(place):
        return place, set_name or os.path.basename(place).removesuffix(".npz")
    name = set_name or default
    if name is None:
        raise CommandError("--data names a folder; name the set in it with --set")
    folder = place or os.environ.get("MEDMNIST_ROOT") or os.path.expanduser("~/.medmnist")
    return os.path.join(folder, f"{name}.npz"), name


def read_member(path: str, name: str) -> Array:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive[name]
    except KeyError:
        raise CommandError(f"{path}: has no {name}.npy") from None
    except (ValueError, EOFError, zipfile.BadZipFile) as damage:
        raise CommandError(f"{path}: {name}.npy cannot be read: {damage}") from None


def check_images(images: Array, model: Model, path: str) -> None:
    if images.dtype != np.uint8:
        raise CommandError(f"{path}: holds pixels of type {images.dtype}; save them as uint8 from 0 to 255")
    found = images.shape[1:] + (1,) * (images.ndim == 3)
    if len(images) == 0 or found != model.shape:
        raise CommandError(f"{path}: holds images of shape {list(images.shape)}, the model reads {list(model.shape)}; "
                           "choose the model or the data to fit")


def check_labels(labels: Array, count: int, classes: int, path: str) -> None:
    if labels.dtype.kind not in "iu" or labels.size != count or count not in labels.shape:
        raise CommandError(f"{path}: labels of type {labels.dtype} and shape {list(labels.shape)} for {count} images; "
                           "each needs one class number")
    if labels.min() < 0 or labels.max() >= classes:
        raise CommandError(f"{path}: labels from {labels.min()} to {labels.max()}, the model knows {classes} classes; "
                           "choose the model of this data set")


def read_split(options: Any, model: Model, default_split: str, default_set: Optional[str] = None) -> Split:
    path, name = find_file(options.set, options.data, default_set)
    split = options.split or default_split
    images, labels = (read_member(path, f"{split}_{kind}") for kind in ("images", "labels"))
    check_images(images, model, path)
    check_labels(labels, len(images), model.info.classes, path)
    return Split(name, split, images[:options.limit], labels.ravel()[:options.limit])


def title_of(data: Split) -> Dict[str, str]:
    return {"set": data.set, "split": data.split}
