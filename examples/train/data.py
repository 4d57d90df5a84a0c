"""Data sets in the MedMNIST .npz convention, and how pixels become integer levels.

    {train,val,test}_images   uint8 (count, height, width), or (count, height, width, channels)
    {train,val,test}_labels   integers (count) or (count, 1), classes from 0

What is refused, and in which words, is what examples/common/split.c refuses: no model is trained on data that the
evaluator then does not read.
"""

import os
from dataclasses import dataclass

import numpy as np

from errors import TrainerError
from npz import open_npz

SPLITS = ("train", "val", "test")
LICENCES = dict.fromkeys(("pneumoniamnist", "breastmnist", "adrenalmnist3d", "bloodmnist", "digits"), "CC BY 4.0")
CITATIONS = {
    "pneumoniamnist": "J. Yang et al., MedMNIST v2, Scientific Data 10:41 (2023); D. Kermany et al. (2018)",
    "breastmnist": "J. Yang et al., MedMNIST v2, Scientific Data 10:41 (2023); W. Al-Dhabyani et al. (2020)",
    "adrenalmnist3d": "J. Yang et al., MedMNIST v2, Scientific Data 10:41 (2023)",
    "bloodmnist": "J. Yang et al., MedMNIST v2, Scientific Data 10:41 (2023); A. Acevedo et al. (2020)",
    "digits": "E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository "
              "(1998), as scikit-learn's load_digits",
}
NOT_STATED = "not stated; ask whoever made the data set"
MOST_PIXELS, MOST_CLASSES = 65536, 65536  # of a torusnn model

# As MedMNIST names them, in the order of their labels.
CLASS_NAMES = {
    "pneumoniamnist": ("normal", "pneumonia"),
    "breastmnist": ("malignant", "normal, benign"),
    "adrenalmnist3d": ("normal", "hyperplasia"),
    "bloodmnist": ("basophil", "eosinophil", "erythroblast", "immature granulocyte", "lymphocyte", "monocyte",
                   "neutrophil", "platelet"),
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


def is_file(place):
    """Rather than a folder of data sets; a place that is not there names a file by its end."""
    return not os.path.isdir(place) if os.path.exists(place) else place.endswith(".npz")


def find_file(set_name, place):
    """The .npz file: `place` itself, or the set's in the folder `place`, $MEDMNIST_ROOT or ~/.medmnist."""
    if place and is_file(place):
        return place
    if set_name is None:
        raise TrainerError(f"{place}: is a folder or not there; name an .npz file, or a folder together with --set")
    folder = place or os.environ.get("MEDMNIST_ROOT") or os.path.expanduser("~/.medmnist")
    return os.path.join(folder, set_name + ".npz")


def set_name_of(path):
    """The file's, which is written into the model file."""
    name = os.path.splitext(os.path.basename(path))[0]
    if not name.isprintable():
        raise TrainerError(f"{path}: is no name for a data set; rename the file to printable characters")
    return name


def check_present(path):
    """What most first runs meet."""
    try:
        os.stat(path)
    except OSError as error:
        raise TrainerError(f"{path}: cannot be read: {error.strerror}; name it or its folder with --data; MedMNIST's "
                           "files are at https://zenodo.org/records/10519652") from error


def check_images(images, name):
    if images.values.dtype != np.uint8:
        raise TrainerError(f"{name}: holds pixels of type '{images.type}'; save them as uint8 from 0 to 255")
    if images.values.ndim not in (3, 4) or images.values.size == 0:
        raise TrainerError(f"{name}: is of shape {images.values.shape}; images are (count, height, width) or (count, "
                           "height, width, channels), at least one of them")


def check_labels(labels, images, name):
    """int64 [images]. Unsigned labels beyond int64 come out negative, as in the evaluator."""
    if labels.size != images or images not in labels.shape:
        raise TrainerError(f"{name}: is of shape {labels.shape} for {images} images; each image needs one class number")
    numbers = labels.astype(np.int64).reshape(-1)
    if numbers.min() < 0:
        image = int(np.argmax(numbers < 0))
        raise TrainerError(f"{name}: image {image} has label {numbers[image]}; classes count from 0")
    return numbers


def load_split(path, split):
    """Reads one split only, so that a run that must not see the test images never opens them."""
    check_present(path)
    with open_npz(path) as file:
        images = file.read(split + "_images")
        check_images(images, f"{path}: {split}_images.npy")
        labels = file.read(split + "_labels").values
    numbers = check_labels(labels, len(images.values), f"{path}: {split}_labels.npy")
    grey = images.values.ndim == 3  # such sets come without a channel axis
    return Split(images.values[..., None] if grey else images.values, numbers)


def count_classes(labels):
    """At least two; a class between others may lack images."""
    return max(2, int(labels.max()) + 1)


# -------------------------------------------------------------------------- what the splits must say of each other --

def size_text(split):
    height, width, channels = split.images.shape[1:]
    return f"{width} x {height} with {channels}"


def check_train(train, path):
    """What a model can be made for."""
    if train.images[0].size > MOST_PIXELS:
        raise TrainerError(f"{path}: train_images.npy: holds images of {train.images[0].size} values, a model reads at "
                           f"most {MOST_PIXELS}; scale them down")
    classes = np.unique(train.labels)
    if len(classes) < 2:
        raise TrainerError(f"{path}: train_labels.npy: every image has label {classes[0]}; training needs two classes")
    if classes[-1] >= MOST_CLASSES:
        image = int(np.argmax(train.labels))
        raise TrainerError(f"{path}: train_labels.npy: image {image} has label {classes[-1]}, a model knows at most "
                           f"{MOST_CLASSES} classes; number the classes from 0")


def check_against_train(split, name, train, path):
    """A model of train must read the split's images and know their classes."""
    if split.images.shape[1:] != train.images.shape[1:]:
        raise TrainerError(f"{path}: {name}_images.npy: holds images of {size_text(split)} channels, the model reads "
                           f"{size_text(train)}; give all splits images of one size")
    unseen = ~np.isin(split.labels, train.labels)
    if unseen.any():
        image, classes = int(np.argmax(unseen)), count_classes(train.labels)
        label = split.labels[image]
        reason = f"the model knows {classes} classes" if label >= classes else "which no image of train has"
        raise TrainerError(f"{path}: {name}_labels.npy: image {image} has label {label}, {reason}; every class needs "
                           "images in train")


def check_contrast(train, levels, path):
    """Pixels from 0 to 1, saved as integers, are a common mistake."""
    low, high = (np.full((1, 1, 1, 1), end) for end in (train.images.min(), train.images.max()))
    if quantize(low, levels) == quantize(high, levels):
        raise TrainerError(f"{path}: train_images.npy: holds pixels from {low.item()} to {high.item()}, which {levels} "
                           "levels do not tell apart; scale them to 0 to 255")


def load_splits(path, names):
    """Splits by name, train among them, with everything checked that training and its figures rely on."""
    splits = {name: load_split(path, name) for name in names}
    check_train(splits["train"], path)
    for name in names:
        check_against_train(splits[name], name, splits["train"], path)
    return splits


def quantize(images, levels):
    """uint8 pixels [count, h, w, c] to levels 0..levels-1, flat [count, h*w*c], rounded in integer arithmetic."""
    scaled = (images.astype(np.int64) * (levels - 1) + 127) // 255
    return scaled.reshape(len(images), -1)
