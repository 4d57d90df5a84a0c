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


def print_split(split, result, models):
    """A table of one split: every model, their mean and deviation, the baselines. The first model ships."""
    keys = list(result["models"][0])
    print(f"\n{split}: {result['images']} images")
    print(f"  {'':22}" + "".join(f"{TITLES[key]:>13}" for key in keys))
    for number, figures in zip(models, result["models"]):
        print(row_text(f"model {number}" + (", ships" if number == 1 else ""), keys, figures))
    over_models = summary(result["models"])
    print(row_text("mean of models", keys, {key: value["mean"] for key, value in over_models.items()}))
    print(row_text("deviation", keys, {key: value["sd"] for key, value in over_models.items()}))


def print_baselines(split, baselines):
    print(f"\n{split}, baselines")
    keys = ("accuracy", "auc")
    print(f"  {'':22}" + "".join(f"{TITLES[key]:>13}" for key in keys))
    for name, figures in baselines.items():
        print(row_text(name, keys, figures))


def figures_of(values):
    """Of one number a neuron."""
    return {"min": float(np.min(values)), "median": float(np.median(values)), "max": float(np.max(values))}


def layer_fill(layer):
    """Of the neurons of a model: range widths over the widest, and l2 norms over widths."""
    widths = (layer.ranges[:, 1].astype(np.int64) - layer.ranges[:, 0] + 1).astype(float)
    return widths / widths.max(), np.linalg.norm(layer.weights.astype(float), axis=1) / widths


def rounded(values):
    return [float(f"{value:.4g}") for value in values]


def described_fill(pairs):
    """Of each table layer; a list has a number a neuron."""
    return [{"width_over_widest": rounded(shares), "l2_over_width": rounded(norms)} for shares, norms in pairs]


def print_fill(before, model):
    """before: pairs of width over widest and norm over width, a pair a table layer, as SharedRanges.fill has them; none
    where training does not follow ranges."""
    rows = [("after training", index, layer_fill(layer)) for index, layer in enumerate(model.layers[:-1])]
    rows = [("first epoch", index, pair) for index, pair in enumerate(before)] + rows
    print("\nlayer  when            width over widest: min, median, max   l2 norm over width: min, median, max")
    for when, index, pair in rows:
        shares, norms = (figures_of(values).values() for values in pair)
        print(f"{index:5}  {when:14}" + "".join(f"{value:12.3f}" for value in shares) + "   "
              + "".join(f"{value:12.5f}" for value in norms))


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


def provenance(set_name, net, recipe, models, trained_on, results, model, first_fill):
    """What the model file tells of its origin. No date: the same command writes the same file. Model m averages nets
    (m - 1) * members + 1 to m * members; the first ships. trained_on: names of splits; first_fill: print_fill's
    before."""
    test = "test read once by this run" if "test" in results else "draft: test not read"
    return without_nan({
        "set": set_name, "licence": data.LICENCES.get(set_name, data.NOT_STATED),
        "citation": data.CITATIONS.get(set_name, data.NOT_STATED), "net": net,
        "protocol": f"trained on {' and '.join(trained_on)}; ships the first of {len(models)} models whatever it "
                    f"scores; {test}",
        "images": {split: result["images"] for split, result in results.items()},
        "recipe": asdict(recipe), "model": 1, "models": len(models), "nets_of_model": recipe.members,
        "metrics": {split: result["models"][0] for split, result in results.items()},
        "each_model": {split: result["models"] for split, result in results.items()},
        "all_models": {split: summary(result["models"]) for split, result in results.items()},
        "layers": describe_layers(model), "fill": described_fill([layer_fill(layer) for layer in model.layers[:-1]]),
        "fill_of_first_epoch": described_fill(first_fill),
        "torch": torch.__version__,
    })
