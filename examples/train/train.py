#!/usr/bin/python3
"""Trains nets of learned tables on a two-class MedMNIST set and exports the one that validation picks.

    train.py --set pneumoniamnist --out pneumoniamnist.tnn
    train.py --set breastmnist --exact --out breastmnist-exact.tnn

Without --out nothing is exported and the test split is never opened: that is how a recipe is worked on.
recipes.py holds the numbers, README.md the reason of each.
"""

import argparse
from dataclasses import asdict, replace

import numpy as np
import torch

import data
import measure
from export import export, export_exact
from model_file import reachable, write_model
from recipes import EXACT_RECIPES, RECIPES
from training import ExactTrainer, TableTrainer, class_weights


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


def loss_key(recipe):
    return "noisy_loss" if recipe.noise else "loss"


def choose(validation, key):
    """The shipped seed: lowest validation loss, under simulated noise where there is noise. A loss tells apart models
    that a small split leaves equal in accuracy, and it punishes logits that noise can push over the threshold."""
    return min(range(len(validation)), key=lambda index: validation[index][key])


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
    loss = "lowest loss under simulated noise" if recipe.noise else "lowest loss"
    return {
        "set": name, "licence": data.LICENCE, "citation": data.CITATIONS[name],
        "protocol": f"trained on train, seed chosen by val ({loss}), test read once",
        "images": {split: result["images"] for split, result in results.items()},
        "recipe": asdict(recipe), "seed": seeds[chosen], "seeds_tried": seeds,  # model s averages nets (s-1)*members+1 .. s*members
        "metrics": {split: result["seeds"][chosen] for split, result in results.items()},
        "all_seeds": {split: summary(result["seeds"]) for split, result in results.items()},
        "torch": torch.__version__,
    }


def bounds(model):
    """What the exactness of the lookups rests on, and what it costs."""
    layer, logit = model.layers
    lows, highs = reachable(layer.weights, layer.biases, model.input_levels - 1)
    logit_low, logit_high = reachable(logit.weights, logit.biases, layer.tables.max())
    return {
        "widest_accumulator": int((highs - lows).max()) + 1,  # values that weights and pixels can reach
        "logit": [int(logit_low[0]), int(logit_high[0])],     # whatever the image
        "activation_bits": int(layer.tables.max()).bit_length(),
        "zero_weight_share": float(np.mean(layer.weights == 0)),
    }


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", choices=sorted(RECIPES), required=True)
    parser.add_argument("--exact", action="store_true", help="nets whose table lookups are exact under encryption")
    parser.add_argument("--data", help="folder of the .npz files (else $MEDMNIST_ROOT, else ~/.medmnist)")
    parser.add_argument("--seeds", type=int, default=8, help="models, numbered from 1, trained side by side")
    parser.add_argument("--neurons", type=int)
    parser.add_argument("--levels", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", help="model file to write; without it the test split stays unread")
    options = parser.parse_args()
    if options.exact and options.set not in EXACT_RECIPES:
        parser.error(f"--exact has recipes for {', '.join(sorted(EXACT_RECIPES))} only")
    return options


def chosen_recipe(options):
    recipes = EXACT_RECIPES if options.exact else RECIPES
    given = {key: getattr(options, key) for key in ("neurons", "levels", "epochs") if getattr(options, key)}
    return replace(recipes[options.set], **given)


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    recipe, root = chosen_recipe(options), data.data_root(options.data)
    seeds = list(range(1, options.seeds + 1))
    train = data.load_split(options.set, "train", root)
    trainer, exported = (ExactTrainer, export_exact) if options.exact else (TableTrainer, export)
    nets = trainer(recipe, train, list(range(1, len(seeds) * recipe.members + 1))).run()
    models = [exported(nets, members, recipe, train.images.shape[1:]) for members in member_lists(recipe, len(seeds))]

    splits = data.SPLITS if options.out else ("train", "val")
    results = {split: describe_split(models, options.set, split, root, recipe) for split in splits}
    for split, result in results.items():
        print_figures(split, seeds, result["seeds"])
    chosen = choose(results["val"]["seeds"], loss_key(recipe))
    print(f"validation picks seed {seeds[chosen]}")
    if options.exact:
        print(f"bounds: {bounds(models[chosen])}")
    if options.out:
        models[chosen].provenance = provenance(options.set, recipe, seeds, chosen, results)
        if options.exact:
            models[chosen].provenance["bounds"] = bounds(models[chosen])
        write_model(options.out, models[chosen])


if __name__ == "__main__":
    main()
