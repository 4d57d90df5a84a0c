"""A teacher: kernel ridge regression on histograms of gradient directions, whose opinion of augmented images the nets
learn from.

Gradient histograms forget where exactly an edge stands and how bright the image is, which no projection of pixels can;
a ridge regression on them fits some thousand images in closed form, within seconds, without a choice of epochs. The
teacher is used in training only and never exported. (Dalal and Triggs, CVPR 2005, for the histograms; Hinton et al.,
2015, for learning from soft labels.)
"""

import math

import torch
import torch.nn.functional as functional

from augment import Augmentation, augment
from errors import TrainerError

DIRECTIONS = 8         # bins of a histogram, over the full circle
SQUARES = (4, 7)       # along the shorter side of an image: each square has its histogram
SMALLEST_NORM = 0.02   # of a histogram, for pixels in 0..1
SUREST = 0.98          # the probability that a teacher gives at most
CHUNK = 4000           # images whose kernel values are held at once
MOST_IMAGES = 20000    # of one teacher, whose kernel is a square matrix of them
CHANGES = Augmentation(rotation=8, shift=1.5, zoom=0.1, contrast=0.25, brightness=20, mirror=False)


def filtered(images, kernel):
    """images [B, 1, h, w], kernel [3, 3]; the border is repeated."""
    return functional.conv2d(functional.pad(images, (1, 1, 1, 1), mode="replicate"), kernel[None, None])


def gradients(images):
    """The images after a slight blur, and of every pixel's gradient the strength and the direction in bins;
    each [B, 1, h, w]."""
    side = torch.exp(-torch.tensor([1.0, 0.0, 1.0]) / (2 * 0.6 ** 2))
    smooth = filtered(images, torch.outer(side, side) / side.sum() ** 2)
    sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    across, down = filtered(smooth, sobel), filtered(smooth, sobel.T)
    turns = torch.atan2(down, across) / (2 * math.pi)
    return smooth, torch.sqrt(across ** 2 + down ** 2), (turns * DIRECTIONS) % DIRECTIONS


def direction_maps(strength, direction):
    """[B, DIRECTIONS, h, w]: each pixel's strength, shared between the two nearest bins."""
    lower = direction.floor()
    share = direction - lower
    maps = torch.zeros(len(strength), DIRECTIONS, *strength.shape[2:])
    maps.scatter_add_(1, lower.long() % DIRECTIONS, strength * (1 - share))
    return maps.scatter_add_(1, (lower.long() + 1) % DIRECTIONS, strength * share)


def features(images):
    """images: [B, channels, h, w], 0..255; returns [B, F]. Channels are averaged."""
    smooth, strength, direction = gradients(images.mean(dim=1, keepdim=True) / 255)
    maps = direction_maps(strength, direction)
    parts = []
    for cell in [max(1, round(min(images.shape[2:]) / squares)) for squares in SQUARES]:
        histograms = functional.avg_pool2d(maps, cell)
        norms = histograms.norm(dim=1, keepdim=True) + SMALLEST_NORM
        parts += [histograms / norms, functional.avg_pool2d(smooth, cell), 4 * functional.avg_pool2d(strength, cell)]
    return torch.cat([part.flatten(1) for part in parts], dim=1)


class Teacher:
    """Least squares on labels 0 and 1 of each class estimates the probabilities of the classes."""

    def __init__(self, rows, answers, width, ridge):
        """rows: features [N, F]; answers: [N, classes]; width: of the Gaussian kernel, in 1 / squared deviations."""
        self.mean, self.deviation, self.width = rows.mean(dim=0), rows.std(dim=0) + 1e-6, width
        self.rows = (rows - self.mean) / self.deviation
        self.prior = answers.mean(dim=0)
        kernel = self.kernel(self.rows)
        kernel.diagonal().add_(ridge)
        self.duals = torch.cholesky_solve(answers - self.prior, torch.linalg.cholesky(kernel))

    def kernel(self, rows):
        squares = (rows ** 2).sum(dim=1, keepdim=True) + (self.rows ** 2).sum(dim=1) - 2 * rows @ self.rows.T
        return torch.exp(-self.width * squares.clamp(min=0))

    def probabilities(self, rows):
        """[B, classes]"""
        chunks = [self.kernel((chunk - self.mean) / self.deviation) @ self.duals for chunk in rows.split(CHUNK)]
        clamped = (torch.cat(chunks) + self.prior).clamp(1 - SUREST, SUREST)
        return clamped / clamped.sum(dim=1, keepdim=True)


def stratified_parts(labels, parts, generator):
    """Part number of every image; each part has its share of each class."""
    numbers = torch.zeros(len(labels), dtype=torch.long)
    for value in labels.unique():
        members = torch.nonzero(labels == value).squeeze(1)
        shuffled = members[torch.randperm(len(members), generator=generator)]
        numbers[shuffled] = torch.arange(len(members)) % parts
    return numbers


def teaching_images(images, answers, recipe, generator):
    """The images, their mirror images where those are possible, and teacher_copies augmented ones of each."""
    seen = [images] + ([images.flip(3)] if recipe.augmentation.mirror else [])
    for _ in range(recipe.teacher_copies):
        draws = torch.rand(len(images), Augmentation.DRAWS, generator=generator) * 2 - 1
        seen.append(augment(images, draws, CHANGES))
    return torch.cat(seen), answers.repeat(len(seen), 1)


def train_teachers(images, labels, classes, recipe, generator):
    """teacher_parts teachers; each leaves out another part of the images, so that their mean is softer on the training
    images than a teacher that has seen all of them. images: float [N, channels, h, w]; labels: [N]."""
    numbers = stratified_parts(labels, recipe.teacher_parts, generator)
    answers = functional.one_hot(labels, classes).float()
    teachers = []
    for part in range(recipe.teacher_parts):
        kept = numbers != part
        seen, told = teaching_images(images[kept], answers[kept], recipe, generator)
        if len(seen) > MOST_IMAGES:
            raise TrainerError(f"a teacher takes at most {MOST_IMAGES} images, these are {len(seen)}: "
                            "use --teacher-share 0")
        teachers.append(Teacher(features(seen), told, recipe.teacher_width, recipe.teacher_ridge))
    return teachers


def opinion(teachers, images):
    """[B, classes]: the geometric mean of the teachers' probabilities; for two classes it averages their log odds."""
    rows = features(images)
    logs = torch.stack([teacher.probabilities(rows).log() for teacher in teachers])
    return torch.softmax(logs.mean(dim=0), dim=1)
