#!/usr/bin/env python3
"""What becomes of accuracy, AUC and of the class under encryption when images are noisy, blurred or badly exposed: the
corruptions of MedMNIST-C, in the clear and under the circuit's noise, which the program explain simulates.

    robustness.py --model drafts/pneumoniamnist.tnn --set pneumoniamnist        # on validation images
    robustness.py --split test --page ../../docs/ROBUSTNESS.md                   # every shipped model, for publication

Without --page the tables are printed alone. corruptions.py has the kinds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

import data
from corruptions import CORRUPTIONS, SEVERITIES, corrupted
from errors import TrainerError
from model_file import read_model
from output import check_writable, write_whole

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
EXPLAIN = os.path.join(ROOT, "build", "release", "examples", "explain")
MODELS = os.path.join(ROOT, "examples", "models")
SHOWN = {"clear_accuracy", "clear_auc", "accuracy", "auc", "agreement", "outside_images", "astray_images"}


class Explain:
    """The program, on images that are written for it."""

    def __init__(self, program, model, split, runs):
        self.command = [program, "--model", model, "--split", split, "--runs", str(runs)]
        self.split = split

    def figures(self, images, labels):
        with tempfile.TemporaryDirectory() as folder:
            archive, out = (os.path.join(folder, name) for name in ("images.npz", "figures.json"))
            np.savez(archive, **{self.split + "_images": images, self.split + "_labels": labels})
            done = subprocess.run([*self.command, "--data", archive, "--json", out], capture_output=True,
                                  encoding="utf-8")
            if done.returncode != 0:
                raise TrainerError(done.stderr.strip())
            with open(out, encoding="utf-8") as file:
                found = json.load(file)["data"]
        return {key: value for part in (found, found["simulated"], found["excursions"])
                for key, value in part.items() if key in SHOWN}


def means(rows):
    """Of the severities."""
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def measure(explain, split, set_name):
    """{kind: figures of each severity}; 'none' has one."""
    images, labels = split.images[..., 0], split.labels
    rows = {"none": [explain.figures(images, labels)]}
    for kind in CORRUPTIONS[set_name]:
        print(f"{set_name}: {kind}", file=sys.stderr, flush=True)
        rows[kind] = [explain.figures(corrupted(images, set_name, kind, severity), labels)
                      for severity in range(1, SEVERITIES + 1)]
    return rows


# ---------------------------------------------------------------------------------------------------------- page --

HEAD = """\
# Robustness

Made by `examples/train/robustness.py`; do not edit. Images of the {name} split under the corruptions of MedMNIST-C (F. Di
Salvo et al., arXiv 2406.17536; implemented anew in `examples/train/corruptions.py` after the package medmnistc 0.1.0), each row
the mean over severities 1 to 5. The severities were published for 224 x 224 pixels: on 28 x 28 noise is 8 times as strong and
blur 8 times as wide. "Simulated" is under the noise of the model's circuit, {runs} runs of every image; "same class" is how
often that names the clear net's class, "worst" at the severity where it does so least. "Outside" is the share of images that
take a neuron outside its table, "astray" of those that have one read past the table's flat end: there encrypted logits are not
the clear ones with the stated noise. The model's owner can count this, a client cannot: it takes the weights.
"""

COLUMNS = "| corruption | clear | simulated | same class | worst | outside | astray |\n|---|---|---|--:|--:|--:|--:|\n"


def line(kind, rows):
    mean, worst = means(rows), min(row["agreement"] for row in rows)
    shares = (mean["agreement"], worst, mean["outside_images"], mean["astray_images"])
    return (f"| {kind.replace('_', ' ')} | {100 * mean['clear_accuracy']:.2f} % / {mean['clear_auc']:.3f} "
            f"| {100 * mean['accuracy']:.2f} % / {mean['auc']:.3f} | " +
            " | ".join(f"{100 * share:.2f} %" for share in shares) + " |\n")


def section(title, rows):
    kinds = [kind for kind in rows if kind != "none"]
    every = [row for kind in kinds for row in rows[kind]]
    body = "".join(line(kind, rows[kind]) for kind in rows)
    return f"\n## {title}\n\nAccuracy / AUC.\n\n{COLUMNS}{body}{line(f'mean of the {len(kinds)}', every)}"


# ---------------------------------------------------------------------------------------------------------- main --

def shipped_models():
    """Files of the models whose sets have published corruptions."""
    names = sorted(name for name in os.listdir(MODELS) if name.endswith(".tnn"))
    paths = [os.path.join(MODELS, name) for name in names]
    return [path for path in paths if read_model(path).provenance.get("set") in CORRUPTIONS]


def set_of(path, chosen):
    name = chosen or read_model(path).provenance.get("set")
    if name not in CORRUPTIONS:
        raise TrainerError(f"{path}: MedMNIST-C has no corruptions here for the set '{name}'; name one of "
                           f"{', '.join(CORRUPTIONS)} with --set")
    return name


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", action="append", help="model file, again for more (default: those that ship)")
    parser.add_argument("--set", choices=sorted(CORRUPTIONS), help="data set (default: what each model's file names)")
    parser.add_argument("--data", help="an .npz file, or the folder of them (default: $MEDMNIST_ROOT, ~/.medmnist)")
    parser.add_argument("--split", choices=("val", "test"), default="val",
                        help="test is for models that nothing will change any more (default: val)")
    parser.add_argument("--runs", type=int, default=8, help="simulated evaluations of each image (default 8)")
    parser.add_argument("--explain", default=EXPLAIN, help="the program (default: of build/release)")
    parser.add_argument("--page", help="file to write, Markdown")
    return parser.parse_args()


def run(options):
    paths = options.model or shipped_models()
    sets = [set_of(path, options.set) for path in paths]
    if options.page:
        check_writable([options.page], paths[0])
    name = "validation" if options.split == "val" else "test"
    page = HEAD.format(split=options.split, runs=options.runs, name=name)
    for path, set_name in zip(paths, sets):
        split = data.load_split(data.find_file(set_name, options.data), options.split)
        rows = measure(Explain(options.explain, path, options.split, options.runs), split, set_name)
        text = section(f"{os.path.basename(path)}, {len(split.labels)} images of {set_name}", rows)
        print(text, flush=True)
        page += text
    if options.page:
        write_whole(options.page, page.encode())


def main():
    try:
        run(parse_arguments())
    except TrainerError as error:
        sys.exit(f"robustness.py: {error}")
    except OSError as error:
        sys.exit(f"robustness.py: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
