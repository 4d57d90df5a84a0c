"""The figures of a run as text, and as what a model file tells of its origin."""

from dataclasses import asdict

import numpy as np
import torch

import data
from model_file import reachable

TITLES = {"accuracy": "acc %", "auc": "AUC", "loss": "loss", "noisy_accuracy": "noisy acc %", "flip_rate": "flips %",
          "noisy_loss": "noisy loss"}
PERCENT = ("accuracy", "noisy_accuracy", "flip_rate")


def summary(figures):
    """Mean and sample deviation of each figure over the seeds (deviation None for a single seed)."""
    columns = {key: [row[key] for row in figures] for key in figures[0]}
    return {key: {"mean": float(np.mean(values)), "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None}
            for key, values in columns.items()}


def cell(key, value):
    if value is None:
        return ""
    return f"{100 * value:.2f}" if key in PERCENT else f"{value:.4f}"


def row_text(title, keys, values):
    return f"  {title:22}" + "".join(f"{cell(key, values.get(key)):>13}" for key in keys)


def print_split(split, result, seeds, chosen):
    """A table of one split: every seed, their mean and deviation, the seed that ships, the baselines."""
    keys = list(result["seeds"][0])
    print(f"\n{split}: {result['images']} images")
    print(f"  {'':22}" + "".join(f"{TITLES[key]:>13}" for key in keys))
    for seed, figures in zip(seeds, result["seeds"]):
        print(row_text(f"seed {seed}", keys, figures))
    over_seeds = summary(result["seeds"])
    print(row_text("mean of seeds", keys, {key: value["mean"] for key, value in over_seeds.items()}))
    print(row_text("deviation", keys, {key: value["sd"] for key, value in over_seeds.items()}))
    print(row_text(f"chosen: seed {seeds[chosen]}", keys, result["seeds"][chosen]))
    for name, figures in result["baselines"].items():
        print(row_text(name, keys, figures))


def input_ends(model, index):
    """Lowest and highest input of a layer."""
    tables = model.layers[index - 1].tables if index else None
    return (0, model.input_levels - 1) if tables is None else (int(tables.min()), int(tables.max()))


def describe_layers(model):
    """What the weights alone say of each layer: sparsity, l1 norms, the widest accumulator that an image can reach."""
    described = []
    for index, layer in enumerate(model.layers):
        lowest, highest = input_ends(model, index)
        low, high = reachable(layer.weights, layer.biases, highest, lowest)
        width = int((high - low).max()) + 1
        norms = np.abs(layer.weights.astype(np.int64)).sum(axis=1)
        described.append({"neurons": len(layer.weights), "zero_weight_share": float(np.mean(layer.weights == 0)),
                          "mean_l1": float(norms.mean()), "largest_l1": int(norms.max()),
                          "accumulator_values": width, "accumulator_bits": (width - 1).bit_length()})
    return described


def print_layers(model):
    print("\nlayer  neurons  zero weights  mean / largest l1  accumulator")
    for index, row in enumerate(describe_layers(model)):
        print(f"{index:5}  {row['neurons']:7}  {100 * row['zero_weight_share']:10.1f} %"
              f"  {row['mean_l1']:8.1f} / {row['largest_l1']:5}"
              f"  {row['accumulator_values']} values, {row['accumulator_bits']} bits")


def without_nan(value):
    """JSON has no NAN: None stands for a figure that is not defined."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    return None if value != value else value


def provenance(set_name, net, recipe, seeds, chosen, results, model):
    """What the model file tells of its origin. No date: the same command writes the same file. Model s of a recipe
    with members averages nets (s - 1) * members + 1 to s * members."""
    loss = "lowest loss under simulated noise" if recipe.noise else "lowest loss"
    test = "test read once by this run" if "test" in results else "draft: test not read"
    return without_nan({
        "set": set_name, "licence": data.LICENCES.get(set_name, data.NOT_STATED),
        "citation": data.CITATIONS.get(set_name, data.NOT_STATED), "net": net,
        "protocol": f"trained on train, seed chosen by val ({loss}), {test}",
        "images": {split: result["images"] for split, result in results.items()},
        "recipe": asdict(recipe), "seed": seeds[chosen], "seeds_tried": seeds,
        "metrics": {split: result["seeds"][chosen] for split, result in results.items()},
        "all_seeds": {split: summary(result["seeds"]) for split, result in results.items()},
        "baselines": {split: result["baselines"] for split, result in results.items()},
        "layers": describe_layers(model),
        "torch": torch.__version__,
    })
