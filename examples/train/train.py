#!/usr/bin/python3
"""Trains nets of learned tables on a two-class MedMNIST set and exports the one that validation picks.

    train.py --set pneumoniamnist --out pneumoniamnist.tnn

Without --out nothing is exported and the test split is never opened: that is how a recipe is worked on.
README.md gives the reason of each number below.
"""

import argparse
import math
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
import torch.nn.functional as functional

import data
import measure
from augment import Augmentation, augment, to_levels
from export import export
from model_file import write_model
from network import Noise, Shape, TableNets, excess


@dataclass(frozen=True)
class Recipe:
    neurons: int  # of one member
    levels: int
    epochs: int
    batch: int
    balanced: bool  # both classes weigh the same in the loss
    augmentation: Augmentation
    members: int = 1  # nets, from consecutive seeds, whose logits are averaged into one model
    weight_bits: int = 2
    knots: int = 32
    cells: int = 128
    flat: float = 0.04
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    first_weight_std: float = 0.02
    label_smoothing: float = 0.05
    smoothing: float = 1e-6     # times the integral of f''^2
    excess_penalty: float = 100.0
    freeze_share: float = 0.6   # of the epochs, after which input ranges stay
    noise: Noise = Noise(position=0.008, pixel=6.6, logit=0.4)


SMALL_CHANGES = Augmentation(rotation=5, shift=1, zoom=0.05, contrast=0.15, brightness=15, mirror=False)

RECIPES = {
    "pneumoniamnist": Recipe(neurons=8, levels=16, epochs=120, batch=128, balanced=True, augmentation=SMALL_CHANGES),
    "breastmnist": Recipe(neurons=16, members=2, levels=16, epochs=200, batch=64, balanced=False,
                          augmentation=replace(SMALL_CHANGES, mirror=True),
                          noise=Noise(position=0.008, pixel=6.6, logit=1.0)),
}


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


def first_nets(shape, recipe, dice, mean_levels):
    """Random weights; every table a ramp, so that the net starts as a linear one."""
    latent = dice.normal(shape.neurons, shape.inputs) * recipe.first_weight_std
    ramp = torch.linspace(-1, 1, shape.knots)
    tables = ramp.expand(len(latent), shape.neurons, shape.outputs, -1).clone()
    return TableNets(shape, latent, tables, mean_levels)


def class_weights(labels, balanced):
    counts = np.bincount(labels, minlength=2)
    return len(labels) / (2 * counts) if balanced else np.ones(2)


def classification_loss(logits, labels, weights, label_smoothing):
    """logits [S, B, 1], labels [S, B]; returns [S]."""
    targets = labels * (1 - label_smoothing) + label_smoothing / 2
    losses = functional.binary_cross_entropy_with_logits(logits.squeeze(2), targets, reduction="none")
    return (losses * weights[labels.long()]).mean(dim=1)


class Trainer:
    def __init__(self, recipe, split, seeds):
        self.recipe = recipe
        self.images = torch.from_numpy(split.images).permute(0, 3, 1, 2).float()
        self.labels = torch.from_numpy(split.labels).float()
        self.class_weights = torch.from_numpy(class_weights(split.labels, recipe.balanced)).float()
        self.dice = Dice(seeds)
        shape = Shape(inputs=self.images[0].numel(), neurons=recipe.neurons, outputs=1, knots=recipe.knots,
                      weight_bits=recipe.weight_bits, flat=recipe.flat)
        mean_levels = to_levels(self.images, recipe.levels).mean(dim=0)
        self.nets = first_nets(shape, recipe, self.dice, mean_levels)
        self.optimizer = torch.optim.AdamW(self.nets.parameters(), recipe.learning_rate,
                                           weight_decay=recipe.weight_decay)

    def batch_levels(self, chosen):
        """chosen: image numbers [S, B]; returns augmented levels [S, B, I]."""
        seeds, count = chosen.shape
        draws = self.dice.uniform(count, Augmentation.DRAWS).flatten(0, 1)
        images = augment(self.images[chosen.flatten()], draws, self.recipe.augmentation)
        return to_levels(images, self.recipe.levels).reshape(seeds, count, -1)

    def losses(self, chosen):
        """[S]: every seed's own loss; their sum has independent gradients."""
        count, shape = chosen.shape[1], self.nets.shape
        logits, positions = self.nets(self.batch_levels(chosen), self.recipe.noise,
                                      self.dice.normal(count, shape.neurons), self.dice.normal(count, shape.outputs))
        loss = classification_loss(logits, self.labels[chosen], self.class_weights, self.recipe.label_smoothing)
        return (loss + self.recipe.excess_penalty * excess(positions)
                + self.recipe.smoothing * self.nets.roughness())

    def step(self, chosen):
        self.optimizer.zero_grad()
        losses = self.losses(chosen)
        losses.sum().backward()
        self.optimizer.step()
        return losses.mean().item()

    def set_rate(self, progress):
        """Cosine decay to zero; progress in 0..1."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * (1 + math.cos(math.pi * progress)) / 2

    def epoch(self, number):
        self.nets.ranges_follow = number < self.recipe.freeze_share * self.recipe.epochs
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



def describe_split(models, name, split, root, recipe):
    """The figures of every model on one split, and the split's size."""
    loaded = data.load_split(name, split, root)
    levels = data.quantize(loaded.images, recipe.levels)
    weights = class_weights(loaded.labels, recipe.balanced)
    figures = [measure.describe(model, levels, loaded.labels, recipe.noise, weights) for model in models]
    return {"images": len(loaded.labels), "seeds": figures}


