#!/usr/bin/env python3
"""Trains nets on a data set in the MedMNIST .npz convention and exports the first average of them.

    train.py --set pneumoniamnist --out pneumoniamnist.tnn
    train.py --set pneumoniamnist --net fcnn --layers 392 --activation relu --bits 4 --out pneumoniamnist-392.tnn
    train.py --set breastmnist --net exact --out breastmnist-exact.tnn
    train.py --data digits.npz --out digits.tnn

Without --out nothing is exported and the test split is never opened: that is how a recipe is worked on.
recipes.py holds the numbers, docs/TRAINING.md the reason of each.
"""

import argparse
import math
import os
import signal
import sys
from dataclasses import fields, replace

# Batches are small products, one after the other: threads of OpenBLAS wait for each other. It reads this when loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until main() has a sentence for it

try:
    import numpy as np
    import torch

    import data
except ImportError as missing:
    sys.exit(f"train.py: {missing}; install what requirements.txt lists")

import measure
from baselines import LogisticRegression, describe_majority
from errors import TrainerError
from export import EXPORTS
from fcnn import ACTIVATIONS
from model_file import new_salt, write_model
from output import check_writable
from plot import load_pyplot, plot
from recipes import KINDS, contract_for, recipe_for
from report import print_baselines, print_fill, print_layers, print_split, provenance
from training import TRAINERS, class_weights

PLACES = ("position", "pixel", "logit", "rotation")  # of noise
INTERRUPTED = 128 + signal.SIGINT  # the exit code, as a shell gives it


class Splits:
    """The splits of one data set, all checked before training; test among them only where a model ships."""

    def __init__(self, path, names):
        self.path, self.names, self.set_name = path, names, data.set_name_of(path)
        self.loaded = data.load_splits(path, names)

    def __getitem__(self, name):
        return self.loaded[name]

    def quantized(self, name, levels):
        return data.quantize(self[name].images, levels), self[name].labels


def joined(splits):
    return data.Split(np.concatenate([split.images for split in splits]),
                      np.concatenate([split.labels for split in splits]))


def member_lists(recipe, models):
    """Which trained nets make up each model."""
    return [range(first, first + recipe.members) for first in range(0, models * recipe.members, recipe.members)]


def describe_split(models, splits, name, recipe, classes):
    """The figures of every model on one split. Noise is simulated where a choice or a result depends on it, not on
    train."""
    levels, labels = splits.quantized(name, recipe.levels)
    weights = class_weights(labels, classes, recipe.balanced)
    noise = None if name == "train" else recipe.noise
    return {"images": len(labels),
            "models": [measure.describe(model, levels, labels, noise, weights) for model in models]}


def compare_baselines(splits, recipe, classes):
    """Prints what any net has to beat, on every split that was loaded."""
    weights = class_weights(splits["train"].labels, classes, recipe.balanced)
    train, validation = (splits.quantized(name, recipe.levels) for name in ("train", "val"))
    regression = LogisticRegression(train, validation, classes, weights)
    for name in splits.names:
        levels, labels = splits.quantized(name, recipe.levels)
        print_baselines(name, {"most frequent class": describe_majority(splits["train"].labels, labels),
                               "logistic regression": regression.describe(levels, labels)})


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"takes 1 or more, not {text}")
    return value


def deviation(text):
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"takes 0 or more, not {text}")
    return value


def span(text):
    value = float(text)
    if value != 0 and not 0.5 <= value <= 4:
        raise argparse.ArgumentTypeError(f"takes 0, or 0.5 to 4, not {text}")
    return value


def layer_widths(text):
    widths = tuple(int(width) for width in text.split(","))
    if min(widths) < 1:
        raise argparse.ArgumentTypeError("every layer needs neurons")
    return widths


def split_names(text):
    names = tuple(text.split("+"))
    if names not in (("train",), ("train", "val")):
        raise argparse.ArgumentTypeError(f"takes train or train+val, not {text}")
    return names


def add_data_options(parser):
    parser.add_argument("--set", help="data set: <set>.npz in --data, $MEDMNIST_ROOT or ~/.medmnist")
    parser.add_argument("--data", help="an .npz file, or the folder of --set")
    parser.add_argument("--out", help="model file to write; without it the test split stays unread")
    parser.add_argument("--draft", help="model file to write without reading test: what explain says of it may still "
                                        "change the recipe")
    parser.add_argument("--plot", metavar="PNG", help="picture of tables and training (needs matplotlib)")
    parser.add_argument("--recipe", help="name of a recipe of recipes.py (default: the set's own)")
    parser.add_argument("--seeds", type=positive, default=4,
                        help="models, each of nets of its own, side by side; the first ships (default 4)")
    parser.add_argument("--splits", type=split_names, default=("train",), metavar="train[+val]",
                        help="what is trained on (default train)")
    parser.add_argument("--baselines", action="store_true", help="fit logistic regression as well, at the end")
    parser.add_argument("--threads", type=positive, default=1)


def add_net_options(parser):
    parser.add_argument("--net", choices=sorted(KINDS), default="tables",
                        help="learned tables (default), ordinary layers, or tables whose lookups are exact")
    parser.add_argument("--neurons", type=positive, help="tables and exact: neurons of a member")
    parser.add_argument("--hidden", type=positive, help="tables: neurons of a layer of tables before them")
    parser.add_argument("--members", type=positive, help="tables and exact: nets whose logits a model averages")
    parser.add_argument("--layers", type=layer_widths, help="fcnn: neurons of each hidden layer, such as 392 or 64,32")
    parser.add_argument("--live", type=positive, help="fcnn: neurons of the last hidden layer that logits read in the "
                                                      "end; the others are never bootstrapped")
    parser.add_argument("--activation", choices=ACTIVATIONS, help="fcnn")
    parser.add_argument("--bits", type=int, choices=range(1, 5), dest="activation_bits", help="fcnn: of activations")
    parser.add_argument("--weight-bits", type=int, choices=range(2, 5))
    parser.add_argument("--levels", type=int, help="grey levels of a pixel, 2 to 256: 16 for 4 bits")


