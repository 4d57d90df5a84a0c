"""torusnn train: the program examples/train/train.py, which reads its own command line."""

from __future__ import annotations

import argparse
import sys
from typing import Any, List


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: those of the program are behind `torusnn train --help`."""


def run(options: Any, words: List[str]) -> None:
    from ..train import train

    sys.argv = ["torusnn train", *words]
    train.main()
