"""What a first layer may know beforehand: that its inputs are pixels of an image, and neighbours say much the same.

Letters in the shapes: S seeds, H neurons, I inputs.
"""

import math

import torch
import torch.nn.functional as functional

# The squared Laplacian of independent weights, over their square: 4^2 + 4 * 1^2.
OF_INDEPENDENT_WEIGHTS = 20.0


def as_images(rows, used, shape):
    """rows: [S, H, I] weights of the inputs numbered `used` [I] in row, column, channel order; shape: channels, height,
    width. Returns [S * H, channels, height, width], 0 where nothing is read."""
    channels, height, width = shape
    whole = rows.new_zeros(rows.shape[0] * rows.shape[1], height * width * channels)
    whole[:, used] = rows.flatten(0, 1)
    return whole.reshape(-1, height, width, channels).permute(0, 3, 1, 2)


def row_roughness(rows, used, shape):
    """[S]: mean over the neurons of the squared Laplacian over the squared weights; 1 for independent weights."""
    images = as_images(rows, used, shape)
    padded = functional.pad(images, (1, 1, 1, 1), mode="replicate")
    neighbours = padded[..., 2:, 1:-1] + padded[..., :-2, 1:-1] + padded[..., 1:-1, 2:] + padded[..., 1:-1, :-2]
    bends = ((neighbours - 4 * images) ** 2).sum(dim=(1, 2, 3))
    squares = (images ** 2).sum(dim=(1, 2, 3)) + 1e-12
    return (bends / squares / OF_INDEPENDENT_WEIGHTS).reshape(rows.shape[:2]).mean(dim=1)


def blurred(images, width):
    """Images [B, C, h, w] after a Gaussian of this deviation, in pixels; the border is repeated."""
    reach = max(1, math.ceil(3 * width))
    distances = torch.arange(-reach, reach + 1) / width
    kernel = torch.exp(-distances ** 2 / 2)
    kernel = kernel / kernel.sum()
    padded = functional.pad(images, (reach,) * 4, mode="replicate").flatten(0, 1).unsqueeze(1)
    along = functional.conv2d(functional.conv2d(padded, kernel.reshape(1, 1, 1, -1)), kernel.reshape(1, 1, -1, 1))
    return along.reshape(images.shape)


def many_scales(rows, used, shape, widest):
    """The rows [S, H, I], of each neuron blurred by its own width, evenly from 0 to `widest` pixels, their deviations
    as before."""
    neurons = rows.shape[1]
    scaled = []
    for neuron in range(neurons):
        row, width = rows[:, neuron:neuron + 1], widest * neuron / max(1, neurons - 1)
        images = as_images(row, used, shape)
        images = blurred(images, width) if width else images
        flat = images.permute(0, 2, 3, 1).flatten(1)[:, used].unsqueeze(1)
        scaled.append(flat * (row.std(dim=2, keepdim=True) / (flat.std(dim=2, keepdim=True) + 1e-12)))
    return torch.cat(scaled, dim=1)
