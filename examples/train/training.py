"""The training loops, one class for each kind of nets, all seeds side by side.

Letters in the shapes: S seeds, B images of a batch, I inputs, H neurons, C logits.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as functional

from augment import to_levels
from errors import TrainerError
from exact_network import ExactNets, ExactShape
from fcnn import Activation, FcNets, FcShape
from network import Noise, Shape, TableNets
from pool import source_of_batches
from progress import Progress
from quantizer import largest_l1

QUIET = Noise(position=0, pixel=0, logit=0)
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
        self.nets = self.first_nets(self.mean_levels())  # refuses what cannot be made before a teacher costs minutes
        self.source = source_of_batches(self.images, self.labels, classes, recipe)
        self.optimizer = torch.optim.AdamW(self.nets.parameters(), recipe.learning_rate,
                                           weight_decay=recipe.weight_decay)
        self.losses = []      # [epochs][S], mean of each epoch
        self.validation = []  # pairs: epochs done, share of validation images that each seed gets right

    def mean_levels(self):
        """[I]"""
        total = sum(to_levels(chunk.float(), self.recipe.levels).sum(dim=0) for chunk in self.images.split(CHUNK))
        return total / len(self.images)

    def first_latent(self, neurons, inputs):
        """[S, H, I]: random weights."""
        return self.dice.normal(neurons, inputs) * self.recipe.first_weight_std

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
        return Batch(levels, targets, self.class_weights[self.labels[chosen]])

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
        order = self.dice.permutations(len(self.images))
        batches = order.split(self.recipe.batch, dim=1)
        total = 0
        for index, chosen in enumerate(batches):
            self.set_rate((number + index / len(batches)) / self.recipe.epochs)
            total = total + self.step(chosen)
        return total / len(batches)

    def predict(self, images):
        """uint8 [count, height, width, channels] to logits [S, count, C] without noise."""
        follow, self.nets.ranges_follow = getattr(self.nets, "ranges_follow", False), False
        chunks = torch.from_numpy(images).permute(0, 3, 1, 2).split(CHUNK)
        with torch.no_grad():
            logits = [self.nets(to_levels(chunk.float(), self.recipe.levels).expand(len(self.dice.generators), -1, -1),
                                QUIET, lambda *shape: torch.zeros(shape))[0] for chunk in chunks]
        self.nets.ranges_follow = follow
        return torch.cat(logits, dim=1)

    def validate(self, done, split):
        right = class_scores(self.predict(split.images)).argmax(dim=2) == torch.from_numpy(split.labels)
        self.validation.append((done, right.float().mean(dim=1).tolist()))

    def run(self, validation, tell=Progress):
        """validation: a split whose accuracy is recorded every tenth of the way; nothing follows from it."""
        progress = tell(self.recipe.epochs)
        every = max(1, self.recipe.epochs // 10)
        for number in range(self.recipe.epochs):
            losses = self.epoch(number)
            self.losses.append(losses.tolist())
            progress.show(number + 1, losses.mean().item())
            if (number + 1) % every == 0:
                self.validate(number + 1, validation)
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
        return self.recipe.accumulator_penalty * sum(layer.excess() for layer in layers)


class TableTrainer(BoundedTrainer):
    def first_nets(self, mean_levels):
        recipe, bits = self.recipe, self.recipe.accumulator_bits
        shape = Shape(inputs=len(mean_levels), neurons=recipe.neurons, outputs=logits_for(self.classes),
                      knots=recipe.knots, weight_bits=recipe.weight_bits, flat=recipe.flat,
                      l1_bound=None if bits is None else largest_l1(bits, recipe.levels - 1),
                      step_in_gradient=recipe.step_in_gradient)
        latent = self.first_latent(shape.neurons, shape.inputs)
        return TableNets(shape, latent, ramps(len(latent), shape.neurons, shape.outputs, shape.knots), mean_levels)

    def extra_losses(self):
        return super().extra_losses() + self.recipe.smoothing * self.nets.roughness()


class FcTrainer(BoundedTrainer):
    def first_nets(self, mean_levels):
        recipe = self.recipe
        shape = FcShape(inputs=len(mean_levels), layers=recipe.layers, outputs=logits_for(self.classes),
                        input_levels=recipe.levels, activation=Activation(recipe.activation, recipe.activation_bits),
                        weight_bits=recipe.weight_bits, accumulator_bits=recipe.accumulator_bits)
        widths = [shape.inputs, *shape.layers, shape.outputs]
        return FcNets(shape, [self.first_latent(high, low) for low, high in zip(widths, widths[1:])], mean_levels)


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
