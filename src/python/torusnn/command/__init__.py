"""The command `torusnn`: each verb is a module with `add_arguments` and `run`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import List, Optional

from ..errors import TorusnnError
from ._errors import CommandError

VERBS = {
    "explain": ("torusnn.command.explain", "what encrypted inference with a model costs, before any key exists"),
    "medmnist": ("torusnn.command.medmnist", "a whole split of images, encrypted, beside the clear network"),
    "import": ("torusnn.onnx.command", "an ONNX file to a model file"),
    "train": ("torusnn.command.train", "a net for a data set"),
}


def available(module: str) -> bool:
    """Whether this package has it: torusnn.onnx is a package of its own."""
    return find_spec(module.rpartition(".")[0]) is not None and find_spec(module) is not None


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="torusnn", description="Neural networks on encrypted images.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, (module, about) in VERBS.items():
        if available(module):
            verb = verbs.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
            found = import_module(module)
            found.add_arguments(verb)
            verb.set_defaults(run=found.run)
    return parser


def sentence_of(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def main(arguments: Optional[List[str]] = None) -> int:
    """Returns the exit code: 2 and a sentence where something is refused, 130 after Ctrl-C."""
    words = sys.argv[1:] if arguments is None else arguments
    options = make_parser().parse_args(words[:1] if words[:1] == ["train"] else words)
    try:
        options.run(options, words[1:]) if options.verb == "train" else options.run(options)
        sys.stdout.flush()
        return 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("torusnn: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except (CommandError, TorusnnError, OSError, ImportError) as error:
        print(f"torusnn: {sentence_of(error)}", file=sys.stderr)
        return 2
