"""Tests of folds and of the paired bootstrap: python3 -m unittest test_protocol"""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest
from dataclasses import replace
from unittest import mock

import numpy as np
import torch

import compare
import crossvalidate
import data
import folds
import measure
import training
from errors import TrainerError
from recipes import default_recipe


def setUpModule():
    """One thread: the nets are too small for more to pay."""
    torch.set_num_threads(1)


def images_with_duplicates(originals=60, copies=3, seed=0):
    """uint8 [originals * copies, 12, 12, 1]: each image several times, a little changed; and labels."""
    generator = np.random.default_rng(seed)
    first = generator.integers(40, 210, size=(originals, 12, 12, 1))
    changes = generator.integers(-3, 4, size=(copies, *first.shape))
    return (first + changes).reshape(-1, 12, 12, 1).astype(np.uint8), np.tile(np.arange(originals) % 3 // 2, copies)


class Folds(unittest.TestCase):
    def test_near_duplicates_are_found(self):
        images, _ = images_with_duplicates()
        groups = folds.near_duplicates(images)
        self.assertTrue(np.array_equal(groups.reshape(3, -1), np.tile(groups[:60], (3, 1))))
        self.assertEqual(len(np.unique(groups)), 60)

    def test_a_chain_is_one_group(self):
        """Neighbours of a slow turn from one image to another correlate, its ends do not."""
        generator = np.random.default_rng(1)
        ends = generator.normal(size=(2, 12, 12, 1)).repeat(2, axis=1).repeat(2, axis=2)
        angles = np.linspace(0, np.pi / 2, 20)
        turn = np.stack([np.cos(angle) * ends[0] + np.sin(angle) * ends[1] for angle in angles])
        self.assertEqual(folds.near_duplicates(np.rint(128 + 25 * turn).clip(0, 255).astype(np.uint8)).tolist(), [0] * 20)

    def test_groups_never_straddle(self):
        images, labels = images_with_duplicates()
        groups = folds.near_duplicates(images)
        for repeat in range(3):
            fold_of = folds.make_folds("grouped", images, labels, 5, repeat)
            self.assertEqual([len(np.unique(fold_of[groups == group])) for group in range(60)], [1] * 60)
        plain = folds.make_folds("plain", images, labels, 5, 0)
        self.assertGreater(max(len(np.unique(plain[groups == group])) for group in range(60)), 1)

    def test_every_fold_has_its_share_of_each_class(self):
        images, labels = images_with_duplicates()
        for kind, slack in (("plain", 1), ("grouped", 3)):
            fold_of = folds.make_folds(kind, images, labels, 5, 0)
            for label in (0, 1):
                counts = np.bincount(fold_of[labels == label], minlength=5)
                self.assertLessEqual(counts.max() - counts.min(), slack)

    def test_repeats_have_other_folds(self):
        images, labels = images_with_duplicates()
        first, second = (folds.make_folds("plain", images, labels, 5, repeat) for repeat in (0, 1))
        self.assertLess(np.mean(first == second), 0.5)
        self.assertTrue(np.array_equal(first, folds.make_folds("plain", images, labels, 5, 0)))

    def test_clusters_are_looks(self):
        generator = np.random.default_rng(2)
        looks = generator.integers(0, 255, size=(folds.CLUSTERS, 12, 12, 1)).repeat(40, axis=0)
        images = (looks + generator.integers(-20, 21, size=looks.shape)).clip(0, 255).astype(np.uint8)
        numbers = folds.make_folds("clusters", images, np.zeros(len(images), int), 5, 0)
        for look in range(folds.CLUSTERS):
            self.assertEqual(len(np.unique(numbers[look * 40:look * 40 + 40])), 1)


def candidate(logits, labels, folds_kind="plain"):
    """Of several runs [R, N]."""
    runs = [{"logits": run[:, None].tolist(), "changes": [0.0] * len(labels)} for run in logits]
    return compare.Candidate({"labels": labels.tolist(), "folds": folds_kind, "set": "made-up",
                              "averages": {"1": runs}}, "1")


class Bootstrap(unittest.TestCase):
    def setUp(self):
        generator = np.random.default_rng(5)
        self.labels = (np.arange(400) % 2)
        self.common = generator.normal(size=400)
        self.noise = lambda: generator.normal(size=(3, 400))

    def scores(self, separation):
        return (self.labels - 0.5) * separation + 0.9 * self.common + 0.4 * self.noise()

    def test_auc_of_a_resample_is_that_of_its_images(self):
        generator = np.random.default_rng(6)
        scores = generator.integers(-5, 6, size=400).astype(float)
        drawn = generator.integers(400, size=400)
        weights = np.bincount(drawn, minlength=400)
        expected = measure.auc(scores[drawn][:, None], self.labels[drawn])
        figures = compare.Run(scores[:, None], self.labels).figures(weights)
        self.assertAlmostEqual(figures[1], expected)
        self.assertAlmostEqual(figures[0], np.mean((scores[drawn] > 0) == self.labels[drawn]))

    def test_several_classes(self):
        generator = np.random.default_rng(7)
        labels = np.arange(300) % 3
        logits = np.eye(3)[labels] + generator.normal(size=(300, 3))
        figures = compare.Run(logits, labels).figures(np.ones(300))
        self.assertAlmostEqual(figures[1], measure.auc(logits, labels))

    def test_a_difference_is_found(self):
        better, worse = candidate(self.scores(2.4), self.labels), candidate(self.scores(1.6), self.labels)
        difference, (low, high) = compare.intervals(better, worse, 200)
        self.assertTrue(np.all(low > 0))
        self.assertTrue(np.all((low < difference) & (difference < high)))

    def test_no_difference_is_not(self):
        """Of a dozen pairs of equal candidates the intervals of nearly all cover 0."""
        covered = []
        for _ in range(12):
            pair = (candidate(self.scores(2), self.labels) for _ in range(2))
            _, (low, high) = compare.intervals(*pair, 100)
            covered.append((low <= 0) & (0 <= high))
        self.assertGreaterEqual(np.mean(covered, axis=0).min(), 0.75)

    def test_pairing_narrows_the_interval(self):
        """Candidates that find the same images hard are compared more sharply than strangers."""
        pair = [candidate(self.scores(2), self.labels) for _ in range(2)]
        stranger = candidate((self.labels - 0.5) * 2 + 0.9 * self.noise()[:1] + 0.4 * self.noise(), self.labels)
        widths = [np.subtract(*compare.intervals(pair[0], other, 400)[1][::-1]) for other in (pair[1], stranger)]
        self.assertTrue(np.all(widths[0] < 0.8 * widths[1]))

    def test_other_folds_are_refused(self):
        scores = self.scores(1)
        with self.assertRaises(TrainerError):
            compare.check_alike(candidate(scores, self.labels), candidate(scores, self.labels, "grouped"))


class Commands(unittest.TestCase):
    """From images to an interval."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        generator = np.random.default_rng(3)
        images, labels = generator.integers(0, 160, size=(60, 6, 6)), np.arange(60) % 2
        images[np.arange(60), :, labels * 3] += 90
        arrays = {"images": images.astype(np.uint8), "labels": labels}
        unreadable = {"test_images": np.zeros(1), "test_labels": np.zeros(1)}
        np.savez(self.place("set.npz"), **unreadable,
                 **{f"{name}_{kind}": array for name in ("train", "val") for kind, array in arrays.items()})

    def place(self, name):
        return os.path.join(self.folder, name)

    def said(self, command, *arguments):
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(io.StringIO()), \
                mock.patch.object(sys, "argv", [command.__name__, *arguments]):
            command.main()
        return text.getvalue()

    def test_results_are_stored_and_compared(self):
        self.said(crossvalidate, "--data", self.place("set.npz"), "--change", "epochs=3", "--members", "1,2", "--nets",
                  "2", "--parts", "3", "--repeats", "2", "--out", self.place("a.json"))
        with open(self.place("a.json"), encoding="utf-8") as file:
            results = json.load(file)
        self.assertEqual({count: len(runs) for count, runs in results["averages"].items()}, {"1": 4, "2": 2})
        self.assertEqual(np.array(results["averages"]["2"][0]["logits"]).shape, (120, 1))
        self.assertEqual(results["recipe"]["epochs"], 3)
        said = self.said(compare, self.place("a.json") + ":2", self.place("a.json"))
        self.assertRegex(said, r"2 runs, accuracy(.|\n)*4 runs, accuracy(.|\n)*difference: accuracy [+-]")

    def test_every_image_is_held_out_once(self):
        def noted(_options, _recipe, _split, held, *_):
            self.held = held
            return [lambda _members, number=number: mock.Mock(output_scale=float(number)) for number in (1, 2, 3, 4)]

        split = data.load_split(self.place("set.npz"), "train")
        options, recipe = mock.Mock(folds="plain", parts=4, nets=1, members=[1], noise=None), mock.Mock(levels=16)
        with mock.patch.object(crossvalidate, "train_apart", noted), contextlib.redirect_stdout(io.StringIO()), \
                mock.patch.object(crossvalidate, "integer_logits", lambda _model, levels: np.ones((len(levels), 1))):
            runs = crossvalidate.one_repeat(options, recipe, split, 2, 0)
        self.assertEqual(np.sum(self.held, axis=0).tolist(), [1] * 60)
        for number, held_out in enumerate(self.held, 1):
            self.assertTrue(np.all(runs[1][0].logits[held_out] == number))

    def test_nets_side_by_side_see_only_their_own_images(self):
        split = data.load_split(self.place("set.npz"), "train")
        fold_of = folds.make_folds("plain", split.images, split.labels, 3, 0)
        held = [fold_of == fold for fold in range(3)]
        recipe = replace(default_recipe("tables", split, 2), epochs=1, batch=8)
        seen = [set() for _ in range(6)]

        def noted(trainer, chosen):
            for net, images in zip(seen, chosen.tolist()):
                net.update(images)
            return torch.zeros(6)

        with mock.patch.object(training.Trainer, "step", noted), mock.patch.object(crossvalidate, "maker"), \
                mock.patch.object(training.Trainer, "run", lambda trainer, _: trainer.epoch(0)):
            list(crossvalidate.train_together(mock.Mock(net="tables"), recipe, split, held, 2, [1, 2]))
        for net, images in enumerate(seen):
            self.assertFalse(images & set(np.flatnonzero(held[net // 2]).tolist()))
            self.assertGreaterEqual(len(images), 39)

    def test_side_by_side_says_what_apart_says(self):
        """Each net alone finds the bright bar in images it has not seen."""
        split = data.load_split(self.place("set.npz"), "train")
        held = [np.arange(60) % 3 == fold for fold in range(3)]
        recipe = replace(default_recipe("tables", split, 2), epochs=12, batch=8)
        levels = data.quantize(split.images, recipe.levels)
        for train in (crossvalidate.train_apart, crossvalidate.train_together):
            for held_out, make in zip(held, train(mock.Mock(net="tables"), recipe, split, held, 2, [1])):
                logits = crossvalidate.integer_logits(make([0]), levels[held_out])
                self.assertGreater(measure.accuracy(logits, split.labels[held_out]), 0.8)

    def test_what_cannot_be_is_a_sentence(self):
        for change in ("nothing=1", "noise.nothing=1"):
            with self.assertRaisesRegex(SystemExit, "recipes have no"):
                self.said(crossvalidate, "--data", self.place("set.npz"), "--change", change, "--out",
                          self.place("a.json"))
        with self.assertRaisesRegex(SystemExit, "holds no such results"):
            self.said(compare, self.place("no.json"), self.place("no.json"))


if __name__ == "__main__":
    unittest.main()
