"""A picture of what was trained: the tables of the model that ships, and how the nets got there. Needs matplotlib."""

import math

import numpy as np

from errors import TrainerError

MOST_TABLES = 32  # neurons of the first layer that are drawn


def load_pyplot():
    """Checked before training, so that minutes are not spent for nothing."""
    try:
        import matplotlib
    except ImportError as error:
        raise TrainerError("--plot needs matplotlib: pip install matplotlib (Debian: python3-matplotlib)") from error
    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot
    return pyplot


def draw_table(axes, layer, neuron, scale):
    shares = (np.arange(layer.tables.shape[2]) + 0.5) / layer.tables.shape[2]
    for table in layer.tables[neuron]:
        axes.plot(shares, table * scale, linewidth=1)
    axes.set_title(f"neuron {neuron}: {layer.ranges[neuron, 0]} to {layer.ranges[neuron, 1]}", fontsize=7)
    axes.tick_params(labelsize=6)


def draw_losses(axes, losses):
    axes.plot(np.arange(1, len(losses) + 1), losses, linewidth=0.8)
    axes.set(xlabel="epoch", ylabel="training loss, a line a seed", yscale="log")


def draw_validation(axes, validation):
    epochs, shares = zip(*validation)
    axes.plot(epochs, 100 * np.array(shares), marker=".", linewidth=0.8)
    axes.set(xlabel="epoch", ylabel="validation accuracy %, a line a net")


def plot(path, model, trainer):
    """Tables over the share of their range; of logits they are in logits, of activations in levels."""
    pyplot = load_pyplot()
    layer = model.layers[0]
    scale = model.output_scale if np.all(np.isin(model.layers[1].weights, (0, 1))) else 1
    shown = min(MOST_TABLES, len(layer.tables))
    columns = min(8, shown)
    rows = math.ceil(shown / columns)
    figure = pyplot.figure(figsize=(2 * max(columns, 4), 1.6 * rows + 4), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.6 * rows, 4])
    tables = above.subplots(rows, columns, sharey=True, squeeze=False).flat
    for neuron, axes in enumerate(tables):
        axes.axis("on" if neuron < shown else "off")
        if neuron < shown:
            draw_table(axes, layer, neuron, scale)
    left, right = below.subplots(1, 2)
    draw_losses(left, trainer.losses)
    draw_validation(right, trainer.validation)
    figure.savefig(path, format="png", dpi=130, metadata={"Software": None})
    pyplot.close(figure)
