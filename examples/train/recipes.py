"""What is trained and how. README.md gives the reason of each number."""

from dataclasses import dataclass, replace

from augment import Augmentation
from network import Noise


@dataclass(frozen=True)
class Recipe:
    """What both kinds of nets need."""
    neurons: int  # of one member
    levels: int
    epochs: int
    batch: int
    balanced: bool  # both classes weigh the same in the loss
    augmentation: Augmentation
    members: int = 1  # nets, from consecutive seeds, whose logits are averaged into one model
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    first_weight_std: float = 0.02
    label_smoothing: float = 0.05


@dataclass(frozen=True)
class TableRecipe(Recipe):
    """Smooth tables that are read with noise."""
    weight_bits: int = 2
    knots: int = 32
    cells: int = 128
    flat: float = 0.04
    smoothing: float = 1e-6     # times the integral of f''^2
    excess_penalty: float = 100.0
    freeze_share: float = 0.6   # of the epochs, after which input ranges stay
    noise: Noise = Noise(position=0.008, pixel=6.6, logit=0.4)


@dataclass(frozen=True)
class ExactRecipe(Recipe):
    """Accumulators so narrow that every lookup is exact."""
    noise = None  # not a field: exact lookups have none

    learning_rate: float = 1e-2
    fan_in: int = 11            # weights of +-1 a neuron: it has fan_in * (levels - 1) + 1 accumulators
    first_fan_in: int = 300     # pruned geometrically, epoch by epoch, to fan_in ...
    prune_share: float = 0.5    # ... over this share of the epochs
    step: float = 0.15          # of a member's logit, between neighbouring activations
    smoothing: float = 0.02     # times the sum of squared second differences of the tables


SMALL_CHANGES = Augmentation(rotation=5, shift=1, zoom=0.05, contrast=0.15, brightness=15, mirror=False)

RECIPES = {
    "pneumoniamnist": TableRecipe(neurons=8, levels=16, epochs=120, batch=128, balanced=True,
                                  augmentation=SMALL_CHANGES),
    "breastmnist": TableRecipe(neurons=16, members=2, levels=16, epochs=200, batch=64, balanced=False,
                               augmentation=replace(SMALL_CHANGES, mirror=True),
                               noise=Noise(position=0.008, pixel=6.6, logit=1.0)),
}

EXACT_RECIPES = {
    "breastmnist": ExactRecipe(neurons=16, members=2, levels=4, epochs=200, batch=64, balanced=False,
                               augmentation=replace(SMALL_CHANGES, mirror=True)),
}