def member_lists(recipe, models):
    """Which trained nets make up each model."""
    return [range(first, first + recipe.members) for first in range(0, models * recipe.members, recipe.members)]


def choose(validation):
    """The shipped seed: lowest validation loss under simulated noise. A loss tells apart models that a small split
    leaves equal in accuracy, and it punishes logits that noise can push over the threshold."""
    return min(range(len(validation)), key=lambda index: validation[index]["noisy_loss"])


def summary(figures):
    """Mean and sample deviation of each figure over the seeds (deviation None for a single seed)."""
    columns = {key: [row[key] for row in figures] for key in figures[0]}
    return {key: {"mean": float(np.mean(values)), "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None}
            for key, values in columns.items()}


def print_figures(split, seeds, figures):
    for seed, row in zip(seeds, figures):
        print(f"{split} seed {seed}: " + ", ".join(f"{key} {value:.4f}" for key, value in row.items()))
    for key, value in summary(figures).items():
        deviation = "" if value["sd"] is None else f" +- {value['sd']:.4f}"
        print(f"{split} all seeds: {key} {value['mean']:.4f}{deviation}")


def provenance(name, recipe, seeds, chosen, results):
    """What the model file tells of its origin. No date: the same command writes the same file."""
    return {
        "set": name, "licence": data.LICENCE, "citation": data.CITATIONS[name],
        "protocol": "trained on train, seed chosen by val (lowest loss under simulated noise), test read once",
        "images": {split: result["images"] for split, result in results.items()},
        "recipe": asdict(recipe), "seed": seeds[chosen], "seeds_tried": seeds,  # model s averages nets (s-1)*members+1 .. s*members
        "metrics": {split: result["seeds"][chosen] for split, result in results.items()},
        "all_seeds": {split: summary(result["seeds"]) for split, result in results.items()},
        "torch": torch.__version__,
    }


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", choices=sorted(RECIPES), required=True)
    parser.add_argument("--data", help="folder of the .npz files (else $MEDMNIST_ROOT, else ~/.medmnist)")
    parser.add_argument("--seeds", type=int, default=8, help="models, numbered from 1, trained side by side")
    parser.add_argument("--neurons", type=int)
    parser.add_argument("--levels", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", help="model file to write; without it the test split stays unread")
    return parser.parse_args()


def chosen_recipe(options):
    given = {key: getattr(options, key) for key in ("neurons", "levels", "epochs") if getattr(options, key)}
    return replace(RECIPES[options.set], **given)


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    recipe, root = chosen_recipe(options), data.data_root(options.data)
    seeds = list(range(1, options.seeds + 1))
    train = data.load_split(options.set, "train", root)
    nets = Trainer(recipe, train, list(range(1, len(seeds) * recipe.members + 1))).run()
    models = [export(nets, members, recipe, train.images.shape[1:]) for members in member_lists(recipe, len(seeds))]

    splits = data.SPLITS if options.out else ("train", "val")
    results = {split: describe_split(models, options.set, split, root, recipe) for split in splits}
    for split, result in results.items():
        print_figures(split, seeds, result["seeds"])
    chosen = choose(results["val"]["seeds"])
    print(f"validation picks seed {seeds[chosen]}")
    if options.out:
        models[chosen].provenance = provenance(options.set, recipe, seeds, chosen, results)
        write_model(options.out, models[chosen])


if __name__ == "__main__":
    main()
