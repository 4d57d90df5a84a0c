"""What becomes of a layer on the torus: the widths that its tables can have, and the noise of the circuit. Numbers for
training (PyTorch) and for the exported integers (NumPy) alike.

A table covers half of the torus, one that is negacyclic all of it. The pixels' amplitude is one for a whole layer: the
widest neuron sets it, and a narrower one fills its torus only as far as an integer multiple of its weights allows
(src/nn/compile/budget.c). So a layer of equal widths loses nothing. The amplitude has three significant bits, so only
some widths use all of it.
"""

import math

import numpy as np

# Of the widths that share an amplitude the largest costs nothing: 2^p over an amplitude of three significant bits.
WIDTHS = np.array(sorted({2 ** p // bits for p in range(5, 34) for bits in (4, 5, 6, 7)}))

# A table on the whole torus must be the negative of itself N positions further, which are an integer number of
# accumulators, the same for all rings, only where its width is a power of two.
WHOLE_WIDTHS = 2 ** np.arange(4, 32)

# The torus leaves logits room for 6.5 deviations of their noise on either side (src/nn/compile/budget.c).
MOST_SHARE, LEAST_SHARE, ROOM_DEVIATIONS = 0.9, 0.2, 6.5


def full_width(width):
    """The widest range that has the amplitude of this one, or a little more than all where none of WIDTHS is."""
    return WIDTHS[np.minimum(np.searchsorted(WIDTHS, width), len(WIDTHS) - 1)].astype(float)


def nearest_width(width, least, whole_torus):
    """Of the widths that fill the torus and are no less than `least`, the nearest by ratio."""
    widths = WHOLE_WIDTHS if whole_torus else WIDTHS
    allowed = widths[widths >= least]
    return float(allowed[np.argmin(np.abs(np.log(allowed / max(width, 1.0))))])


def amplitude_width(widths, whole_torus):
    """Of the accumulators whose range the pixels' amplitude leaves room for; widths: of a first layer's neurons."""
    widest = np.max(widths)
    return 2 * full_width(widest / 2) if whole_torus else full_width(widest)


def logit_share(rotation, rotations):
    """Of the torus, that logits can fill beside the noise of so many rotations, each of deviation `rotation`."""
    return min(max(1 - 2 * ROOM_DEVIATIONS * rotation * math.sqrt(rotations), LEAST_SHARE), MOST_SHARE)


def reach_noise(rotation, rotations):
    """The logit's noise as a share of the largest logit there can be, which fills half of its share of the torus."""
    return rotation * math.sqrt(rotations) / (logit_share(rotation, rotations) / 2)


def full_logit(most, rotation, rotations):
    """Of the largest integer logits that a model can have, up to `most`, the one that uses all of the logits' share of
    the torus: their amplitude on the wire has three significant bits as well."""
    room = logit_share(1.05 * rotation, rotations) / 2
    return max(size for size in (room * 2.0 ** p / bits for p in range(4, 24) for bits in (4, 5, 6, 7)) if size <= most)
