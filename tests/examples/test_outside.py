"""What is said of images outside what a net has seen: python3 test_outside.py explain medmnist

Images half black and half white take accumulators of nets trained on radiographs where no image of theirs did.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "models")
EXPLAIN, MEDMNIST = (os.path.abspath(sys.argv.pop(1)) for _ in range(2)) if len(sys.argv) > 2 else (None, None)
SIDE = 28


def halves():
    """Left, right, top and bottom white."""
    images = np.zeros((4, SIDE, SIDE), np.uint8)
    images[0, :, :SIDE // 2] = images[1, :, SIDE // 2:] = images[2, :SIDE // 2] = images[3, SIDE // 2:] = 255
    return images


class Outside(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def figures(self, program, model, images, *options):
        data, out = os.path.join(self.folder, "data.npz"), os.path.join(self.folder, "out.json")
        np.savez(data, val_images=images, val_labels=np.arange(len(images)) % 2)
        command = [program, "--model", os.path.join(MODELS, model + ".tnn"), "--data", data, "--split", "val"]
        result = subprocess.run([*command, "--json", out, *options], capture_output=True, encoding="utf-8")
        self.assertEqual(0, result.returncode, result.stderr)
        with open(out, encoding="utf-8") as file:
            return json.load(file), result.stdout

    def test_half_white_images_are_outside(self):
        for model in ("pneumoniamnist", "breastmnist"):
            with self.subTest(model):
                figures, text = self.figures(EXPLAIN, model, halves())
                found = figures["data"]["excursions"]
                self.assertGreater(found["outside_images"], 0)
                self.assertGreater(found["worst_outside"], 0)
                self.assertGreaterEqual(found["outside_images"], found["astray_images"])
                self.assertGreaterEqual(found["worst_outside"], found["worst_astray"])
                self.assertIn(f"{100 * found['outside_images']:.2f} % of images have a neuron outside", text)

    def test_both_programs_count_alike(self):
        explained = self.figures(EXPLAIN, "pneumoniamnist", halves())[0]["data"]["excursions"]
        evaluated, text = self.figures(MEDMNIST, "pneumoniamnist", halves(), "--simulate-only")
        self.assertEqual(explained, evaluated["excursions"])
        self.assertIn("of images have a neuron past its table's flat end", text)

    def test_fill_is_that_of_the_neurons(self):
        figures, text = self.figures(EXPLAIN, "pneumoniamnist", halves())
        neurons = [neuron for neuron in figures["layers"][0]["neuron_fills"] if neuron]
        self.assertEqual(figures["layers"][0]["bootstraps"], len(neurons))
        fill = figures["fills"][0]
        for key, worst in (("width_share", min), ("norm_share", max)):
            values = [neuron[key] for neuron in neurons]
            self.assertEqual((min(values), max(values)), (fill[key]["min"], fill[key]["max"]))
            self.assertAlmostEqual(float(np.median(values)), fill[key]["median"], 12)
            chosen = figures["layers"][0]["neuron_fills"][fill[key]["worst_neuron"]]
            self.assertEqual(worst(values), chosen[key])
        self.assertIn(f"narrowest neuron {fill['width_share']['worst_neuron']}", text)
        noisiest = max(neuron["position_noise"] for neuron in neurons)
        self.assertAlmostEqual(figures["worst_position_noise"], noisiest, 12)


if __name__ == "__main__":
    unittest.main()
