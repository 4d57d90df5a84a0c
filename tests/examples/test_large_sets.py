"""Sets of other shapes than 28 x 28 grey, from training to encrypted inference:
python3 test_large_sets.py medmnist client server

BloodMNIST's shape (28 x 28 in colour, 8 classes) under its name, and AdrenalMNIST3D's (28 x 28 x 28 masks, read as 28
channels: 21,952 inputs). The images are made up: where something bright stands tells the class.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np

TRAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "train", "train.py")
MEDMNIST, CLIENT, SERVER = (os.path.abspath(sys.argv.pop(1)) for _ in range(3)) if len(sys.argv) > 3 else (None,) * 3
SIDE = 28
COUNTS = {"train": 160, "val": 24, "test": 8}


def cells(generator, labels):
    """[count, 28, 28, 3]: noise, and one of 8 places in one of its colours."""
    images = generator.integers(0, 120, (len(labels), SIDE, SIDE, 3))
    for image, label in zip(images, labels):
        row, column = 2 + 13 * (label // 4), 1 + 6 * (label % 4)
        image[row:row + 11, column:column + 6, label % 3] += 110
    return images


def masks(generator, labels):
    """[count, 28, 28, 28]: a block, larger for class 1."""
    images = np.zeros((len(labels), SIDE, SIDE, SIDE))
    for image, label in zip(images, labels):
        x, y, z = generator.integers(8, 12, 3)
        size = 6 + 5 * label
        image[x:x + size, y:y + size, z:z + size] = 255
    return images


def write_set(path, draw, classes):
    generator = np.random.default_rng(1)
    arrays = {}
    for split, count in COUNTS.items():
        labels = np.arange(count) % classes
        arrays[split + "_images"] = draw(generator, labels).astype(np.uint8)
        arrays[split + "_labels"] = labels[:, None].astype(np.uint8)
    np.savez_compressed(path, **arrays)


class LargeSets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_program(self, *command):
        result = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=self.folder)
        self.assertEqual(0, result.returncode, result.stderr)
        return result.stdout

    def train(self, name, *options):
        """The documented command, cut short."""
        return self.run_program(sys.executable, "-B", TRAIN, "--set", name, "--data", self.folder, "--out", name + ".tnn",
                                "--seeds", "1", *options)

    def evaluate(self, name):
        self.run_program(MEDMNIST, "--set", name, "--data", self.folder, "--model", name + ".tnn", "--limit", "4",
                         "--threads", "1", "--json", "out.json")
        with open(self.path("out.json"), encoding="utf-8") as file:
            return json.load(file)

    def check(self, figures):
        self.assertGreater(figures["clear_accuracy"], 0.5)
        self.assertEqual(1, figures["agreement"])
        self.assertLess(figures["logit_rms_error"], 1)

    def test_colour_and_eight_classes(self):
        write_set(self.path("bloodmnist.npz"), cells, 8)
        self.assertIn("bloodmnist: 8 classes, images of (28, 28, 3)", self.train("bloodmnist", "--epochs", "12"))
        self.check(self.evaluate("bloodmnist"))
        self.run_program(SERVER, "spec", "--model", "bloodmnist.tnn", "--out", "spec.tnn")
        self.assertIn("basophil; eosinophil; erythroblast; immature granulocyte;",
                      self.run_program(CLIENT, "describe", "--spec", "spec.tnn"))

    def test_a_volume(self):
        write_set(self.path("adrenalmnist3d.npz"), masks, 2)
        self.train("adrenalmnist3d", "--epochs", "3", "--levels", "2")
        figures = self.evaluate("adrenalmnist3d")
        self.check(figures)
        self.assertGreater(figures["input_bytes"], 2 * SIDE ** 3)
        self.check_apart("adrenalmnist3d")

    def check_apart(self, name):
        """Client and server as programs; the image is an array."""
        with np.load(self.path(name + ".npz")) as images:
            np.save(self.path("image.npy"), images["test_images"][1])
            label = images["test_labels"][1, 0]
        secret = ("--spec", "spec.tnn", "--secret", "secret.tnn")
        self.run_program(SERVER, "spec", "--model", name + ".tnn", "--out", "spec.tnn")
        self.run_program(CLIENT, "keygen", *secret, "--eval", "eval.tnn", "--no-passphrase")
        self.run_program(CLIENT, "encrypt", *secret, "--image", "image.npy", "--out", "in.tnn")
        self.run_program(SERVER, "infer", "--model", name + ".tnn", "--key", "eval.tnn", "--in", "in.tnn", "--out",
                         "out.tnn")
        self.assertIn(f"class: {label}", self.run_program(CLIENT, "decrypt", *secret, "--in", "out.tnn"))


if __name__ == "__main__":
    unittest.main()
