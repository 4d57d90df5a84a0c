"""What is trained and how. docs/TRAINING.md gives the reason of each number."""

from dataclasses import dataclass, replace
from typing import Optional

from augment import Augmentation
from errors import TrainerError
from model_file import Contract
from network import CHEAPEST_RING, Noise


@dataclass(frozen=True)
class Recipe:
    """What all kinds of nets need."""
    epochs: int
    batch: int
    balanced: bool  # all classes weigh the same in the loss
    augmentation: Augmentation
    levels: int = 16
    least_use: float = 0.0  # of the images, in which an input must be above level 0 to be read by any neuron
    members: int = 1  # nets, from consecutive seeds, whose logits are averaged into one model
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    first_weight_std: float = 0.02
    first_blur: float = 0.0     # pixels: first weights of each neuron of the first layer are blurred, by 0 to so much
    row_smoothing: float = 0.0  # times the roughness of the first layer's weights, 1 for independent ones
    average_share: float = 0.0  # of the last steps, whose mean parameters are those of the trained net
    label_smoothing: float = 0.05
    mixed_share: float = 0.0    # of an image, at most, that is another one of its batch, and so of its target
    copies: int = 0             # of each image, augmented once; 0: anew for each batch


@dataclass(frozen=True)
class AccumulatorBound:
    """Accumulator-aware training: at most 2^accumulator_bits values, None for no bound."""
    accumulator_bits: Optional[int] = None
    accumulator_penalty: float = 1.0  # times the mean excess of the l1 norms; 0: none
    prune_share: float = 0.5          # of the epochs, over which the l1 norms are pruned to the bound; 0: at the end


@dataclass(frozen=True)
class TableRecipe(AccumulatorBound, Recipe):
    """Smooth tables that are read with noise."""
    neurons: int = 8  # of one member
    hidden: int = 0   # neurons of a layer of tables before them, 0: none
    weight_bits: int = 2
    first_logit: float = 8.0       # at most, over all entries of the first tables: their noise is a share of it
    knots: int = 32
    cells: int = 128
    flat: float = 0.04
    smoothing: float = 1e-6     # times the integral of f''^2
    negacyclic: float = 0.0     # 0: tables on half of the torus. Else on all of it, over so many times what they need
    range_share: float = 0.25   # of the neurons, whose ranges are as wide as they need: all others get that width
    excess_penalty: float = 12.5  # times the squares of what leaves the ranges, summed over the neurons
    freeze_share: float = 0.6   # of the epochs, after which input ranges stay
    noise: Noise = replace(CHEAPEST_RING, logit=0.4)


@dataclass(frozen=True)
class FcRecipe(AccumulatorBound, Recipe):
    """Ordinary quantized nets: one activation for all hidden layers."""
    layers: tuple = (392,)
    live: int = 0               # neurons of the last hidden layer that are read in the end; 0: all
    activation: str = "relu"
    activation_bits: int = 4
    weight_bits: int = 4
    cells: int = 128            # of a table, where accumulators are not bounded
    range_share: float = 0.25   # of the neurons, whose accumulators keep their width: steps of all others follow it
    excess_penalty: float = 0.25
    freeze_share: float = 0.6   # of the epochs, after which normalization and input ranges stay
    noise: Noise = CHEAPEST_RING


@dataclass(frozen=True)
class ExactRecipe(Recipe):
    """Accumulators so narrow that every lookup is exact."""
    noise = None  # not a field: exact lookups have none

    neurons: int = 8
    learning_rate: float = 1e-2
    fan_in: int = 11            # weights of +-1 a neuron: it has fan_in * (levels - 1) + 1 accumulators
    first_fan_in: int = 300     # pruned geometrically, epoch by epoch, to fan_in ...
    prune_share: float = 0.5    # ... over this share of the epochs
    step: float = 0.15          # of a member's logit, between neighbouring activations
    smoothing: float = 0.02     # times the sum of squared second differences of the tables


SMALL_CHANGES = Augmentation(rotation=5, shift=1, zoom=0.05, contrast=0.15, brightness=15, mirror=False)
MIRRORED = replace(SMALL_CHANGES, mirror=True)
PNEUMONIA = {"batch": 128, "balanced": True, "augmentation": SMALL_CHANGES, "copies": 12}
BREAST = {"batch": 64, "balanced": False, "augmentation": MIRRORED, "copies": 32}
ADRENAL = {"batch": 64, "balanced": False, "augmentation": SMALL_CHANGES, "copies": 12, "levels": 2, "least_use": 0.01}

