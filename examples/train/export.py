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


def table_layer(nets, index, tables, scale):
    weights = nets.weights()[index].detach().round().numpy().astype(np.int64)
    ranges = nets.ranges()[index].numpy().astype(np.int64)
    return Layer(weights, np.zeros(len(weights), np.int64), ranges, np.rint(tables / scale).astype(np.int64))


def sum_layer(neurons, outputs, biases, scale):
    """Output c adds up table c of every neuron."""
    weights = np.tile(np.eye(outputs, dtype=np.int64), (1, neurons))
    return Layer(weights, np.rint(biases / scale).astype(np.int64))


def export(nets, index, recipe, image_shape):
    """The model of seed number `index`, its provenance still empty. image_shape: height, width, channels."""
    neurons, outputs = nets.shape.neurons, nets.shape.outputs
    tables, middles = centred(sampled_tables(nets, index, recipe.cells))
    peak = min(TABLE_PEAK, (LOGIT_LIMIT - 1) // neurons)
    scale = float(np.abs(tables).max() / peak)
    biases = nets.bias[index].detach().double().numpy() + middles
    layers = [table_layer(nets, index, tables, scale), sum_layer(neurons, outputs, biases, scale)]
    return Model(*image_shape, recipe.levels, scale, {}, layers)