def add_training_options(parser):
    parser.add_argument("--accumulator-bits", type=positive, help="bound of every accumulator, by its l1 norm")
    parser.add_argument("--accumulator-by", choices=("both", "penalty", "prune"), default="both",
                        help="how the bound is reached; what a penalty leaves is pruned at the end")
    parser.add_argument("--copies", type=int, help="augmented copies of each image, made once; 0: anew for each batch")
    parser.add_argument("--epochs", type=positive)
    parser.add_argument("--batch", type=positive)
    parser.add_argument("--balanced", action=argparse.BooleanOptionalAction, default=None,
                        help="weigh all classes the same")
    parser.add_argument("--negacyclic", type=span, metavar="X",
                        help="tables: on the whole torus, over X times what accumulators need; 0: on half of it")
    for place in PLACES:
        parser.add_argument(f"--{place}-noise", type=deviation, help="trained with; see network.Noise")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for add in (add_data_options, add_net_options, add_training_options):
        add(parser)
    options = parser.parse_args()
    if options.out and options.draft:
        parser.error("--draft is for a model that --out does not write yet")
    if not options.set and not options.data:
        parser.error("name a data set: --set NAME or --data FILE.npz")
    if options.levels is not None and not 2 <= options.levels <= 256:
        parser.error("--levels takes 2 to 256")
    if (options.copies or 0) < 0:
        parser.error("--copies takes no negative number")
    return options


def chosen_noise(noise, options):
    given = {place: getattr(options, place + "_noise") for place in PLACES}
    return replace(noise, **{place: value for place, value in given.items() if value is not None})


def chosen_recipe(options, set_name, train, classes):
    """The set's recipe with what the command line changes. Options that a kind of net has no use for are errors."""
    recipe = recipe_for(options.net, options.recipe, set_name, train, classes)
    names = ("neurons", "members", "layers", "live", "activation", "activation_bits", "weight_bits", "levels",
             "accumulator_bits", "copies", "epochs", "batch", "balanced", "negacyclic", "hidden")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    unknown = set(given) - {field.name for field in fields(recipe)}
    if unknown or (options.net == "fcnn" and "members" in given):
        raise TrainerError(f"--net {options.net} has no {', '.join(sorted(unknown) or ['members'])}")
    if options.accumulator_bits is not None:
        given.update({"penalty": {"prune_share": 0.0}, "prune": {"accumulator_penalty": 0.0}, "both": {}}
                     [options.accumulator_by])
    recipe = replace(recipe, **given)
    return recipe if recipe.noise is None else replace(recipe, noise=chosen_noise(recipe.noise, options))


def train_models(options, recipe, splits, classes):
    """The trainer, and every model in integers."""
    nets = list(range(1, options.seeds * recipe.members + 1))
    training = joined([splits[name] for name in options.splits])
    trainer = TRAINERS[options.net](recipe, training, classes, nets)
    trained = trainer.run(splits["val"])
    shape = training.images.shape[1:]
    models = [EXPORTS[options.net](trained, members, recipe, shape)
              for members in member_lists(recipe, options.seeds)]
    for model in models:
        model.contract = contract_for(options.net, options.recipe or splits.set_name, recipe)
    return trainer, models


def load(options):
    """The splits; whatever could stop the run later is checked here."""
    path = data.find_file(options.set, options.data)
    splits = Splits(path, data.SPLITS if options.out else ("train", "val"))
    outputs = [name for name in (options.out, options.draft, options.plot) if name]
    check_writable(outputs, path)
    if options.plot:
        load_pyplot()
    return splits


def ship(options, trainer, models, results, splits, classes):
    """Writes the first model, whatever it scores."""
    shipped, numbers = models[0], list(range(1, len(models) + 1))
    shipped.salt = new_salt()
    shipped.classes = data.class_names(splits.set_name, classes)
    shipped.provenance = provenance(splits.set_name, options.net, trainer.recipe, numbers, options.splits, results,
                                    shipped, trainer.first_fill)
    write_model(options.out or options.draft, shipped)


def run(options):
    torch.set_num_threads(options.threads)
    splits = load(options)
    classes = data.count_classes(splits["train"].labels)
    recipe = chosen_recipe(options, splits.set_name, splits["train"], classes)
    data.check_contrast(splits["train"], recipe.levels, splits.path)
    print(f"{splits.set_name}: {classes} classes, images of {splits['train'].images.shape[1:]}\n{recipe}", flush=True)
    trainer, models = train_models(options, recipe, splits, classes)
    results = {name: describe_split(models, splits, name, recipe, classes) for name in splits.names}
    for split, result in results.items():
        print_split(split, result, list(range(1, len(models) + 1)))
    print_layers(models[0])
    print_fill(trainer.first_fill, models[0])
    if options.out or options.draft:
        ship(options, trainer, models, results, splits, classes)
    if options.plot:
        plot(options.plot, models[0], trainer)
    if options.baselines:
        compare_baselines(splits, recipe, classes)


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run(parse_arguments())
    except TrainerError as error:
        sys.exit(f"train.py: {error}")
    except MemoryError:
        sys.exit("train.py: the data need more memory than there is; train on fewer or smaller images")
    except KeyboardInterrupt:
        print("\ntrain.py: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
