"""MedMNIST files: where they are, what they hold, and how pixels become integer levels."""

import os
from dataclasses import dataclass

import numpy as np

SPLITS = ("train", "val", "test")
LICENCE = "CC BY 4.0"
CITATIONS = {
    "pneumoniamnist": "J. Yang et al., MedMNIST v2, Scientific Data 10:41 (2023); D. Kermany et al. (2018)",
    "breastmnist": "J. Yang et al., MedMNIST v2, Scientific Data 10:41 (2023); W. Al-Dhabyani et al. (2020)",
}


@dataclass
class Split:
    images: np.ndarray  # uint8 [count, height, width, channels]
    labels: np.ndarray  # int64 [count]


def data_root(chosen=None):
    return chosen or os.environ.get("MEDMNIST_ROOT") or os.path.expanduser("~/.medmnist")


def load_split(name, split, root):
    """Reads one split only, so that a run that must not see the test images never opens them."""
    with np.load(os.path.join(root, name + ".npz")) as arrays:
        images = arrays[split + "_images"]
        labels = arrays[split + "_labels"]
    if images.ndim == 3:  # grey sets come without a channel axis
        images = images[..., None]
    return Split(images, labels.astype(np.int64).reshape(-1))


def quantize(images, levels):
    """uint8 pixels [count, h, w, c] to levels 0..levels-1, flat [count, h*w*c], rounded in integer arithmetic."""
    scaled = (images.astype(np.int64) * (levels - 1) + 127) // 255
    return scaled.reshape(len(images), -1)
