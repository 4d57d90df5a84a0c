"""Which reals are integers times a scale: what makes the import of a quantized net exact."""

import numpy as np

LARGEST_FACTOR = 255   # least non-zero weight of a row, as an integer, that is looked for
LARGEST_WEIGHT = 32767
SLACK = 1e-3           # how far from an integer a real still counts as one
FEW = 1024             # values of a function that is still a staircase


def row_scale(row):
    """The largest scale that makes every entry an integer; None where there is none."""
    sizes = np.unique(np.abs(row))
    sizes = sizes[sizes > 1e-9 * sizes[-1]] if len(sizes) else sizes
    if len(sizes) == 0:
        return 1.0
    factors = np.arange(1, LARGEST_FACTOR + 1)
    places = sizes[None, :] / (sizes[0] / factors[:, None])
    off = np.abs(places - np.rint(places)).max(axis=1)
    fits = np.flatnonzero((off < SLACK) & (places.max(axis=1) <= LARGEST_WEIGHT))
    if len(fits) == 0:
        return None
    whole = np.rint(places[fits[0]])
    return float(sizes @ whole / (whole @ whole))


def distinct(values, slack):
    """Sorted values, those closer than slack as one."""
    values = np.unique(values)
    return values[np.concatenate([[True], np.diff(values) > slack])]


def staircase(values):
    """Step (0 where they are all one) and offset of a function's values [G]: value = step * integer + offset. None
    where
    they are no staircase."""
    spread = float(np.ptp(values))
    size = max(float(np.abs(values).max()), 1e-30)
    if spread <= 1e-6 * size:
        return 0.0, float(np.median(values))
    levels = distinct(values, max(1e-5 * spread, 1e-6 * size))
    if len(levels) > min(FEW, len(values) // 3):
        return None
    gap = float(np.diff(levels).min())
    places = (levels - levels[0]) / gap
    step = spread / np.rint(places[-1])
    places = (levels - levels[0]) / step
    if places[-1] > 2 * FEW or np.abs(places - np.rint(places)).max() > 0.02:
        return None
    zero = levels[np.abs(levels).argmin()]
    nearest = np.rint(zero / step)
    offset = zero - nearest * step
    return float(step), float(0.0 if abs(offset) < 1e-3 * step else offset)
