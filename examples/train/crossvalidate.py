#!/usr/bin/env python3
"""Cross-validates a recipe within train + validation and stores what every net says of images it has not seen.

    crossvalidate.py --set breastmnist --recipe breastmnist --folds grouped --members 1,2,4 --out results.json

compare.py tells two such files apart. The test split is never opened.
"""

import argparse
import ast
import json
import sys
import time
from dataclasses import asdict, replace

import numpy as np
import torch

import data
import folds
import measure
from errors import TrainerError
from export import EXPORTS
from model_file import accumulate, integer_logits
from output import check_writable, write_whole
from recipes import KINDS, contract_for, recipe_for
from training import TRAINERS, Dice

DRAWS = 20       # of the noise, for each image
LARGEST_CUT = 5  # images by which folds that train together may differ


def joined_splits(path):
    """Train and validation as one split."""
    splits = data.load_splits(path, ("train", "val")).values()
    return data.Split(*(np.concatenate([getattr(split, part) for split in splits]) for part in ("images", "labels")))


def part_of(split, chosen):
    return data.Split(split.images[chosen], split.labels[chosen])


def averages(nets, count):
    """Seeds of each disjoint average of `count` nets, as numbers from 0."""
    return [range(first, first + count) for first in range(0, nets - count + 1, count)]


def changed_share(model, levels, noise):
    """[N]: the share of draws in which noise changes an image's class."""
    if noise is None:
        return np.zeros(len(levels))
    generator, first = np.random.default_rng(1), accumulate(model.layers[0], levels)
    clear = measure.classes_of(integer_logits(model, levels))
    return np.mean([measure.classes_of(measure.noisy_logits(model, first, noise, generator)) != clear
                    for _ in range(DRAWS)], axis=0)


class FoldDice(Dice):
    """Lets every net draw images of its own."""

    def __init__(self, dice, own):
        """own: for each net numbers of images, [N], of equal count."""
        self.generators, self.own = dice.generators, own

    def permutations(self, _count):
        return torch.stack([images[torch.randperm(len(images), generator=generator)]
                            for images, generator in zip(self.own, self.generators)])


def maker(kind, recipe, nets, split):
    """A function that makes a model of some nets."""
    def make(members):
        model = EXPORTS[kind](nets, members, recipe, split.images.shape[1:])
        model.contract = contract_for(kind, None, recipe)
        return model

    return make


def train_apart(options, recipe, split, held, classes, seeds):
    """For each fold a function that makes a model of some of its nets, which have not seen the images held out."""
    for held_out in held:
        trainer = TRAINERS[options.net](recipe, part_of(split, ~held_out), classes, seeds)
        yield maker(options.net, recipe, trainer.run(part_of(split, held_out)), split)


def train_together(options, recipe, split, held, classes, seeds):
    """As train_apart, the nets of all folds side by side, which takes little longer than those of one. All are centred
    on the mean of all images, and folds are cut to the smallest, by an image or two."""
    count = min((~held_out).sum() for held_out in held)
    own = [torch.from_numpy(np.flatnonzero(~held_out)[:count]) for held_out in held for _ in seeds]
    trainer = TRAINERS[options.net](recipe, split, classes, seeds * len(held))
    trainer.dice = FoldDice(trainer.dice, own)
    make = maker(options.net, recipe, trainer.run(part_of(split, held[0])), split)
    for fold in range(len(held)):
        yield lambda members, first=fold * len(seeds): make([first + member for member in members])


def can_train_together(kind, recipe, held):
    """Small nets and folds of a size."""
    sizes = [held_out.sum() for held_out in held]
    return kind != "fcnn" and max(sizes) - min(sizes) <= LARGEST_CUT


class Run:
    """What one average net of each fold says, put together over all images."""

    def __init__(self, images, outputs):
        self.logits, self.changes = np.zeros((images, outputs)), np.zeros(images)

    def add(self, model, levels, held_out, noise):
        seen = levels[held_out]
        self.logits[held_out] = integer_logits(model, seen) * model.output_scale
        self.changes[held_out] = changed_share(model, seen, noise)

    def described(self):
        return {"logits": self.logits.round(5).tolist(), "changes": self.changes.round(4).tolist()}


def seeds_of(repeat, nets):
    """Other seeds in each repeat; the folds of one repeat share theirs."""
    return list(range(1 + repeat * nets, 1 + (repeat + 1) * nets))


