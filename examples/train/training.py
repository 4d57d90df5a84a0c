"""The training loops: one for nets of noisy tables, one for nets of exact tables, all seeds side by side."""

import math

import numpy as np
import torch
import torch.nn.functional as functional

from augment import Augmentation, augment, to_levels
from exact_network import ExactNets, ExactShape
from network import Shape, TableNets, excess


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

    def permutations(self, count):
        return self.stack(lambda generator: torch.randperm(count, generator=generator))


def ramps(shape, nets, cells):
    """Tables [S, H, C, cells] from -1 to 1, so that a net starts as a linear one."""
    return torch.linspace(-1, 1, cells).expand(nets, shape.neurons, shape.outputs, -1).clone()


def class_weights(labels, balanced):
    counts = np.bincount(labels, minlength=2)
    return len(labels) / (2 * counts) if balanced else np.ones(2)


def classification_loss(logits, labels, weights, label_smoothing):
    """logits [S, B, 1], labels [S, B]; returns [S]."""
    targets = labels * (1 - label_smoothing) + label_smoothing / 2
    losses = functional.binary_cross_entropy_with_logits(logits.squeeze(2), targets, reduction="none")
    return (losses * weights[labels.long()]).mean(dim=1)


class Trainer:
    """What both kinds of nets share; a kind adds first_nets, batch_losses and, where it needs one, set_phase."""

    def __init__(self, recipe, split, seeds):
        self.recipe = recipe
        self.images = torch.from_numpy(split.images).permute(0, 3, 1, 2).float()
        self.labels = torch.from_numpy(split.labels).float()
        self.class_weights = torch.from_numpy(class_weights(split.labels, recipe.balanced)).float()
        self.dice = Dice(seeds)
        self.nets = self.first_nets(to_levels(self.images, recipe.levels).mean(dim=0))
        self.optimizer = torch.optim.AdamW(self.nets.parameters(), recipe.learning_rate,
                                           weight_decay=recipe.weight_decay)

    def first_latent(self, shape):
        """[S, H, I]: random weights."""
        return self.dice.normal(shape.neurons, shape.inputs) * self.recipe.first_weight_std

    def set_phase(self, number):
        """Before epoch `number`."""

    def classification_losses(self, logits, chosen):
        return classification_loss(logits, self.labels[chosen], self.class_weights, self.recipe.label_smoothing)

    def batch_levels(self, chosen):
        """chosen: image numbers [S, B]; returns augmented levels [S, B, I]."""
        seeds, count = chosen.shape
        draws = self.dice.uniform(count, Augmentation.DRAWS).flatten(0, 1)
        images = augment(self.images[chosen.flatten()], draws, self.recipe.augmentation)
        return to_levels(images, self.recipe.levels).reshape(seeds, count, -1)

    def step(self, chosen):
        self.optimizer.zero_grad()
        losses = self.batch_losses(chosen)
        losses.sum().backward()
        self.optimizer.step()
        return losses.mean().item()

    def set_rate(self, progress):
        """Cosine decay to zero; progress in 0..1."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * (1 + math.cos(math.pi * progress)) / 2

    def epoch(self, number):
        self.set_phase(number)
        order = self.dice.permutations(len(self.images))
        batches = order.split(self.recipe.batch, dim=1)
        total = 0.0
        for index, chosen in enumerate(batches):
            self.set_rate((number + index / len(batches)) / self.recipe.epochs)
            total += self.step(chosen)
        return total / len(batches)

    def run(self):
        report_every = max(1, self.recipe.epochs // 10)
        for number in range(self.recipe.epochs):
            loss = self.epoch(number)
            if (number + 1) % report_every == 0:
                print(f"epoch {number + 1:4} of {self.recipe.epochs}: mean loss {loss:.4f}", flush=True)
        return self.nets


class TableTrainer(Trainer):
    def first_nets(self, mean_levels):
        recipe = self.recipe
        shape = Shape(inputs=len(mean_levels), neurons=recipe.neurons, outputs=1, knots=recipe.knots,
                      weight_bits=recipe.weight_bits, flat=recipe.flat)
        latent = self.first_latent(shape)
        return TableNets(shape, latent, ramps(shape, len(latent), shape.knots), mean_levels)

    def set_phase(self, number):
        self.nets.ranges_follow = number < self.recipe.freeze_share * self.recipe.epochs

    def batch_losses(self, chosen):
        """[S]: every seed's own loss; their sum has independent gradients."""
        count, shape = chosen.shape[1], self.nets.shape
        logits, positions = self.nets(self.batch_levels(chosen), self.recipe.noise,
                                      self.dice.normal(count, shape.neurons), self.dice.normal(count, shape.outputs))
        return (self.classification_losses(logits, chosen) + self.recipe.excess_penalty * excess(positions)
                + self.recipe.smoothing * self.nets.roughness())


class ExactTrainer(Trainer):
    def first_nets(self, mean_levels):
        recipe = self.recipe
        shape = ExactShape(inputs=len(mean_levels), neurons=recipe.neurons, outputs=1, levels=recipe.levels,
                           fan_in=recipe.fan_in, step=recipe.step)
        latent = self.first_latent(shape)
        return ExactNets(shape, latent, ramps(shape, len(latent), shape.cells), mean_levels)

    def set_phase(self, number):
        """Prunes every neuron by the same factor each epoch, until it has its fan-in."""
        progress = min(1.0, number / (self.recipe.prune_share * self.recipe.epochs))
        first, last = self.recipe.first_fan_in, self.recipe.fan_in
        self.nets.kept = round(first * (last / first) ** progress)

    def batch_losses(self, chosen):
        """[S], as in TableTrainer. Lookups are exact, so no noise is trained with."""
        logits = self.nets(self.batch_levels(chosen))
        return self.classification_losses(logits, chosen) + self.recipe.smoothing * self.nets.roughness()
