"""The command `torusnn`: each verb is a module with `add_arguments` and `run`, which takes what was parsed."""

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
    "serve": ("torusnn.serve.command", "models to clients over HTTP, which send encrypted images"),
    "train": ("torusnn.command.train", "a net for a data set"),
}


def make_parser(chosen: str) -> argparse.ArgumentParser:
    """Of all verbs that this package has; no module but the chosen one's is imported. torusnn.onnx is a package of its
    own."""
    parser = argparse.ArgumentParser(prog="torusnn", description="Neural networks on encrypted images.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, (module, about) in VERBS.items():
        if find_spec(module.rpartition(".")[0]) is None:
            continue
        verb = verbs.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
        if name == chosen:
            found = import_module(module)
            found.add_arguments(verb)
            verb.set_defaults(run=found.run)
    return parser


def run(words: List[str]) -> None:
    """What the command line asks for. The trainer reads its own."""
    chosen = "".join(words[:1])
    options = make_parser(chosen).parse_args([chosen] if chosen == "train" else words)
    if chosen == "train":
        options.run(options, words[1:])
    else:
        options.run(options)


def sentence_of(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def main(arguments: Optional[List[str]] = None) -> int:
    """Returns the exit code: 2 and a sentence where something is refused, 130 after Ctrl-C."""
    try:
        run(sys.argv[1:] if arguments is None else arguments)
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
