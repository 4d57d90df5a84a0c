"""Options that several verbs share: model, data and precision."""

from __future__ import annotations

import argparse
import json
from typing import Any, Dict

from .._declared import Security
from .._progress import Progress
from ..circuit import Circuit
from ..model import Model

SECURITY = {"128-margin": Security.SECURITY_128_MARGIN, "128": Security.SECURITY_128}
COMPILE = ("agreement", "position_noise", "logit_noise", "log2_lookup_error")


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"takes 1 or more, not {text}")
    return value


def add_data_options(parser: argparse.ArgumentParser, split: str) -> None:
    parser.add_argument("--model", required=True, metavar="FILE", help="model file")
    parser.add_argument("--data", metavar="PLACE",
                        help="an .npz file, or the folder of <set>.npz (default: $MEDMNIST_ROOT, then ~/.medmnist)")
    parser.add_argument("--set", metavar="NAME", help="data set (default: the name of the .npz file)")
    parser.add_argument("--split", choices=("train", "val", "test"), help=f"default: {split}")
    parser.add_argument("--limit", type=positive, metavar="COUNT", help="only the first images")
    parser.add_argument("--json", metavar="FILE", help="write the figures to a file too")
    parser.add_argument("--progress", action="store_true", help="show a bar (needs tqdm)")


def add_precision_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("precision, where it is to differ from what the model's file states")
    group.add_argument("--agreement", type=float, metavar="SHARE",
                       help="least share of the given images that keep their class, with 95 %% confidence")
    group.add_argument("--position-noise", type=float, metavar="X",
                       help="most noise of a table position, as a fraction of the table, 0 to 0.25")
    group.add_argument("--logit-noise", type=float, metavar="X",
                       help="most noise of a logit, as a fraction of its spread")
    group.add_argument("--exact", action="store_true", help="parameters with which every table lookup is right")
    group.add_argument("--lookup-error", type=float, dest="log2_lookup_error", metavar="LOG2",
                       help="with --exact: most failure probability of a lookup, -256 to -1 (default: -40, for 2^-40)")
    group.add_argument("--security", choices=SECURITY, help="which row of the security curve the keys must reach")


def compiled(model: Model, options: Any, images: Any) -> Circuit:
    chosen: Dict[str, Any] = {name: getattr(options, name) for name in COMPILE}
    progress: Progress = options.progress
    return model.compile(exact=options.exact, security=SECURITY.get(options.security), images=images, progress=progress,
                         **chosen)


def write_json(path: str, figures: Any) -> None:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=1)
        file.write("\n")
