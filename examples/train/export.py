"""From a trained real-valued net to the integer model that ships."""

import numpy as np
import torch

from model_file import LOGIT_LIMIT, Layer, Model

TABLE_PEAK = 16383  # leaves half of int16 to whoever adds or rescales tables


def sampled_tables(nets, index, cells):
    """Tables of one seed at the middle of each cell: float64 [H, C, cells]."""
    middles = (torch.arange(cells) + 0.5) / cells
    seeds, neurons = nets.low.shape
    positions = middles.reshape(1, -1, 1).expand(seeds, -1, neurons)
    with torch.no_grad():
        return nets.look_up(positions)[index].double().numpy()


def centred(tables):
    """Moves each table's mid-range into the output bias, which halves the amplitude encryption must carry."""
    middle = (tables.max(axis=2) + tables.min(axis=2)) / 2
    return tables - middle[:, :, None], middle.sum(axis=0)


def table_layer(nets, members, tables, scale):
    weights = np.concatenate([nets.weights()[index].detach().round().numpy().astype(np.int64) for index in members])
    ranges = np.concatenate([nets.ranges()[index].numpy().astype(np.int64) for index in members])
    return Layer(weights, np.zeros(len(weights), np.int64), ranges, np.rint(tables / scale).astype(np.int64))


def sum_layer(neurons, outputs, biases, scale):
    """Output c adds up table c of every neuron."""
    weights = np.tile(np.eye(outputs, dtype=np.int64), (1, neurons))
    return Layer(weights, np.rint(biases / scale).astype(np.int64))


def export(nets, members, recipe, image_shape):
    """The model that averages the logits of the nets numbered `members`: their neurons stand side by side, each table
    divided by their number. Provenance still empty. image_shape: height, width, channels."""
    neurons, outputs = nets.shape.neurons * len(members), nets.shape.outputs
    sampled = np.concatenate([sampled_tables(nets, index, recipe.cells) for index in members]) / len(members)
    tables, middles = centred(sampled)
    peak = min(TABLE_PEAK, (LOGIT_LIMIT - 1) // neurons)
    scale = float(np.abs(tables).max() / peak)
    mean_bias = np.mean([nets.bias[index].detach().double().numpy() for index in members], axis=0)
    biases = mean_bias + middles
    layers = [table_layer(nets, members, tables, scale), sum_layer(neurons, outputs, biases, scale)]
    return Model(*image_shape, recipe.levels, scale, {}, layers)
