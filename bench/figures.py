"""What bench_report printed, and the table of docs/NOISE.md, as the page and its pictures ask for it."""

import json

import numpy as np

FAST_NET, WIDE_NET = "pneumoniamnist", "pneumoniamnist-392"
ROTATION_GOAL, GOAL_BATCH = 1.6, 8  # the ratio to the floor is promised from this batch on


class Refused(Exception):
    """What is wrong with an input, as a sentence."""


class Figures(dict):
    """An object of the document; asking for a key that it lacks says so."""

    def __missing__(self, key):
        raise Refused(f"an object with {', '.join(self) or 'nothing'} in it lacks the key '{key}'")


def read_figures(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=Figures)
    except ValueError as error:
        raise Refused(f"is not JSON: {error}") from error


def one(found, what):
    """The first of some rows."""
    for row in found:
        return row
    raise Refused(f"has no {what}")


def alone_on(calls, threads):
    """An image alone on so many threads."""
    return one((c for c in calls if c["threads"] == threads and c["images"] == 1), f"call of 1 image on {threads} threads")


def fullest_on(calls, threads):
    """The call with the most images on so many threads."""
    return max((c for c in calls if c["threads"] == threads), key=lambda c: c["images"])


def thread_counts(calls):
    return sorted({c["threads"] for c in calls})


def item_of(core, name, batch):
    return one((i for i in core["items"] if (i["name"], i["batch"]) == (name, batch)), f"{name} in a batch of {batch}")


def batches_of(core):
    return [i["batch"] for i in core["items"] if i["name"] == "blind_rotation"]


def model_of(figures, name):
    return one((m for m in figures["models"] if m["name"] == name), f"model '{name}'")


def fit_of(series):
    """Intercept and slope of the line with the least sum of squared relative errors, and the deviation of each size:
    y counts as 1/y, so that small sizes count as much as large ones."""
    x = np.array([p["size"] for p in series["points"]], float)
    y = np.array([p["best_ms"] for p in series["points"]], float)
    slope, intercept = np.polyfit(x, y, 1, w=1 / y)
    return intercept, slope, y / (intercept + slope * x) - 1


def read_noise(path):
    """The rows of NOISE.md's table: its contract, whether its position noise is stated as a bound, and for position and
    value predicted variance, measured variance, their ratio and its standard error."""
    rows = [[cell.strip() for cell in line.strip("| \n").split("|")]
            for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    heads = one((r for r in rows if "position noise predicted" in r), "table with a column 'position noise predicted'")
    contract, position, value = (one((i for i, h in enumerate(heads) if h == name), f"column '{name}'")
                                 for name in ("contract", "position noise predicted", "value noise predicted"))
    for row in rows[rows.index(heads) + 2:]:
        try:
            yield (row[contract], "a bound" in row,
                   (noise_of(row[position:position + 3], lambda deviation: deviation),
                    noise_of(row[value:value + 3], np.exp2)))
        except (ValueError, IndexError) as error:
            raise Refused(f"a row of its table, '{' | '.join(row)}', cannot be read: {error}") from error


def noise_of(cells, deviation_of):
    predicted, measured = (deviation_of(float(cell)) ** 2 for cell in cells[:2])
    ratio, error = (float(part) for part in cells[2].split("±"))
    return predicted, measured, ratio, error
