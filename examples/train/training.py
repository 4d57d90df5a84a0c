"""The training loops, one class for each kind of nets, all seeds side by side.

Letters in the shapes: S seeds, B images of a batch, I inputs, H neurons, C logits.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as functional

from augment import to_levels
from deep_network import PEAK, TwoTableLayers
from errors import TrainerError
from exact_network import ExactNets, ExactShape
from fcnn import Activation, FcNets, FcShape
from network import Noise, Shape, TableNets
from pool import source_of_batches
from priors import many_scales, row_roughness
from progress import Progress
from quantizer import largest_l1
from ranges import SharedRanges

QUIET = Noise(position=0, pixel=0, logit=0)
LIVE_SCHEDULE = 0.5  # of the epochs, in which neurons of an ordinary net are dropped
CHUNK = 1024  # images whose levels are in memory at once outside the batches


class Dice:
    """One random generator a seed, so that a seed's draws do not depend on which others train beside it."""

    def __init__(self, seeds):
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def stack(self, draw):
        return torch.stack([draw(generator) for generator in self.generators])

    def normal(self, *shape):
        return self.stack(lambda generator: torch.randn(shape, generator=generator))

    def uniform(self, *shape):
        """In -1..1."""
        return self.stack(lambda generator: torch.rand(shape, generator=generator) * 2 - 1)

    def choices(self, options, count):
        """[S, count]: numbers below `options`."""
        return self.stack(lambda generator: torch.randint(options, (count,), generator=generator))

    def permutations(self, count):
        return self.stack(lambda generator: torch.randperm(count, generator=generator))


def first_signs(neurons, outputs):
    """[H, C]: rows of a Walsh matrix, so that the classes of a net do not start with equal logits."""
    if outputs == 1:
        return torch.ones(neurons, 1)
    common = [[bin(neuron & (output + 1)).count("1") for output in range(outputs)] for neuron in range(neurons)]
    return 1.0 - 2.0 * (torch.tensor(common) % 2)


def ramps(nets, neurons, outputs, cells):
    """Tables [S, H, C, cells] from one of -1 and 1 to the other, so that a net starts as a linear one."""
    ramp = torch.linspace(-1, 1, cells) * first_signs(neurons, outputs).unsqueeze(2)
    return ramp.expand(nets, -1, -1, -1).clone()


def waves(nets, neurons, outputs, knots):
    """First halves [S, H, C, knots] of negacyclic tables, from 0 down to -1 and back, or up: a table then rises, or
    falls, over the middle half of its range."""
    wave = torch.linspace(-1, 1, knots).abs() - 1
    return (wave * first_signs(neurons, outputs).unsqueeze(2)).expand(nets, -1, -1, -1).clone()


def logits_for(classes):
    """One logit tells two classes apart."""
    return 1 if classes == 2 else classes


def class_weights(labels, classes, balanced):
    counts = np.bincount(labels, minlength=classes)
    return len(labels) / (classes * np.maximum(counts, 1)) if balanced else np.ones(classes)


def class_scores(logits):
    """[..., C] to scores of every class: a single logit is that of class 1 against 0."""
    return torch.cat([torch.zeros_like(logits), logits], dim=-1) if logits.shape[-1] == 1 else logits


def cross_entropy(logits, targets, weights):
    """logits [S, B, C], targets: class probabilities [S, B, classes], weights [S, B]; returns [S]."""
    losses = -(targets * functional.log_softmax(class_scores(logits), dim=2)).sum(dim=2)
    return (losses * weights).mean(dim=1)


@dataclass
class Batch:
    levels: torch.Tensor   # [S, B, I], augmented
    targets: torch.Tensor  # [S, B, classes], probabilities
    weights: torch.Tensor  # [S, B]


