"""Small random changes of position, shape and exposure, drawn anew for every image and epoch."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as functional


@dataclass(frozen=True)
class Augmentation:
    """Largest change to either side; the change is drawn uniformly in between."""
    rotation: float    # degrees
    shift: float       # pixels
    zoom: float        # fraction of the size
    contrast: float    # fraction of the distance from the image's mean
    brightness: float  # pixel values out of 255
    mirror: bool       # left-right, for one image in two

    DRAWS = 8  # uniform numbers in [-1, 1] an image


def affine_matrices(draws, augmentation, height, width):
    """draws [count, DRAWS] to sampling matrices [count, 2, 3] in grid_sample's coordinates (-1..1 over either side)."""
    angle = draws[:, 0] * math.radians(augmentation.rotation)
    zoom_x = 1 + draws[:, 1] * augmentation.zoom
    zoom_y = 1 + draws[:, 2] * augmentation.zoom
    if augmentation.mirror:
        zoom_x = zoom_x * torch.where(draws[:, 7] < 0, -1.0, 1.0)
    shift_x, shift_y = (draws[:, column] * augmentation.shift * 2 / side for column, side in ((3, width), (4, height)))
    row_x = torch.stack([zoom_x * angle.cos(), -zoom_y * angle.sin() * height / width, shift_x], dim=1)
    row_y = torch.stack([zoom_x * angle.sin() * width / height, zoom_y * angle.cos(), shift_y], dim=1)
    return torch.stack([row_x, row_y], dim=1)


def sampling_grid(matrices, height, width):
    """[count, 2, 3] to [count, height, width, 2], as torch.nn.functional.affine_grid, in one product for all images."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    middles = torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1, torch.ones(height, width)])
    return (matrices.flatten(0, 1) @ middles.flatten(1)).reshape(-1, 2, height, width).permute(0, 2, 3, 1)


def change_exposure(images, contrast_draw, brightness_draw, augmentation):
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    contrast = (1 + contrast_draw * augmentation.contrast).reshape(-1, 1, 1, 1)
    brightness = (brightness_draw * augmentation.brightness).reshape(-1, 1, 1, 1)
    return (images - mean) * contrast + mean + brightness


def augment(images, draws, augmentation):
    """images: float [count, channels, height, width], 0..255; the border is repeated where the grid leaves."""
    matrices = affine_matrices(draws, augmentation, *images.shape[-2:])
    grid = sampling_grid(matrices, *images.shape[-2:])
    moved = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    exposed = change_exposure(moved, draws[:, 5], draws[:, 6], augmentation)
    return exposed.clamp(0, 255).round()


def to_levels(images, levels):
    """The rounding of data.quantize, in floats that hold integers; [count, c, h, w] to flat [count, h*w*c]."""
    scaled = torch.floor((images * (levels - 1) + 127) / 255)
    return scaled.permute(0, 2, 3, 1).flatten(1)
