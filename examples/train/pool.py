"""Where batches come from: images augmented anew for every batch, or a pool of augmented copies that are made once and
used again.

Letters in the shapes: S seeds, B images of a batch, I inputs.
"""

import torch
import torch.nn.functional as functional

from augment import Augmentation, augment, to_levels

POOL_SEED = 1000003  # not a seed of a net: all nets of a run share one pool
CHUNK = 1024         # images that are augmented at once


def smoothed(labels, classes, smoothing):
    """[..., classes]: probabilities."""
    return functional.one_hot(labels, classes).float() * (1 - smoothing) + smoothing / classes


class FreshImages:
    """Every epoch has all images augmented anew, the same for all nets; each net takes them in its own order."""

    def __init__(self, images, labels, classes, recipe, used):
        """images: uint8 [N, channels, h, w]; labels: int64 [N]; used: the inputs that neurons read, [I] numbers."""
        self.images, self.recipe, self.used = images, recipe, used
        self.generator = torch.Generator().manual_seed(POOL_SEED)
        self.targets = smoothed(labels, classes, recipe.label_smoothing)
        self.levels = None  # uint8 [N, I]

    def augmented(self, images):
        draws = torch.rand(len(images), Augmentation.DRAWS, generator=self.generator) * 2 - 1
        levels = to_levels(augment(images.float(), draws, self.recipe.augmentation), self.recipe.levels)
        return levels[:, self.used].to(torch.uint8)

    def renew(self):
        """Before every epoch."""
        self.levels = torch.cat([self.augmented(chunk) for chunk in self.images.split(CHUNK)])

    def batch(self, chosen, dice):
        """chosen: image numbers [S, B]. Levels [S, B, I] and targets [S, B, classes]."""
        return self.levels[chosen].float(), self.targets[chosen]


class Pool:
    """recipe.copies augmented versions of every image."""

    def __init__(self, images, labels, classes, recipe, used):
        """As FreshImages."""
        generator = torch.Generator().manual_seed(POOL_SEED)
        images, levels = images.float(), []
        for _ in range(recipe.copies):
            draws = torch.rand(len(images), Augmentation.DRAWS, generator=generator) * 2 - 1
            copy = augment(images, draws, recipe.augmentation)
            levels.append(to_levels(copy, recipe.levels)[:, used].to(torch.uint8))
        self.levels = torch.stack(levels)  # uint8 [copies, N, I]
        self.targets = smoothed(labels, classes, recipe.label_smoothing)

    def renew(self):
        """Copies are made once."""

    def batch(self, chosen, dice):
        """As FreshImages; a random copy of each image."""
        copies = dice.choices(len(self.levels), chosen.shape[1])
        return self.levels[copies, chosen].float(), self.targets[chosen]


def source_of_batches(images, labels, classes, recipe, used):
    return (Pool if recipe.copies else FreshImages)(images, labels, classes, recipe, used)
