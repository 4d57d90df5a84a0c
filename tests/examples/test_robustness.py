"""Corruptions, and the report of what becomes of a model under them: python3 test_robustness.py explain"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TRAINER = os.path.join(ROOT, "examples", "train")
MODEL = os.path.join(ROOT, "examples", "models", "breastmnist.tnn")
sys.path.insert(0, TRAINER)
sys.dont_write_bytecode = True

import corruptions  # noqa: E402
from corruptions import CORRUPTIONS, corrupted  # noqa: E402
from robustness import Explain  # noqa: E402

EXPLAIN = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None
COUNT, SIDE = 12, 28


def smooth_images(seed=1):
    """Bright spots on a dark ground, no pixel near the ends."""
    generator = np.random.default_rng(seed)
    rows, columns = np.indices((SIDE, SIDE))
    centres = generator.uniform(8, 20, (COUNT, 2))
    distance = [(rows - row) ** 2 + (columns - column) ** 2 for row, column in centres]
    return (50 + 120 * np.exp(-np.array(distance) / 40)).astype(np.uint8)


def naive_gaussian(image, size):
    """Pixel by pixel, border mirrored."""
    half, deviation = size // 2, 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    def mirrored(place):
        place = abs(place)
        return place if place < SIDE else 2 * (SIDE - 1) - place
    def weight(a, b):
        return np.exp(-(a * a + b * b) / (2 * deviation ** 2))
    places = [(a, b) for a in range(-half, half + 1) for b in range(-half, half + 1)]
    total = sum(weight(a, b) for a, b in places)
    return np.array([[sum(weight(a, b) * image[mirrored(row + a), mirrored(column + b)] for a, b in places) / total
                      for column in range(SIDE)] for row in range(SIDE)])


class Corruptions(unittest.TestCase):
    def test_kinds_are_the_published_ones(self):
        self.assertEqual((13, 7), (len(CORRUPTIONS["pneumoniamnist"]), len(CORRUPTIONS["breastmnist"])))
        for kinds in CORRUPTIONS.values():
            for _, parameters in kinds.values():
                self.assertEqual(corruptions.SEVERITIES, len(parameters))

    def test_each_changes_images_more_at_higher_severity(self):
        images = smooth_images()
        for set_name, kinds in CORRUPTIONS.items():
            for kind in kinds:
                with self.subTest(set=set_name, kind=kind):
                    made = [corrupted(images, set_name, kind, severity) for severity in (1, 5)]
                    for image in made:
                        self.assertEqual((images.shape, np.uint8), (image.shape, image.dtype))
                    least, most = (np.mean((image.astype(float) - images) ** 2) for image in made)
                    self.assertGreater(most, least)
                    self.assertTrue(np.array_equal(made[0], corrupted(images, set_name, kind, 1)))

    def test_exposure_by_hand(self):
        image = np.full((1, 2, 2), 100, np.uint8)
        image[0, 0] = 40
        self.assertEqual([48, 48, 120, 120], list(corruptions.brightness(image, 1.2, None).flat))
        self.assertEqual([55, 55, 85, 85], list(corruptions.contrast(image, 0.5, None).flat))
        self.assertEqual(int(255 * (40 / 255) ** 1.6), corruptions.gamma_correction(image, 1.6, None)[0, 0, 0])
        self.assertEqual(255, corruptions.brightness(image, 4, None).max())

    def test_noise_has_its_deviation(self):
        flat = np.full((40, SIDE, SIDE), 128, np.uint8)
        generator = np.random.default_rng(3)
        for make, parameter, expected in ((corruptions.gaussian_noise, 0.08, 0.08 * 255),
                                          (corruptions.speckle_noise, 0.2, 0.2 * 128),
                                          (corruptions.shot_noise, 100, 255 * np.sqrt(128 / 255 / 100))):
            noise = make(flat, parameter, generator).astype(float) - 128
            self.assertAlmostEqual(1, noise.std() / expected, 1)
        hit = corruptions.impulse_noise(flat, 0.02, generator)
        self.assertAlmostEqual(0.02, np.mean(hit != 128), 2)
        self.assertEqual({0, 128, 255}, set(np.unique(hit)))

    def test_blur_is_the_schoolbook_convolution(self):
        images = smooth_images()[:1]
        for size in (3, 11):
            blurred = corruptions.gaussian_blur(images, size, None)[0]
            self.assertLess(np.abs(blurred - naive_gaussian(images[0].astype(float), size)).max(), 0.51)

    def test_motion_follows_its_angle(self):
        point = np.zeros((SIDE, SIDE))
        point[14, 20] = 255
        along = corruptions.motion_blur_of(point, 5, 5, 0)
        self.assertAlmostEqual(255, along.sum())
        self.assertEqual({14}, set(np.nonzero(along)[0]))
        self.assertEqual(list(range(10, 21)), list(np.nonzero(along)[1]))
        self.assertTrue((np.diff(along[14, 10:21]) > 0).all())
        diagonal = corruptions.motion_blur_of(point, 5, 5, np.radians(45))
        self.assertEqual(set(np.nonzero(diagonal)[0] - 14), set(np.nonzero(diagonal)[1] - 20))

    def test_squares_of_pixelated_images_are_flat(self):
        made = corruptions.pixelate(smooth_images(), 0.25, None)
        squares = made.reshape(COUNT, 7, 4, 7, 4)
        self.assertTrue((squares == squares[:, :, :1, :, :1]).all())


class Report(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.images, self.labels = smooth_images(), np.arange(COUNT) % 2
        np.savez(os.path.join(self.folder, "breastmnist.npz"), val_images=self.images, val_labels=self.labels)

    def report(self, *options):
        command = [sys.executable, "-B", os.path.join(TRAINER, "robustness.py"), "--explain", EXPLAIN, "--data",
                   self.folder, "--runs", "2", *options]
        return subprocess.run(command, capture_output=True, encoding="utf-8")

    def test_page_says_what_explain_says(self):
        page = os.path.join(self.folder, "page.md")
        result = self.report("--model", MODEL, "--page", page)
        self.assertEqual(0, result.returncode, result.stderr)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("breastmnist.tnn, 12 images of breastmnist", text)
        rows = {cells[0]: cells[1:] for cells in re.findall(r"^\| ([^|]+) \|" + r" ([^|]+) \|" * 6 + "$", text, re.M)}
        explain = Explain(EXPLAIN, MODEL, "val", 2)
        for kind, severities in (("none", None), ("speckle noise", range(1, 6))):
            made = [self.images] if severities is None else [
                corrupted(self.images, "breastmnist", "speckle_noise", severity) for severity in severities]
            found = [explain.figures(images, self.labels) for images in made]
            agreement = 100 * np.mean([one["agreement"] for one in found])
            self.assertEqual(f"{agreement:.2f} %", rows[kind][2])
            self.assertEqual(f"{100 * np.mean([one['clear_accuracy'] for one in found]):.2f} %", rows[kind][0][:7].strip())
        self.assertEqual(1 + 7 + 1 + 1, len(rows))  # with the head, without corruption, and the mean

    def test_what_stands_in_the_way_is_a_sentence(self):
        other = self.report("--model", os.path.join(ROOT, "examples", "models", "digits.tnn"))
        self.assertEqual((1, 1), (other.returncode, other.stderr.count("\n")))
        self.assertIn("no corruptions here for the set 'digits'", other.stderr)
        missing = self.report("--model", os.path.join(self.folder, "no.tnn"))
        self.assertEqual((1, 1), (missing.returncode, missing.stderr.count("\n")))


if __name__ == "__main__":
    unittest.main()
