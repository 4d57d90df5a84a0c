"""Tables that the trainer makes for the whole torus take it: python3 test_whole_torus.py explain medmnist

A small net is trained on made-up images and written; explain says what the compiler makes of it, medmnist encrypts
images. Half of the torus has room for N positions, of which the modulus switch blurs sqrt(n / 48): whoever has less
noise than that has taken all of the torus.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from dataclasses import replace

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "train"))
sys.dont_write_bytecode = True

import numpy as np  # noqa: E402
import torch  # noqa: E402

import data  # noqa: E402
from export import EXPORTS  # noqa: E402
from model_file import integer_logits, write_model  # noqa: E402
from recipes import contract_for, default_recipe  # noqa: E402
from training import TRAINERS  # noqa: E402

EXPLAIN, EVALUATOR = (os.path.abspath(sys.argv.pop(1)) for _ in range(2)) if len(sys.argv) > 2 else (None, None)
COUNT, SIDE, ENCRYPTED = 256, 16, 8


def bars():
    """Noise with a brighter bar, whose half of the image is the class."""
    generator = np.random.default_rng(1)
    images = generator.integers(0, 160, size=(COUNT, SIDE, SIDE))
    labels = generator.integers(0, 2, size=COUNT)
    images[np.arange(COUNT), :, labels * SIDE // 2 + generator.integers(0, SIDE // 2, size=COUNT)] += 90
    return data.Split(images.astype(np.uint8)[..., None], labels.astype(np.int64))


def trained_model(split, negacyclic):
    recipe = replace(default_recipe("tables", split, 2), epochs=12, negacyclic=negacyclic)
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        nets = TRAINERS["tables"](recipe, split, 2, [1]).run(split)
    model = EXPORTS["tables"](nets, [0], recipe, split.images.shape[1:])
    model.contract = contract_for("tables", "made-up", recipe)
    return model


class WholeTorus(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.model, self.data, self.json = (os.path.join(folder.name, name) for name in ("a.tnn", "a.npz", "a.json"))
        self.split = bars()

    def figures(self, program, *options):
        subprocess.run([program, "--model", self.model, "--json", self.json, *options], check=True,
                       stdout=subprocess.DEVNULL)
        with open(self.json, encoding="utf-8") as file:
            return json.load(file)

    def room(self, negacyclic):
        """What the compiler leaves of a table's noise, over what the modulus switch alone adds on half of the torus."""
        model = trained_model(self.split, negacyclic)
        write_model(self.model, model)
        plan = self.figures(EXPLAIN)
        parameters = plan["parameters"]
        return model, plan["worst_position_noise"] / (np.sqrt(parameters["n"] / 48) / parameters["N"])

    def test_noise_is_less_than_half_of_the_torus_allows(self):
        self.assertGreater(self.room(0.0)[1], 1)
        self.assertLess(self.room(1.4)[1], 1)

    def test_encrypted_logits_are_those_of_the_tables(self):
        model, _ = self.room(1.4)
        np.savez(self.data, test_images=self.split.images, test_labels=self.split.labels)
        logits = integer_logits(model, data.quantize(self.split.images[:ENCRYPTED], model.input_levels))
        spread = np.std(logits * model.output_scale)
        figures = self.figures(EVALUATOR, "--data", self.data, "--split", "test", "--limit", str(ENCRYPTED))
        self.assertLess(figures["logit_rms_error"], 0.25 * spread)


if __name__ == "__main__":
    unittest.main()