def one_repeat(options, recipe, split, classes, repeat):
    """{members: runs}"""
    levels = data.quantize(split.images, recipe.levels)
    fold_of = folds.make_folds(options.folds, split.images, split.labels, options.parts, repeat)
    held = [fold_of == fold for fold in np.unique(fold_of)]
    outputs = 1 if classes == 2 else classes
    runs = {count: [Run(len(levels), outputs) for _ in averages(options.nets, count)] for count in options.members}
    train = train_together if can_train_together(options.net, recipe, held) else train_apart
    started = time.time()
    for held_out, make in zip(held, train(options, recipe, split, held, classes, seeds_of(repeat, options.nets))):
        for count, same in runs.items():
            for run, members in zip(same, averages(options.nets, count)):
                run.add(make(members), levels, held_out, options.noise)
        print(f"repeat {repeat}: {held_out.sum()} images, {time.time() - started:.0f} s", flush=True)
    return runs


def print_runs(runs, labels):
    for count, same in runs.items():
        figures = [(measure.accuracy(run.logits, labels), measure.auc(run.logits, labels), run.changes.mean())
                   for run in same]
        accuracy, auc, changes = np.mean(figures, axis=0)
        print(f"averages of {count}: accuracy {100 * accuracy:.2f} %, AUC {auc:.4f}, class changes "
              f"{100 * changes:.2f} %", flush=True)


def crossvalidate(options):
    path = data.find_file(options.set, options.data)
    check_writable([options.out], path)
    split = joined_splits(path)
    classes = data.count_classes(split.labels)
    recipe = changed(recipe_for(options.net, options.recipe, data.set_name_of(path), split, classes), options.change)
    options.members = options.members or [recipe.members]
    options.nets = options.nets or options.members[-1]
    recipe = replace(recipe, members=options.members[-1])
    options.noise = changed(recipe.noise, options.simulated) if recipe.noise else None
    print(recipe, flush=True)
    every = {count: [] for count in options.members}
    for repeat in range(options.repeats):
        runs = one_repeat(options, recipe, split, classes, repeat)
        print_runs(runs, split.labels)
        for count in runs:
            every[count] += runs[count]
        write_whole(options.out, json.dumps({
            "set": data.set_name_of(path), "net": options.net, "recipe": asdict(recipe),
            "noise": options.noise and asdict(options.noise), "folds": options.folds,
            "repeats": repeat + 1, "labels": split.labels.tolist(),
            "averages": {count: [run.described() for run in same] for count, same in every.items()}}).encode())
    print_runs(every, split.labels)


def changed(recipe, changes):
    """`key=value`, and of a recipe `noise.key=value`."""
    for name, value in changes:
        place, _, inner = name.partition(".")
        if not hasattr(recipe, place) or (inner and not hasattr(getattr(recipe, place), inner)):
            raise TrainerError(f"recipes have no {name}")
        recipe = replace(recipe, **{place: replace(getattr(recipe, place), **{inner: value}) if inner else value})
    return recipe


def change(text):
    name, _, value = text.partition("=")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError) as error:
        raise argparse.ArgumentTypeError(f"takes KEY=VALUE, not {text}") from error


def counts(text):
    values = sorted({int(value) for value in text.split(",")})
    if values[0] < 1:
        raise argparse.ArgumentTypeError("averages are of 1 net or more")
    return values


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--set", help="as train.py")
    parser.add_argument("--data", help="as train.py")
    parser.add_argument("--net", choices=sorted(KINDS), default="tables")
    parser.add_argument("--recipe", help="as train.py")
    parser.add_argument("--change", type=change, action="append", default=[], metavar="KEY=VALUE",
                        help="another value in the recipe, such as neurons=16 or noise.position=0.01")
    parser.add_argument("--simulated", type=change, action="append", default=[], metavar="KEY=VALUE",
                        help="noise of the circuit, such as position=0.004, where it is not what training injects")
    parser.add_argument("--folds", choices=folds.KINDS, default="plain")
    parser.add_argument("--parts", type=int, default=5, help="folds of a repeat (default 5)")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--nets", type=int, help="nets a fold (default: the largest of --members)")
    parser.add_argument("--members", type=counts,
                        help="nets in an average, such as 1,2,4 (default: the recipe's)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", required=True, help="file of results, JSON")
    return parser.parse_args()


def main():
    options = parse_arguments()
    torch.set_num_threads(options.threads)
    try:
        crossvalidate(options)
    except TrainerError as error:
        sys.exit(f"crossvalidate.py: {error}")


if __name__ == "__main__":
    main()