class Trainer:
    """What all kinds of nets share; a kind adds first_nets and what it needs of set_phase, finish and extra_losses."""

    def __init__(self, recipe, split, classes, seeds):
        self.recipe, self.classes = recipe, classes
        self.images = torch.from_numpy(split.images).permute(0, 3, 1, 2)
        self.labels = torch.from_numpy(split.labels)
        self.class_weights = torch.from_numpy(class_weights(split.labels, classes, recipe.balanced)).float()
        self.dice = Dice(seeds)
        self.used, means = self.used_inputs()
        self.nets = self.first_nets(means[self.used])  # refuses what cannot be made before copies cost time
        self.nets.used, self.nets.image_inputs = self.used, len(means)
        self.source = source_of_batches(self.images, self.labels, classes, recipe, self.used)
        self.optimizer = torch.optim.AdamW(self.nets.parameters(), recipe.learning_rate,
                                           weight_decay=recipe.weight_decay)
        self.means, self.averaged_steps = [torch.zeros_like(parameter) for parameter in self.nets.parameters()], 0
        self.losses = []      # [epochs][S], mean of each epoch
        self.first_fill = []  # of each layer whose ranges training follows, after the first epoch: SharedRanges.fill
        self.validation = []  # pairs: epochs done, share of validation images that each seed gets right

    def used_inputs(self):
        """The inputs that neurons read, [I] numbers, and the mean levels of all inputs."""
        total, lit = 0, 0
        for chunk in self.images.split(CHUNK):
            levels = to_levels(chunk.float(), self.recipe.levels)
            total, lit = total + levels.sum(dim=0), lit + (levels > 0).sum(dim=0)
        return torch.nonzero(lit >= self.recipe.least_use * len(self.images)).squeeze(1), total / len(self.images)

    def levels_of(self, images):
        """[count, I]"""
        return to_levels(images.float(), self.recipe.levels)[:, self.used]

    def first_latent(self, neurons, inputs):
        """[S, H, I]: random weights."""
        return self.dice.normal(neurons, inputs) * self.recipe.first_weight_std

    def first_image_weights(self, neurons):
        """As first_latent, of the layer that reads the images."""
        latent = self.first_latent(neurons, len(self.used))
        blur = self.recipe.first_blur
        return many_scales(latent, self.used, self.images.shape[1:], blur) if blur else latent

    def set_phase(self, number):
        """Before epoch `number`."""

    def finish(self):
        """After the last epoch."""

    def extra_losses(self):
        """[S] or 0: what a kind minimizes beside the loss of classification."""
        return 0

    def batch(self, chosen):
        """chosen: image numbers [S, B]."""
        levels, targets = self.source.batch(chosen, self.dice)
        batch = Batch(levels, targets, self.class_weights[self.labels[chosen]])
        return self.mixed(batch) if self.recipe.mixed_share else batch

    def mixed(self, batch):
        """Every image with its neighbour of the batch, by shares drawn evenly from 0 to the recipe's."""
        shares = self.recipe.mixed_share * (self.dice.uniform(batch.levels.shape[1]) + 1) / 2  # [S, B]

        def mix(values, share):
            return torch.lerp(values, values.roll(1, dims=1), share)

        return Batch(mix(batch.levels, shares.unsqueeze(2)), mix(batch.targets, shares.unsqueeze(2)),
                     mix(batch.weights, shares))

    def batch_losses(self, batch):
        """[S]: every seed's own loss; their sum has independent gradients."""
        logits, outside = self.nets(batch.levels, self.recipe.noise, self.dice.normal)
        penalty = getattr(self.recipe, "excess_penalty", 0) * outside
        return cross_entropy(logits, batch.targets, batch.weights) + penalty + self.extra_losses()

    def step(self, chosen):
        """Returns the losses [S]."""
        self.optimizer.zero_grad()
        losses = self.batch_losses(self.batch(chosen))
        losses.sum().backward()
        self.optimizer.step()
        return losses.detach()

    def set_rate(self, progress):
        """Cosine decay to zero; progress in 0..1."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * (1 + math.cos(math.pi * progress)) / 2

    def epoch(self, number):
        self.set_phase(number)
        self.source.renew()
        order = self.dice.permutations(len(self.images))
        batches = order.split(self.recipe.batch, dim=1)
        total = 0
        for index, chosen in enumerate(batches):
            progress = (number + index / len(batches)) / self.recipe.epochs
            self.set_rate(progress)
            total = total + self.step(chosen)
            self.average(progress)
        return total / len(batches)

    def predict(self, images):
        """uint8 [count, height, width, channels] to logits [S, count, C] without noise."""
        follow, self.nets.ranges_follow = getattr(self.nets, "ranges_follow", False), False
        chunks = torch.from_numpy(images).permute(0, 3, 1, 2).split(CHUNK)
        with torch.no_grad():
            logits = [self.nets(self.levels_of(chunk).expand(len(self.dice.generators), -1, -1), QUIET,
                                lambda *shape: torch.zeros(shape))[0] for chunk in chunks]
        self.nets.ranges_follow = follow
        return torch.cat(logits, dim=1)

    def validate(self, done, split):
        right = class_scores(self.predict(split.images)).argmax(dim=2) == torch.from_numpy(split.labels)
        self.validation.append((done, right.float().mean(dim=1).tolist()))

    def average(self, progress):
        """Running means of all parameters over the last steps; progress in 0..1. Rounding sees the mean."""
        if progress < 1 - self.recipe.average_share or not self.recipe.average_share:
            return
        self.averaged_steps += 1
        with torch.no_grad():
            for mean, parameter in zip(self.means, self.nets.parameters()):
                mean.lerp_(parameter, 1 / self.averaged_steps)

    def take_average(self):
        if self.averaged_steps:
            with torch.no_grad():
                for mean, parameter in zip(self.means, self.nets.parameters()):
                    parameter.copy_(mean)

    def run(self, validation, tell=Progress):
        """validation: a split whose accuracy is recorded every tenth of the way; nothing follows from it."""
        progress = tell(self.recipe.epochs)
        every = max(1, self.recipe.epochs // 10)
        for number in range(self.recipe.epochs):
            losses = self.epoch(number)
            self.losses.append(losses.tolist())
            progress.show(number + 1, losses.mean().item())
            if number == 0:
                self.first_fill = self.nets.fill()
            if (number + 1) % every == 0:
                self.validate(number + 1, validation)
        self.take_average()
        self.finish()
        return self.nets


class BoundedTrainer(Trainer):
    """Nets with ranges that freeze, and with accumulators that may be bounded."""

    def set_phase(self, number):
        self.nets.ranges_follow = number < self.recipe.freeze_share * self.recipe.epochs
        schedule = self.recipe.prune_share * self.recipe.epochs
        if schedule:
            for layer in self.bounded():
                self.prune(layer, min(1.0, number / schedule))

    def shared_ranges(self, negacyclic=0.0):
        recipe = self.recipe
        return SharedRanges(recipe.range_share, recipe.cells, recipe.members, negacyclic > 0, negacyclic or 1.0)

    def bounded(self):
        return [layer for layer in self.nets.layers if layer.l1_bound is not None]

    @staticmethod
    def prune(layer, progress):
        """From the largest l1 norm that weights can have to the bound, by the same factor each epoch."""
        first = layer.limit * layer.latent.shape[2]
        layer.prune(max(layer.l1_bound, first * (layer.l1_bound / first) ** progress))

    def finish(self):
        """The bound holds from here on, whatever the last steps did."""
        self.nets.ranges_follow = False
        for layer in self.bounded():
            layer.prune(layer.l1_bound)

    def extra_losses(self):
        layers = self.bounded() if self.recipe.accumulator_penalty else []
        excess = self.recipe.accumulator_penalty * sum(layer.excess() for layer in layers)
        return excess + (self.rough_rows() if self.recipe.row_smoothing else 0)

    def rough_rows(self):
        """[S]"""
        rough = row_roughness(self.nets.image_layer().latent, self.used, self.images.shape[1:])
        return self.recipe.row_smoothing * rough


class TableTrainer(BoundedTrainer):
    def first_nets(self, mean_levels):
        if not self.recipe.hidden:
            shape = self.shape_of(len(mean_levels), self.recipe.neurons, logits_for(self.classes),
                                  self.recipe.levels - 1)
            return TableNets(shape, self.first_image_weights(shape.neurons), self.first_tables(shape), mean_levels,
                             self.shared_ranges(self.recipe.negacyclic))
        hidden = self.shape_of(len(mean_levels), self.recipe.hidden, 1, self.recipe.levels - 1)
        first = TableNets(hidden, self.first_image_weights(hidden.neurons), self.first_tables(hidden, 1.0), mean_levels,
                          self.shared_ranges(self.recipe.negacyclic))
        shape = self.shape_of(hidden.neurons, self.recipe.neurons, logits_for(self.classes), 2 * PEAK)
        return TwoTableLayers(first, shape, self.first_latent(shape.neurons, shape.inputs), self.first_tables(shape),
                              self.shared_ranges(self.recipe.negacyclic))

    def shape_of(self, inputs, neurons, outputs, span):
        """span: highest minus lowest input."""
        recipe, bits = self.recipe, self.recipe.accumulator_bits
        return Shape(inputs=inputs, neurons=neurons, outputs=outputs, knots=recipe.knots,
                     weight_bits=recipe.weight_bits, flat=recipe.flat,
                     l1_bound=None if bits is None else largest_l1(bits, span),
                     negacyclic=recipe.negacyclic > 0)

    def first_tables(self, shape, peak=None):
        """[S, H, C, K]"""
        peak = min(1.0, self.recipe.first_logit / shape.neurons) if peak is None else peak
        make = waves if shape.negacyclic else ramps
        return peak * make(len(self.dice.generators), shape.neurons, shape.outputs, shape.knots)

    def extra_losses(self):
        return super().extra_losses() + self.recipe.smoothing * self.nets.roughness()


class FcTrainer(BoundedTrainer):
    def first_nets(self, mean_levels):
        recipe = self.recipe
        shape = FcShape(inputs=len(mean_levels), layers=recipe.layers, outputs=logits_for(self.classes),
                        input_levels=recipe.levels, activation=Activation(recipe.activation, recipe.activation_bits),
                        weight_bits=recipe.weight_bits, accumulator_bits=recipe.accumulator_bits)
        widths = [shape.inputs, *shape.layers, shape.outputs]
        latents = [self.first_image_weights(widths[1])]
        latents += [self.first_latent(high, low) for low, high in zip(widths[1:], widths[2:])]
        return FcNets(shape, latents, mean_levels, [self.shared_ranges() for _ in shape.layers])

    def set_phase(self, number):
        super().set_phase(number)
        self.keep_live(min(1.0, number / (LIVE_SCHEDULE * self.recipe.epochs)))

    def finish(self):
        super().finish()
        self.keep_live(1.0)

    def keep_live(self, progress):
        """From all neurons of the last hidden layer to those that stay alive, by the same factor each epoch."""
        first, last = self.recipe.layers[-1], self.recipe.live
        if last:
            self.nets.output.keep(round(first * (last / first) ** progress))


class ExactTrainer(Trainer):
    def first_nets(self, mean_levels):
        recipe = self.recipe
        if len(mean_levels) < recipe.fan_in:
            raise TrainerError(f"images of {len(mean_levels)} values are too small for neurons that read "
                               f"{recipe.fan_in} of them; choose --net tables")
        shape = ExactShape(inputs=len(mean_levels), neurons=recipe.neurons, outputs=logits_for(self.classes),
                           levels=recipe.levels, fan_in=recipe.fan_in, step=recipe.step)
        latent = self.first_latent(shape.neurons, shape.inputs)
        return ExactNets(shape, latent, ramps(len(latent), shape.neurons, shape.outputs, shape.cells), mean_levels)

    def set_phase(self, number):
        """Prunes every neuron by the same factor each epoch, until it has its fan-in."""
        progress = min(1.0, number / (self.recipe.prune_share * self.recipe.epochs))
        first, last = min(self.recipe.first_fan_in, self.nets.shape.inputs), self.recipe.fan_in
        self.nets.kept = round(first * (last / first) ** progress)

    def finish(self):
        """However few the epochs were."""
        self.nets.kept = self.recipe.fan_in

    def extra_losses(self):
        return self.recipe.smoothing * self.nets.roughness()


TRAINERS = {"tables": TableTrainer, "fcnn": FcTrainer, "exact": ExactTrainer}
