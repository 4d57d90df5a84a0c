"""Data sets in the MedMNIST .npz convention, and how pixels become integer levels.

    {train,val,test}_images   uint8 (count, height, width), or (count, height, width, channels)
    {train,val,test}_labels   integers (count) or (count, 1), classes from 0
"""

import os
from dataclasses import dataclass

import numpy as np

SPLITS = ("train", "val", "test")
LICENCES = {"pneumoniamnist": "CC BY 4.0", "breastmnist": "CC BY 4.0", "digits": "CC BY 4.0"}
CITATIONS = {
    "pneumoniamnist": "J. Yang et al., MedMNIST v2, Scientific Data 10:41 (2023); D. Kermany et al. (2018)",
    "breastmnist": "J. Yang et al., MedMNIST v2, Scientific Data 10:41 (2023); W. Al-Dhabyani et al. (2020)",
    "digits": "E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository "
              "(1998), as scikit-learn's load_digits",
}
NOT_STATED = "not stated; ask whoever made the data set"
MOST_PIXELS = 65536  # of a torusnn model


class DataError(Exception):
    """A data set that cannot be used, with a sentence for its owner."""


# As MedMNIST names them, in the order of their labels.
CLASS_NAMES = {
    "pneumoniamnist": ("normal", "pneumonia"),
    "breastmnist": ("malignant", "normal, benign"),
    "digits": tuple("0123456789"),
}


def class_names(set_name, classes):
    """Names of a set's classes, none where they are not known."""
    names = CLASS_NAMES.get(set_name, ())
    return names if len(names) == classes else ()


@dataclass
class Split:
    images: np.ndarray  # uint8 [count, height, width, channels]
    labels: np.ndarray  # int64 [count]


def find_file(set_name, place):
    """The .npz file: `place` itself, or the set's in the folder `place`, $MEDMNIST_ROOT or ~/.medmnist."""
    if place and os.path.isfile(place):
        return place
    if set_name is None:
        raise DataError(f"{place} is no file: name the .npz file, or its folder together with --set")
    folder = place or os.environ.get("MEDMNIST_ROOT") or os.path.expanduser("~/.medmnist")
    return os.path.join(folder, set_name + ".npz")


def set_name_of(path):
    return os.path.splitext(os.path.basename(path))[0]


def check_images(images, path):
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or 0 in images.shape:
        raise DataError(f"{path}: images are {images.dtype} {images.shape}; "
                        "they must be uint8 (count, height, width) or (count, height, width, channels)")
    if images[0].size > MOST_PIXELS:
        raise DataError(f"{path}: images of {images[0].size} values; scale them down to at most {MOST_PIXELS}")


def check_labels(labels, images, path):
    whole = np.issubdtype(labels.dtype, np.integer)
    if not whole or labels.size != len(images) or labels.min() < 0:
        raise DataError(f"{path}: labels are {labels.dtype} {labels.shape} for {len(images)} images; "
                        "each image needs one class number, counted from 0")


def load_split(path, split):
    """Reads one split only, so that a run that must not see the test images never opens them."""
    try:
        with np.load(path) as arrays:
            images, labels = arrays[split + "_images"], arrays[split + "_labels"]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: {error}") from error
    check_images(images, path)
    check_labels(labels, images, path)
    images = images[..., None] if images.ndim == 3 else images  # grey sets come without a channel axis
    return Split(images, labels.astype(np.int64).reshape(-1))


def count_classes(labels):
    """At least two; a class between others may lack images."""
    return max(2, int(labels.max()) + 1)


def quantize(images, levels):
    """uint8 pixels [count, h, w, c] to levels 0..levels-1, flat [count, h*w*c], rounded in integer arithmetic."""
    scaled = (images.astype(np.int64) * (levels - 1) + 127) // 255
    return scaled.reshape(len(images), -1)
