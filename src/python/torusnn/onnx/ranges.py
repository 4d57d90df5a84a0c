"""How far a table goes. Narrow ranges are read with less noise; what lies outside is read as the end, as far as the
table
is flat there. Which rule is best depends on the net, so each is tried (convert.py)."""

from dataclasses import dataclass

import numpy as np

PLACES = 513


@dataclass
class Spans:
    """int64 [neurons, 2] each."""
    reach: np.ndarray   # what the weights allow
    seen: np.ndarray    # what the images showed
    active: np.ndarray  # what of seen the table is not flat on


def active_part(found, seen):
    """Accumulators between which entries change."""
    places = np.rint(np.linspace(seen[:, 0], seen[:, 1], PLACES)).astype(np.int64)
    entries = found.entries(places)
    differs_low, differs_high = entries != entries[:1], entries != entries[-1:]
    first = np.where(differs_low.any(axis=0), differs_low.argmax(axis=0) - 1, PLACES // 2)
    last = np.where(differs_high.any(axis=0), PLACES - differs_high[::-1].argmax(axis=0), PLACES // 2)
    columns = np.arange(places.shape[1])
    return np.stack([places[np.maximum(first, 0), columns], places[np.minimum(last, PLACES - 1), columns]], axis=1)


def scaled(span, factor):
    middle, half = span.sum(axis=1) / 2, (span[:, 1] - span[:, 0]) / 2 * factor
    return np.stack([np.floor(middle - half), np.ceil(middle + half)], axis=1).astype(np.int64)


def covering(spans, factor):
    """About the active part, so wide that what images showed is read right beyond flat ends: accumulators a width apart
    share a place of the table, negated."""
    low, high = spans.active[:, 0], spans.active[:, 1]
    width = np.maximum(spans.seen[:, 1] - low, high - spans.seen[:, 0]) * factor
    width = np.maximum(width, (high - low) * 1.05 + 2)
    middle = (low + high) / 2
    return np.stack([np.floor(middle - width / 2), np.ceil(middle + width / 2)], axis=1).astype(np.int64)


RULES = {
    "the calibrated range": lambda spans: scaled(spans.seen, 1.0),
    "3/4 of the calibrated range": lambda spans: scaled(spans.seen, 0.75),
    "half of the calibrated range": lambda spans: scaled(spans.seen, 0.5),
    "5/4 of the calibrated range": lambda spans: scaled(spans.seen, 1.25),
    "the proven reach": lambda spans: scaled(spans.reach, 1.0),
    "half of the proven reach": lambda spans: scaled(spans.reach, 0.5),
    "as wide as flat ends need": lambda spans: covering(spans, 1.1),
    "4/5 as wide as flat ends need": lambda spans: covering(spans, 0.8),
}
WIDEST = 2 ** 30


def range_of(rule, spans):
    """low, high: int64 [neurons]."""
    span = np.clip(RULES[rule](spans), -WIDEST, WIDEST)
    low, high = span[:, 0], np.maximum(span[:, 1], span[:, 0] + 1)
    return low, high
