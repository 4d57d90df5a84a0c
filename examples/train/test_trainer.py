"""Tests of the trainer, on small made-up sets: python3 -m unittest test_trainer"""

import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from dataclasses import replace
from unittest import mock

import numpy as np
import torch

import data
import measure
import priors
import report
import ring
import train
from errors import TrainerError
from export import EXPORTS
from fcnn import ACTIVATIONS
from model_file import (Contract, Layer, Model, integer_logits, logit_spread, payload_bytes, read_model, reachable,
                        write_model)
from network import Noise
from pool import source_of_batches
from quantizer import IntegerWeights
from recipes import default_recipe, recipe_for
from report import input_ends
from training import TRAINERS, Dice


def setUpModule():
    """One thread: the nets are too small for more to pay."""
    torch.set_num_threads(1)


def made_up_split(classes, shape, count=192, seed=0):
    """Images of random brightness whose class is where a bright bar stands."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 160, size=(count, *shape))
    labels = generator.integers(0, classes, size=count)
    images[np.arange(count), :, labels] += 90
    return data.Split(images.astype(np.uint8), labels.astype(np.int64))


def trained(kind, classes=3, shape=(5, 6, 2), epochs=6, **changes):
    """A split, a trainer after its run, and the integer models of its two seeds."""
    split = made_up_split(classes, shape)
    recipe = replace(default_recipe(kind, split, classes), epochs=epochs, **changes)
    trainer = TRAINERS[kind](recipe, split, classes, [1, 2])
    nets = trainer.run(split)
    return split, trainer, [EXPORTS[kind](nets, [index], recipe, shape) for index in (0, 1)]


def disagreement(split, trainer, models):
    """Share of images of which a trained net and its integer model say different classes."""
    levels = data.quantize(split.images, trainer.recipe.levels)
    real = trainer.predict(split.images).numpy()
    shares = [np.mean(measure.classes_of(logits) != measure.classes_of(integer_logits(model, levels)))
              for logits, model in zip(real, models)]
    return max(shares)


class IntegersSayWhatWasTrained(unittest.TestCase):
    def test_tables(self):
        for classes in (2, 3):
            self.assertLess(disagreement(*trained("tables", classes)), 0.02)

    def test_every_activation(self):
        for activation in ACTIVATIONS:
            changes = {"layers": (24, 12), "activation": activation, "accumulator_bits": 10}
            split, trainer, models = trained("fcnn", **changes)
            self.assertLess(disagreement(split, trainer, models), 0.02, activation)

    def test_ranges_that_training_saw(self):
        self.assertLess(disagreement(*trained("fcnn", layers=(24,), cells=512)), 0.04)

    def test_two_classes_share_a_logit(self):
        split, trainer, models = trained("fcnn", 2, layers=(24,), cells=512)
        self.assertEqual([model.layers[-1].weights.shape for model in models], [(1, 24)] * 2)
        self.assertLess(disagreement(split, trainer, models), 0.04)

    def test_two_layers_of_tables(self):
        for changes in ({}, {"negacyclic": 1.4}):
            self.assertLess(disagreement(*trained("tables", 2, hidden=6, **changes)), 0.04)

    def test_averages_of_two_layers(self):
        split = made_up_split(2, (5, 6, 2))
        recipe = replace(default_recipe("tables", split, 2), epochs=4, hidden=6, members=2)
        trainer = TRAINERS["tables"](recipe, split, 2, [1, 2])
        model = EXPORTS["tables"](trainer.run(split), [0, 1], recipe, (5, 6, 2))
        levels = data.quantize(split.images, recipe.levels)
        real = trainer.predict(split.images).mean(dim=0).numpy()
        self.assertLess(np.abs(integer_logits(model, levels) * model.output_scale - real).std(), 0.1 * real.std())

    def test_tables_on_the_whole_torus(self):
        for classes in (2, 3):
            self.assertLess(disagreement(*trained("tables", classes, negacyclic=1.4)), 0.03)

    def test_exact(self):
        self.assertEqual(disagreement(*trained("exact", levels=4, first_fan_in=40, fan_in=8)), 0)


def doubled_entry(layer, neuron, accumulator):
    """2 (f - the mean of its ends) at the nearest integer, as src/nn/model/tables.c has it."""
    nearest = int(np.sign(accumulator) * np.floor(abs(accumulator) + 0.5))
    read = [measure.read_tables(layer, np.full((1, len(layer.tables)), value))[0, neuron]
            for value in (nearest, *layer.ranges[neuron])]
    return 2 * int(read[0]) - int(read[1]) - int(read[2])


class WidthsOfOneRing(unittest.TestCase):
    def widths(self, layer):
        return layer.ranges[:, 1] - layer.ranges[:, 0] + 1

    def test_all_neurons_of_a_model_share_one_that_fills_the_torus(self):
        split = made_up_split(2, (5, 6, 2))
        for kind, changes in (("tables", {"members": 2}), ("tables", {"members": 2, "negacyclic": 1.2}),
                              ("fcnn", {"layers": (24, 12)})):
            recipe = replace(default_recipe(kind, split, 2), epochs=2, **changes)
            nets = TRAINERS[kind](recipe, split, 2, list(range(1, 2 * recipe.members + 1))).run(split)
            for members in train.member_lists(recipe, 2):
                model = EXPORTS[kind](nets, members, recipe, split.images.shape[1:])
                for layer in model.layers[:-1]:
                    widths = self.widths(layer)
                    allowed = ring.WHOLE_WIDTHS if "negacyclic" in changes else ring.WIDTHS
                    self.assertEqual(len(set(widths)), 1)
                    self.assertIn(widths[0], allowed)

    def test_tables_on_the_whole_torus_are_negacyclic_as_the_compiler_asks(self):
        _, _, (model, _) = trained("tables", 2, negacyclic=1.4)
        layer = model.layers[0]
        for N in (512, 1024):
            slope = 2 * N / self.widths(layer)[0]
            for neuron in range(len(layer.tables)):
                middle = layer.ranges[neuron].sum() / 2
                for p in range(0, N, 37):
                    below = doubled_entry(layer, neuron, middle + (p + 0.5 - N) / slope)
                    self.assertEqual(below, -doubled_entry(layer, neuron, middle + (p + 0.5) / slope))

    def test_amplitudes_have_three_significant_bits(self):
        for width in (300, 409, 410, 682, 700, 819, 5000):
            amplitude = 2 ** 31 // width
            dropped = amplitude.bit_length() - 3
            units = amplitude >> dropped << dropped
            self.assertEqual(ring.full_width(width), 2 ** 31 // units)

    def test_logits_use_their_share_of_the_torus(self):
        _, trainer, models = trained("tables", 2)
        room = ring.logit_share(trainer.recipe.noise.rotation, 8) / 2
        for model in models:
            units = int(room * 2 ** 30 / measure.largest_logit(model))
            dropped = units.bit_length() - 3
            self.assertAlmostEqual((units >> dropped << dropped) / units, 1, delta=0.002)

    def test_steps_of_ordinary_layers_follow_the_width(self):
        _, trainer, _ = trained("fcnn", 2, layers=(24,), epochs=40)
        shares, _ = trainer.nets.fill()[0]
        first, _ = trainer.first_fill[0]
        self.assertLess(np.std(shares) / np.mean(shares), 0.5 * np.std(first) / np.mean(first))


class UnusedInputs(unittest.TestCase):
    """Inputs that are hardly ever above 0 add nothing but noise."""

    def test_they_get_no_weights(self):
        for kind, changes in (("tables", {}), ("fcnn", {"layers": (24,), "cells": 512})):
            split = made_up_split(2, (5, 6, 2))
            split.images[:, 0], split.images[:, 1, 0] = 0, 0
            split.images[:3, 1, 0] = 200
            recipe = replace(default_recipe(kind, split, 2), epochs=4, least_use=0.05, **changes)
            trainer = TRAINERS[kind](recipe, split, 2, [1, 2])
            model = EXPORTS[kind](trainer.run(split), [0], recipe, split.images.shape[1:])
            weights = model.layers[0].weights.reshape(-1, 5, 6, 2)
            self.assertFalse(weights[:, 0].any() or weights[:, 1, 0].any())
            self.assertTrue(weights[:, 2:].any(axis=(0, 2, 3)).all())
            self.assertLess(disagreement(split, trainer, [model]), 0.04)


class WeightGradients(unittest.TestCase):
    def test_gradients_are_those_of_latent_weights_in_steps(self):
        latent = torch.randn(1, 4, 50, generator=torch.Generator().manual_seed(1))
        factors = torch.randn(1, 4, 50, generator=torch.Generator().manual_seed(2))
        weights = IntegerWeights(latent, 2)
        (weights() * factors).sum().backward()
        step = 1.5 * latent.abs().mean(dim=2, keepdim=True)
        self.assertTrue(torch.allclose(weights.latent.grad, factors / step))


class LiveNeurons(unittest.TestCase):
    def test_logits_read_as_many_as_asked_for(self):
        for classes in (2, 3):
            split, trainer, models = trained("fcnn", classes, layers=(24,), live=7, cells=512)
            for model in models:
                self.assertLessEqual(np.count_nonzero(model.layers[1].weights.any(axis=0)), 7)
                self.assertGreater(np.count_nonzero(model.layers[1].weights.any(axis=0)), 3)
            self.assertLess(disagreement(split, trainer, models), 0.04)


class Accumulators(unittest.TestCase):
    def test_bound_holds_for_every_input(self):
        for prune_share, penalty in ((0.5, 1.0), (0.0, 1.0), (0.5, 0.0)):
            _, _, models = trained("fcnn", layers=(24, 12), accumulator_bits=8, prune_share=prune_share,
                                   accumulator_penalty=penalty)
            for model in models:
                self.check_widths(model, 2 ** 8)

    def check_widths(self, model, most):
        for index, layer in enumerate(model.layers[:-1]):
            lowest, highest = input_ends(model, index)
            low, high = reachable(layer.weights, layer.biases, highest, lowest)
            self.assertLessEqual((high - low + 1).max(), most)

    def test_penalty_makes_weights_smaller_without_pruning(self):
        latent = torch.randn(1, 4, 200, generator=torch.Generator().manual_seed(1))
        weights = IntegerWeights(latent, 4, l1_bound=100)
        before = weights().detach().abs().sum(dim=2).mean().item()
        optimizer = torch.optim.AdamW(weights.parameters(), 0.01)
        for _ in range(200):
            optimizer.zero_grad()
            weights.excess().sum().backward()
            optimizer.step()
        self.assertGreater(before, 200)
        self.assertLess(weights().detach().abs().sum(dim=2).max().item(), 110)

    def test_pruning_keeps_the_largest(self):
        weights = IntegerWeights(torch.tensor([[[0.1, -3.6, 2.4, 0.9]]]), 3, l1_bound=3)
        weights.prune(3)
        self.assertEqual(weights().detach().round().tolist(), [[[0.0, -3.0, 0.0, 0.0]]])


class CopiesMadeOnce(unittest.TestCase):
    def test_pool_holds_changed_copies_of_each_image(self):
        split = made_up_split(3, (8, 9, 2))
        recipe = replace(default_recipe("tables", split, 3), copies=3)
        images, labels = torch.from_numpy(split.images).permute(0, 3, 1, 2), torch.from_numpy(split.labels)
        chosen, used = torch.arange(len(labels)).expand(2, -1), torch.arange(8 * 9 * 2)
        levels, targets = source_of_batches(images, labels, 3, recipe, used).batch(chosen, Dice([1, 2]))
        own = torch.from_numpy(data.quantize(split.images, recipe.levels)).float()
        self.assertEqual(levels.shape, (2, len(labels), 8 * 9 * 2))
        self.assertTrue(torch.equal(targets.argmax(dim=2), labels.expand(2, -1)))
        self.assertFalse(torch.equal(levels[0], levels[1]))
        self.assertGreater((levels[0] - own).abs().mean().item(), 0.1)
        self.assertLess((levels[0] - own).abs().mean(), (own[1:] - own[:-1]).abs().mean())

    def test_nets_learn_from_a_pool(self):
        for kind, changes in (("tables", {}), ("fcnn", {"layers": (24,), "cells": 512})):
            self.assertLess(disagreement(*trained(kind, 2, copies=2, **changes)), 0.04)

    def test_unknown_recipe_is_refused(self):
        with self.assertRaises(TrainerError):
            recipe_for("exact", "no-such-set", "breastmnist", None, 2)


class Experiments(unittest.TestCase):
    """Options that a recipe may try."""

    def test_average_is_of_the_last_steps(self):
        split = made_up_split(2, (6, 6, 1), count=128)
        recipe = replace(default_recipe("tables", split, 2), epochs=4, batch=64, average_share=0.5)
        trainer, seen = TRAINERS["tables"](recipe, split, 2, [1]), []
        step = trainer.step
        trainer.step = lambda chosen: (step(chosen), seen.append(trainer.nets.tables.detach().clone()))[0]
        tables = trainer.run(split).tables
        self.assertEqual(len(seen), 8)
        self.assertTrue(torch.allclose(tables, torch.stack(seen[4:]).mean(dim=0), atol=1e-6))


    def test_mixed_images_have_mixed_targets(self):
        split = made_up_split(2, (6, 6, 1), count=64)
        recipe = replace(default_recipe("tables", split, 2), batch=64, mixed_share=0.8, label_smoothing=0.0)
        trainer = TRAINERS["tables"](recipe, split, 2, [1])
        trainer.source.renew()
        chosen = trainer.dice.permutations(64)
        plain, batch = trainer.source.batch(chosen, trainer.dice), trainer.batch(chosen)
        others = plain[1].roll(1, dims=1)
        apart = plain[1][..., 0] != others[..., 0]
        shares = ((batch.targets - plain[1]) / (others - plain[1]))[apart][:, :1]
        self.assertTrue(0 <= shares.min() and shares.max() <= 0.8)
        self.assertGreater(shares.std().item(), 0.1)
        expected = torch.lerp(plain[0][apart], plain[0].roll(1, dims=1)[apart], shares)
        self.assertTrue(torch.allclose(batch.levels[apart], expected, atol=1e-3))


    def test_roughness_of_rows(self):
        used = torch.arange(28 * 28 * 2)
        rows = torch.randn(2, 16, len(used), generator=torch.Generator().manual_seed(1))
        self.assertTrue(torch.allclose(priors.row_roughness(rows, used, (2, 28, 28)), torch.ones(2), atol=0.1))
        scaled = priors.many_scales(rows, used, (2, 28, 28), 2.0)
        self.assertTrue(torch.allclose(scaled[:, 0], rows[:, 0], atol=1e-5))
        self.assertTrue(torch.allclose(scaled.std(dim=2), rows.std(dim=2)))
        rough = [priors.row_roughness(scaled[:, index:index + 1], used, (2, 28, 28))[0] for index in range(0, 16, 3)]
        self.assertEqual(sorted(rough, reverse=True), rough)
        images = priors.as_images(rows, used, (2, 28, 28))
        self.assertEqual(images[0, 1, 3, 5], rows[0, 0, (3 * 28 + 5) * 2 + 1])

    def test_nets_learn_with_priors(self):
        for kind, changes in (("tables", {}), ("fcnn", {"layers": (24,), "cells": 512})):
            self.assertLess(disagreement(*trained(kind, 2, first_blur=1.0, row_smoothing=0.1, **changes)), 0.04)


class Reproducibility(unittest.TestCase):
    def test_same_seeds_same_bytes(self):
        for kind, changes in (("tables", {}), ("tables", {"copies": 2}), ("fcnn", {"layers": (16,)})):
            first, second = (payload_bytes(trained(kind, epochs=3, **changes)[2][1]) for _ in range(2))
            self.assertEqual(first, second)

    def test_a_seed_does_not_depend_on_others(self):
        split = made_up_split(2, (6, 6, 1))
        recipe = replace(default_recipe("tables", split, 2), epochs=2)
        pair = TRAINERS["tables"](recipe, split, 2, [1, 2]).run(split).tables[1]
        alone = TRAINERS["tables"](recipe, split, 2, [2]).run(split).tables[0]
        self.assertTrue(torch.allclose(pair, alone, atol=1e-4))


class Figures(unittest.TestCase):
    def test_auc_counts_pairs(self):
        generator = np.random.default_rng(3)
        logits, labels = generator.integers(-4, 5, size=(60, 1)).astype(float), generator.integers(0, 2, size=60)
        gaps = logits[labels == 1] - logits[labels == 0].T
        self.assertAlmostEqual(measure.auc(logits, labels), np.mean((gaps > 0) + 0.5 * (gaps == 0)))

    def test_auc_of_two_logits_is_that_of_their_difference(self):
        generator = np.random.default_rng(4)
        logits, labels = generator.normal(size=(60, 2)), generator.integers(0, 2, size=60)
        self.assertAlmostEqual(measure.auc(logits, labels), measure.auc(logits[:, 1:] - logits[:, :1], labels))

    def test_noise_moves_logits(self):
        split, trainer, (model, _) = trained("fcnn", layers=(24,))
        levels = data.quantize(split.images, trainer.recipe.levels)
        figures = measure.describe(model, levels, split.labels, trainer.recipe.noise, np.ones(3))
        self.assertLess(figures["flip_rate"], 0.2)
        self.assertNotEqual(figures["noisy_loss"], figures["loss"])

    def check_rotation_noise(self, kind, largest, **changes):
        """largest: of the trained nets, their largest logits."""
        split, trainer, (model, _) = trained(kind, 2, **changes)
        real = measure.largest_logit(model) * model.output_scale
        self.assertAlmostEqual(real / largest(trainer.nets), 1, delta=0.05)
        first = np.tile(measure.accumulate(model.layers[0], data.quantize(split.images, 16)), (20, 1))
        clear = measure.noisy_logits(model, first, Noise(0, 0, 0), np.random.default_rng(1))
        noisy = measure.noisy_logits(model, first, Noise(0, 0, 0, rotation=0.004), np.random.default_rng(1))
        share = 0.004 * np.sqrt(measure.rotations(model)) / (ring.logit_share(0.004, measure.rotations(model)) / 2)
        self.assertAlmostEqual(np.std(noisy - clear) / measure.largest_logit(model) / share, 1, delta=0.05)

    def test_rotation_noise_is_a_share_of_the_largest_logit(self):
        self.check_rotation_noise("fcnn", lambda nets: nets.reach(nets.output())[0].item(), layers=(24,))
        self.check_rotation_noise("tables", lambda nets: nets.reach()[0].item())


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "made-up.npz")

    def write(self, **changes):
        split = made_up_split(3, (5, 6, 2))
        arrays = {"images": split.images, "labels": split.labels[:, None]}
        np.savez(self.path, **{**{f"{name}_{kind}": array for name in data.SPLITS for kind, array in arrays.items()},
                               **changes})

    def test_split(self):
        self.write()
        split = data.load_split(self.path, "train")
        self.assertEqual(split.images.shape, (192, 5, 6, 2))
        self.assertEqual(data.count_classes(split.labels), 3)

    def test_splits_that_do_not_fit(self):
        few = np.arange(192) % 3
        for changes, reason in (
                ({"train_images": np.zeros((192, 300, 300), np.uint8)}, "holds images of 90000 values"),
                ({"train_labels": np.full(192, 1)}, "every image has label 1"),
                ({"train_labels": few * 2 ** 40}, "a model knows at most 65536 classes"),
                ({"val_images": np.zeros((192, 6, 5, 2), np.uint8)}, "val_images.npy: holds images of 5 x 6"),
                ({"val_labels": np.where(few == 2, 7, few)}, "val_labels.npy: image 2 has label 7"),
                ({"test_labels": np.where(few == 2, 7, few)}, "test_labels.npy: image 2 has label 7"),
                ({"train_labels": np.where(few == 1, 2, few)}, "has label 1, which no image of train has")):
            self.write(**changes)
            with self.assertRaisesRegex(TrainerError, reason):
                data.load_splits(self.path, data.SPLITS)

    def test_splits_that_are_not_asked_for_stay_unread(self):
        self.write(test_labels=np.full(192, -1))
        self.assertEqual(list(data.load_splits(self.path, ("train", "val"))), ["train", "val"])

    def test_model_file(self):
        _, _, (model, _) = trained("fcnn", epochs=1, layers=(8,))
        path = os.path.join(self.folder.name, "model.tnn")
        write_model(path, model)
        self.assertEqual(payload_bytes(read_model(path)), payload_bytes(model))
        with open(path, "r+b") as file:
            file.seek(100)
            file.write(b"\xff\xfe")
        with self.assertRaises(TrainerError):
            read_model(path)

    def test_model_file_of_one_layer(self):
        layer = Layer(np.array([[1, -2, 300, 0], [0, 5, -5, 7]]), np.array([10, -3]))
        path = os.path.join(self.folder.name, "model.tnn")
        write_model(path, Model(2, 2, 1, 8, 0.5, {}, [layer], Contract(exact=True), ("no", "yes")))
        model = read_model(path)
        self.assertEqual(len(model.layers), 1)
        self.assertIsNone(model.layers[0].tables)
        self.assertEqual(integer_logits(model, np.array([[1, 2, 3, 4]])).tolist(), [[907, 20]])
        self.assertAlmostEqual(logit_spread(model)[1], 0.5 * np.sqrt((25 + 25 + 49) * 63 / 12))


class Started(Exception):
    """Training would begin."""


class CommandLine(unittest.TestCase):
    """What a run says before it trains. Nothing may be a traceback."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = self.place("set.npz")
        self.write()

    def place(self, name):
        return os.path.join(self.folder, name)

    def write(self, **changes):
        split = made_up_split(2, (5, 6), count=24)
        np.savez(self.path, **{**{name + "_images": split.images for name in data.SPLITS},
                               **{name + "_labels": split.labels for name in data.SPLITS}, **changes})

    def said(self, *arguments):
        """The exit code, or the sentence that goes with exit code 1."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), \
                self.assertRaises(SystemExit) as ended:
            self.start(*arguments)
        return ended.exception.code

    def start(self, *arguments):
        with mock.patch.object(sys, "argv", ["train.py", *arguments]), \
                mock.patch.object(train, "train_models", side_effect=Started):
            train.main()

    def check(self, reason, *arguments):
        said = self.said(*arguments)
        self.assertRegex(said, r"\Atrain\.py: [^\n]+\Z")
        self.assertIn(reason, said)

    def test_places_of_data(self):
        os.mkfifo(self.place("pipe.npz"))
        for place, reason in (("no.npz", "no.npz: cannot be read: No such file"), ("", "is a folder or not there"),
                              ("pipe.npz", "is not a regular file"), ("set.npz/a.npz", "Not a directory")):
            self.check(reason, "--data", self.place(place))
        self.check("is no name for a data set", "--data", self.place("a\nb.npz"))
        self.check("other.npz: cannot be read", "--data", self.folder, "--set", "other")

    def test_damaged_data(self):
        with open(self.path, "rb") as file:
            whole = file.read()
        for contents, reason in ((b"", "is empty"), (b"<html>", "is a web page"), (whole[:-30], "is cut short")):
            with open(self.path, "wb") as file:
                file.write(contents)
            self.check(reason, "--data", self.path)

    def test_a_class_that_train_lacks(self):
        rare = made_up_split(2, (5, 6), count=24).labels
        rare[3] = 5
        for name in ("val", "test"):
            self.write(**{name + "_labels": rare})
            self.check(f"{name}_labels.npy: image 3 has label 5", "--data", self.path, "--out", self.place("a.tnn"))

    def test_images_without_contrast(self):
        self.write(train_images=made_up_split(2, (5, 6), count=24).images // 128)
        self.check("holds pixels from 0 to 1, which 16 levels do not tell apart", "--data", self.path)

    def test_places_of_results(self):
        os.mkdir(self.place("folder"))
        os.mkfifo(self.place("pipe"))
        os.symlink(self.place("a"), self.place("link"))
        with open(self.place("key"), "wb") as file:
            file.write(b"TNNK and so on")
        for option in ("--out", "--draft", "--plot"):
            for place, reason in (("no/a.tnn", "cannot be written: No such file"), ("folder", "is not a regular file"),
                                  ("pipe", "is not a regular file"), ("set.npz", "is read by this command"),
                                  ("set.npz/a", "cannot be written: Not a directory"),
                                  ("link", "is a symbolic link"), ("key", "holds a secret key")):
                self.check(reason, "--data", self.path, option, self.place(place))
        self.check("is named twice", "--data", self.path, "--out", self.place("a"), "--plot", self.place("a"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["folder", "key", "link", "pipe", "set.npz"])

    def test_options(self):
        for option in ("--seeds", "--threads", "--epochs", "--batch", "--neurons", "--members", "--accumulator-bits"):
            self.assertEqual(self.said("--data", self.path, option, "0"), 2)
        for text in ("-1", "nan", "inf"):
            self.assertEqual(self.said("--data", self.path, "--position-noise", text), 2)
        self.check("has no layers", "--data", self.path, "--layers", "3")
        self.check("--net exact has recipes for", "--data", self.path, "--net", "exact", "--recipe", "none")

    def test_training_starts_where_all_is_well(self):
        with contextlib.redirect_stdout(io.StringIO()), self.assertRaises(Started):
            self.start("--data", self.path, "--out", self.place("a.tnn"))

    def test_an_interrupt_is_a_sentence(self):
        command = [sys.executable, "-B", train.__file__, "--data", self.path, "--epochs", "1000000",
                   "--out", self.place("a.tnn")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            self.assertIn("2 classes", run.stdout.readline())  # printed right before training
            run.send_signal(signal.SIGINT)
            _, said = run.communicate(timeout=60)
        self.assertEqual((run.returncode, said.splitlines()[-1]), (130, "train.py: interrupted"))
        self.assertNotIn("Traceback", said)
        self.assertEqual(os.listdir(self.folder), ["set.npz"])

    def test_figures_that_are_not_defined(self):
        self.assertTrue(np.isnan(measure.auc(np.zeros((4, 1)), np.zeros(4, int))))
        self.assertEqual(report.without_nan({"a": float("nan"), "b": [1], "c": {"d": 2.0}}),
                         {"a": None, "b": [1], "c": {"d": 2.0}})


if __name__ == "__main__":
    unittest.main()