# What a circuit leaves: k 3, N 512 with one and with two gadget levels; k 2, N 1024. Nets of tables also learn to push
# logits away from the threshold.
FAST_NOISE = replace(CHEAPEST_RING, logit=0.4)
ACCURATE_NOISE = Noise(position=0.00365, pixel=4.0, logit=0.4, rotation=0.0001)
TWO_LEVELS_NOISE = replace(CHEAPEST_RING, rotation=0.0002)

RECIPES = {
    "tables": {
        "pneumoniamnist": TableRecipe(**PNEUMONIA, epochs=100, learning_rate=2e-2, noise=FAST_NOISE),
        "pneumoniamnist-accurate": TableRecipe(**PNEUMONIA, epochs=100, learning_rate=2e-2, members=2,
                                               noise=ACCURATE_NOISE),
        "breastmnist": TableRecipe(**BREAST, epochs=120, learning_rate=1e-2, noise=FAST_NOISE),
        "breastmnist-accurate": TableRecipe(**BREAST, epochs=120, learning_rate=1e-2, members=2, noise=ACCURATE_NOISE),
        "adrenalmnist3d": TableRecipe(**ADRENAL, epochs=120, learning_rate=1e-2, noise=FAST_NOISE),
    },
    "fcnn": {
        "pneumoniamnist": FcRecipe(**PNEUMONIA, epochs=20, live=80, noise=TWO_LEVELS_NOISE),
        "breastmnist": FcRecipe(**BREAST, epochs=60, live=80, noise=TWO_LEVELS_NOISE),
    },
    "exact": {
        "breastmnist": ExactRecipe(**{**BREAST, "copies": 0}, epochs=200, neurons=16, members=2, levels=4),
    },
}

# The precision that a model's file states: (position noise, logit noise over the logit's spread), the cheapest under
# which few images out of fold change their class. A net without an entry states the position noise that its training
# injected.
STATED_NOISE = {
    ("tables", "pneumoniamnist"): (0.0085, 0.1),
    ("tables", "pneumoniamnist-accurate"): (0.0046, 0.03),
    ("tables", "breastmnist"): (0.0085, 0.1),
    ("tables", "breastmnist-accurate"): (0.0046, 0.03),
    ("tables", "adrenalmnist3d"): (0.0085, 0.1),
    ("fcnn", "pneumoniamnist"): (0.013, 0.3),
    ("fcnn", "breastmnist"): (0.013, 0.3),
}


def contract_for(kind, recipe_name, recipe):
    if recipe.noise is None:
        return Contract(exact=True)
    position, logit = STATED_NOISE.get((kind, recipe_name), (max(recipe.noise.position, 0.01), 0.15))
    return Contract(position_noise=position, logit_noise=logit, whole_torus=getattr(recipe, "negacyclic", 0) > 0)


KINDS = {"tables": TableRecipe, "fcnn": FcRecipe, "exact": ExactRecipe}
DEFAULT_STEPS = 5000  # of the optimizer, about: minutes for images of 28 x 28
SHORTEST, LONGEST = 10, 300  # epochs


def default_recipe(kind, train, classes):
    """For a set without a recipe of its own: it scales with the image, the number of images and of classes."""
    count, height, width = train.images.shape[:3]
    batch = 128 if count >= 2000 else 64
    epochs = min(LONGEST, max(SHORTEST, round(DEFAULT_STEPS * batch / count)))
    changes = replace(SMALL_CHANGES, shift=max(height, width) / 28)
    recipe = KINDS[kind](epochs=epochs, batch=batch, balanced=False, augmentation=changes)
    return recipe if kind == "fcnn" else replace(recipe, neurons=8 if classes == 2 else 24)


def recipe_for(kind, recipe_name, set_name, train, classes):
    """The named recipe, or that of the set, or the default one."""
    if recipe_name and recipe_name not in RECIPES[kind]:
        raise TrainerError(f"--net {kind} has recipes for {', '.join(sorted(RECIPES[kind]))}")
    return RECIPES[kind].get(recipe_name or set_name) or default_recipe(kind, train, classes)
