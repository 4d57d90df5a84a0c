"""From a trained real-valued net to the integer model that ships."""

import numpy as np
import torch

from deep_network import PEAK
from errors import TrainerError
from exact_network import MIDDLE
from model_file import LOGIT_LIMIT, Layer, Model, reachable
from ring import full_logit

TABLE_PEAK = 16383  # leaves half of int16 to whoever adds or rescales tables

# Several tables of a neuron share one rotation, whose noise grows with the square of the entries.
SHARED_TABLE_PEAK = 31
MOST_CELLS = 4096   # of a table that has one for every accumulator


def sampled_tables(nets, index, cells):
    """Tables of one seed at the middle of each cell: float64 [H, C, cells]."""
    middles = (torch.arange(cells) + 0.5) / cells
    seeds, neurons = nets.tables.shape[:2]
    positions = middles.reshape(1, -1, 1).expand(seeds, -1, neurons)
    with torch.no_grad():
        tables = nets.look_up(positions)[index].double().numpy()
    return with_equal_ends(tables) if nets.shape.negacyclic else tables


def with_equal_ends(tables):
    """A table on the whole torus is negacyclic about the mean of its ends where each half of it begins as it ends. Both
    are within half a cell of its mean."""
    half = tables.shape[2] // 2
    ends = (tables[:, :, 0] + tables[:, :, half - 1]) / 2
    for cell, sign in ((0, 1), (half - 1, 1), (half, -1), (2 * half - 1, -1)):
        tables[:, :, cell] = sign * ends
    return tables


def centred(tables):
    """Moves each table's mid-range into the output bias, which halves the amplitude encryption must carry."""
    middle = (tables.max(axis=2) + tables.min(axis=2)) / 2
    return tables - middle[:, :, None], middle.sum(axis=0)


def on_image(weights, nets):
    """[H, I] of the inputs that are used to all inputs of an image."""
    whole = np.zeros((len(weights), nets.image_inputs), np.int64)
    whole[:, nets.used.numpy()] = weights
    return whole


def integer_rows(nets, members):
    """Of each member, [H, I]."""
    return [nets.weights()[index].detach().round().numpy().astype(np.int64) for index in members]


def integer_weights(nets, members):
    return on_image(np.concatenate(integer_rows(nets, members)), nets)


def mean_bias(nets, members):
    return np.mean([nets.bias[index].detach().double().numpy() for index in members], axis=0)


