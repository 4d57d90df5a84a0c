"""Images of the shape of pneumoniamnist's, for where the data set is not: python made_images.py OUT.npz"""

import sys

import numpy as np

COUNT = 256  # so many that perfect agreement on them shows 98.9 % with 95 % confidence


def made_images():
    """uint8 [COUNT, 28, 28]: waves."""
    rows, columns = np.mgrid[0:28, 0:28]
    waves = [np.sin(rows / (2 + index % 15)) * np.cos(columns / (3 + index % 17)) for index in range(COUNT)]
    return (127.5 * (1 + np.stack(waves))).astype(np.uint8)


if __name__ == "__main__":
    np.savez(sys.argv[1], val_images=made_images())
