#!/usr/bin/env python3
"""Compares two results of crossvalidate.py: differences of accuracy and AUC with paired bootstrap intervals.

    compare.py A.json B.json          averages of the least nets that each file has
    compare.py A.json:4 B.json:1      averages of 4 nets against single ones
"""

import argparse
import json
import sys

import numpy as np

import measure
from errors import TrainerError

RESAMPLES = 2000
INTERVAL = (2.5, 97.5)  # percent


class Ranking:
    """Positive and negative images by score, so that a resample's AUC is one pass over sorted images."""

    def __init__(self, scores, positive):
        values, place = np.unique(scores, return_inverse=True)
        self.place, self.count, self.positive = place, len(values), positive

    def auc(self, weights):
        """weights: [N], how often a resample has each image; ties count half."""
        positives = np.bincount(self.place, weights * self.positive, self.count)
        negatives = np.bincount(self.place, weights * ~self.positive, self.count)
        below = np.cumsum(negatives) - negatives / 2
        return (positives @ below) / (positives.sum() * negatives.sum())


class Run:
    """One net for each fold: what it says of every image."""

    def __init__(self, logits, labels):
        self.right = measure.classes_of(logits) == labels
        present = [label for label in np.unique(labels) if label or logits.shape[1] > 1]
        self.rankings = [Ranking(np.rint(1e6 * measure.log_odds(logits, label)), labels == label)
                         for label in present]

    def figures(self, weights):
        return np.array([weights @ self.right / weights.sum(),
                         np.mean([ranking.auc(weights) for ranking in self.rankings])])


class Candidate:
    def __init__(self, results, members):
        self.labels, self.folds, self.set = np.array(results["labels"]), results["folds"], results["set"]
        runs = results["averages"][members]
        self.runs = [Run(np.array(run["logits"]), self.labels) for run in runs]
        self.changes = float(np.mean([run["changes"] for run in runs]))

    def figures(self, weights):
        """Accuracy and AUC: means over the runs."""
        return np.mean([run.figures(weights) for run in self.runs], axis=0)


def read(place):
    path, _, members = place.partition(":")
    try:
        with open(path, encoding="utf-8") as file:
            results = json.load(file)
        return Candidate(results, members or min(results["averages"], key=int))
    except (OSError, ValueError, KeyError) as error:
        raise TrainerError(f"{place}: holds no such results: {error!r}") from error


def check_alike(first, second):
    if (first.set, first.folds) != (second.set, second.folds) or not np.array_equal(first.labels, second.labels):
        raise TrainerError("the results are of other folds or other images")


def intervals(first, second, resamples=RESAMPLES):
    """Differences first - second, [2], and their ends, [2, 2]: accuracy, AUC."""
    count = len(first.labels)
    generator = np.random.default_rng(0)
    ones = np.ones(count)
    drawn = [np.bincount(generator.integers(count, size=count), minlength=count) for _ in range(resamples)]
    differences = [first.figures(weights) - second.figures(weights) for weights in drawn]
    return first.figures(ones) - second.figures(ones), np.percentile(differences, INTERVAL, axis=0)


def print_comparison(places, candidates):
    for place, candidate in zip(places, candidates):
        accuracy, auc = candidate.figures(np.ones(len(candidate.labels)))
        print(f"{place}: {len(candidate.runs)} runs, accuracy {100 * accuracy:.2f} %, AUC {auc:.4f}, class changes "
              f"{100 * candidate.changes:.2f} %")
    (accuracy, auc), ((low, low_auc), (high, high_auc)) = intervals(*candidates)
    print(f"difference: accuracy {100 * accuracy:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}], AUC {auc:+.4f} "
          f"[{low_auc:+.4f}, {high_auc:+.4f}]")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("results", nargs=2, metavar="FILE[:MEMBERS]")
    places = parser.parse_args().results
    try:
        candidates = [read(place) for place in places]
        check_alike(*candidates)
        print_comparison(places, candidates)
    except TrainerError as error:
        sys.exit(f"compare.py: {error}")


if __name__ == "__main__":
    main()
