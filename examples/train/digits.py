#!/usr/bin/env python3
"""Writes scikit-learn's 8x8 digits, 10 classes, in the MedMNIST .npz convention: 1078 train, 360 val, 359 test images.

    digits.py digits.npz
"""

import io
import sys

import numpy as np
from sklearn.datasets import load_digits

from errors import TrainerError
from output import write_whole

SHARES = {"train": 0.6, "val": 0.2, "test": 0.2}
BRIGHTEST = 16  # of scikit-learn's pixels


def split_numbers(labels):
    """Image numbers of each split: a fixed permutation, cut class by class so that all splits have the same mix."""
    order = np.random.RandomState(0).permutation(len(labels))
    ranks = np.zeros(len(labels))
    for label in np.unique(labels):
        members = order[labels[order] == label]
        ranks[members] = (np.arange(len(members)) + 0.5) / len(members)
    edges = np.cumsum([0] + list(SHARES.values()))
    edges[-1] = 1
    return {name: np.sort(np.flatnonzero((ranks > low) & (ranks <= high)))
            for name, low, high in zip(SHARES, edges[:-1], edges[1:])}


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    images, labels = load_digits(return_X_y=True)
    pixels = np.rint(images.reshape(-1, 8, 8) * 255 / BRIGHTEST).astype(np.uint8)
    arrays = {}
    for name, numbers in split_numbers(labels).items():
        arrays[name + "_images"] = pixels[numbers]
        arrays[name + "_labels"] = labels[numbers].astype(np.uint8)[:, None]
        print(f"{name}: {len(numbers)} images")
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    try:
        write_whole(sys.argv[1], file.getvalue())
    except TrainerError as error:
        sys.exit(f"digits.py: {error}")


if __name__ == "__main__":
    main()