def widened(ranges, width):
    """Ranges [H, 2] of at least so many accumulators each, the table's cells."""
    missing = np.maximum(width - (ranges[:, 1] - ranges[:, 0] + 1), 0)
    return np.stack([ranges[:, 0] - missing // 2, ranges[:, 1] + missing - missing // 2], axis=1)


def apart(blocks):
    """Weights of several nets, each of which reads its own inputs alone."""
    whole = np.zeros(np.sum([block.shape for block in blocks], axis=0), np.int64)
    row, column = 0, 0
    for block in blocks:
        whole[row:row + block.shape[0], column:column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return whole


def table_layer(nets, members, weights, tables, scale):
    ranges = np.concatenate([nets.integer_ranges(index) for index in members])
    return Layer(weights, np.zeros(len(weights), np.int64), ranges, np.rint(tables / scale).astype(np.int64))


def scale_of_tables(tables, biases, rotation):
    """The logit that an entry of 1 stands for: as fine as entries and sums allow. A single logit takes the torus whole;
    rounding changes the largest one by no more than half an entry a neuron."""
    neurons, outputs = tables.shape[:2]
    peak = min(TABLE_PEAK if outputs == 1 else SHARED_TABLE_PEAK, (LOGIT_LIMIT - 1) // neurons)
    finest = float(np.abs(tables).max() / peak)
    if outputs > 1:
        return finest
    largest = float(np.abs(tables).max(axis=2).sum() + np.abs(biases[0]))
    return largest / (full_logit(largest / finest, rotation, neurons) - neurons / 2 - 1)


def sum_layer(neurons, outputs, biases, scale):
    """Output c adds up table c of every neuron."""
    weights = np.tile(np.eye(outputs, dtype=np.int64), (1, neurons))
    return Layer(weights, np.rint(biases / scale).astype(np.int64))


def export_tables(nets, members, recipe, image_shape):
    """The model that averages the logits of the nets numbered `members`: their neurons stand side by side, each table
    divided by their number. Provenance still empty. image_shape: height, width, channels."""
    neurons, outputs = nets.shape.neurons * len(members), nets.shape.outputs
    sampled = np.concatenate([sampled_tables(nets, index, recipe.cells) for index in members]) / len(members)
    tables, middles = centred(sampled)
    biases = mean_bias(nets, members) + middles
    scale = scale_of_tables(tables, biases, recipe.noise.rotation)
    return Model(*image_shape, recipe.levels, scale, {}, [
        *table_layers(nets, members, recipe, tables, scale), sum_layer(neurons, outputs, biases, scale)])


def table_layers(nets, members, recipe, tables, scale):
    """tables: of the last layer, in logits."""
    if not recipe.hidden:
        return [table_layer(nets, members, integer_weights(nets, members), tables, scale)]
    nets.hidden.used, nets.hidden.image_inputs = nets.used, nets.image_inputs
    hidden = np.concatenate([sampled_tables(nets.hidden, index, recipe.cells) for index in members])
    first = table_layer(nets.hidden, members, integer_weights(nets.hidden, members), hidden.clip(-1, 1), 1 / PEAK)
    return [first, table_layer(nets, members, apart(integer_rows(nets, members)), tables, scale)]


def exact_table_layer(nets, members):
    """Ranges are what the weights can reach, which must be as many values as a table has cells."""
    weights = integer_weights(nets, members)
    biases = np.zeros(len(weights), np.int64)
    ranges = np.stack(reachable(weights, biases, nets.shape.levels - 1), axis=1)
    widths = ranges[:, 1] - ranges[:, 0] + 1
    if not np.all(widths == nets.shape.cells):
        raise TrainerError(f"neurons reach {widths} values, their tables have {nets.shape.cells} cells")
    activations = nets.activations().detach().round().numpy().astype(np.int64)
    return Layer(weights, biases, ranges, np.concatenate([activations[index] for index in members]))


def export_exact(nets, members, recipe, image_shape):
    """As export_tables. Activations stay the small integers that they are, so their middle moves into the bias."""
    neurons, outputs = nets.shape.neurons * len(members), nets.shape.outputs
    scale = nets.shape.step / len(members)
    biases = mean_bias(nets, members) - MIDDLE * neurons * scale
    layers = [exact_table_layer(nets, members), sum_layer(neurons, outputs, biases, scale)]
    return Model(*image_shape, recipe.levels, scale, {}, layers)


def fc_ranges(nets, index, layer, weights, recipe):
    """[H, 2] and cells of a table. Bounded accumulators get a cell each, of all that the weights can reach; others the
    range that training saw."""
    if recipe.accumulator_bits is not None:
        activation = nets.shape.activation
        low, high = (0, recipe.levels - 1) if layer == 0 else (activation.lowest, activation.highest)
        ranges = np.stack(reachable(weights, np.zeros(len(weights), np.int64), high, low), axis=1)
        cells = int((ranges[:, 1] - ranges[:, 0]).max()) + 1
        return widened(ranges, cells), (cells if cells <= MOST_CELLS else recipe.cells)
    offset = torch.from_numpy(weights).double() @ nets.mean_levels.double() if layer == 0 else 0.0
    return nets.ranges[layer].integers(index, offset), recipe.cells


def fc_table_layer(nets, index, layer, recipe):
    """One hidden layer of one seed: normalization and activation become a table of activation levels."""
    weights = nets.layers[layer]()[index].detach().round().numpy().astype(np.int64)
    ranges, cells = fc_ranges(nets, index, layer, weights, recipe)
    widths = ranges[:, 1] - ranges[:, 0] + 1
    middles = ranges[:, :1] + (np.arange(cells) + 0.5) * widths[:, None] / cells - 0.5
    if layer == 0:
        middles = middles - (weights @ nets.mean_levels.double().numpy())[:, None]
    norm = nets.norms[layer]
    with torch.no_grad():
        places = torch.from_numpy(middles.T).float().expand(len(norm.mean), -1, -1)
        levels = nets.shape.activation.levels(norm(places, places, follow=False))[index].T.numpy()
    tables = np.rint(levels).astype(np.int64)[:, None, :]
    return Layer(on_image(weights, nets) if layer == 0 else weights, np.zeros(len(weights), np.int64), ranges, tables)


def export_fc(nets, members, recipe, image_shape):
    """As export_tables, of one member."""
    (index,) = members
    scale = float(nets.log_scale[index].detach().double().exp())
    weights = nets.output()[index].detach().round().numpy().astype(np.int64)
    biases = np.rint(nets.bias[index, 0].detach().double().numpy() / scale).astype(np.int64)
    layers = [fc_table_layer(nets, index, layer, recipe) for layer in range(len(nets.layers))]
    return Model(*image_shape, recipe.levels, scale, {}, layers + [Layer(weights, biases)])


EXPORTS = {"tables": export_tables, "fcnn": export_fc, "exact": export_exact}
