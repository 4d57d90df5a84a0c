"""torusnn explain: the plan that the library makes for a model."""

from __future__ import annotations

import argparse
from typing import Any

from .._simulation import DEFAULT_RUNS
from ..explain import explained
from ..model import load
from ._data import read_split, title_of
from ._errors import CommandError
from ._options import add_data_options, add_precision_options, compiled, positive, write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_options(parser, "val")
    parser.add_argument("--runs", type=positive, metavar="COUNT",
                        help=f"simulated evaluations of each image of the set (default: {DEFAULT_RUNS})")
    add_precision_options(parser)


def check(options: Any) -> None:
    wants_images = options.set is not None or options.data is not None
    if not wants_images and (options.split or options.limit or options.runs):
        raise CommandError("--split, --limit and --runs are for images; name them with --set or --data")
    if not wants_images and options.agreement is not None:
        raise CommandError("--agreement is that of images; name them with --set or --data")


def run(options: Any) -> None:
    check(options)
    model = load(options.model)
    data = None if options.set is None and options.data is None else read_split(options, model, "val")
    circuit = compiled(model, options, None if data is None else data.images)
    if data is None:
        explanation = circuit.explain()
    else:
        explanation = explained(circuit, data.images, data.labels, options.runs or DEFAULT_RUNS, title_of(data))
    print(explanation)
    if options.json is not None:
        write_json(options.json, explanation.to_dict())
