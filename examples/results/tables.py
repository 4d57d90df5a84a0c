#!/usr/bin/env python3
"""The table of README.md and the model cards, from the figures that results wrote to measured/, models.json and the models.

    tables.py [--measured DIR] [--readme README.md] [--cards examples/models/README.md]

Prints the table; with --readme it replaces what stands between that file's lines <!-- results --> and <!-- /results -->.
Needs Python alone.
"""

import argparse
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent / "models"
START, END = "<!-- results -->\n", "<!-- /results -->\n"


class Refused(Exception):
    """What is wrong with an input, as a sentence."""


class Figures(dict):
    """An object of a JSON file; asking for a key that it lacks says so."""

    def __missing__(self, key):
        raise Refused(f"an object with {', '.join(self) or 'nothing'} in it lacks the key '{key}'")


def read_json(text):
    try:
        return json.loads(text, object_pairs_hook=Figures)
    except ValueError as error:
        raise Refused(f"is not JSON: {error}") from error


def provenance_of(model):
    """The provenance in the bytes of a model file (docs/FORMATS.md); empty where it is no JSON object."""
    try:
        magic, version = struct.unpack_from("<4sH", model)
        length, = struct.unpack_from("<I", model, 32 + 20)
        evenly_spaced, = struct.unpack_from("<I", model, 32 + 80) if version > 1 else (1,)
    except struct.error as error:
        raise Refused("is too short for a model") from error
    if magic != b"TNNM":
        raise Refused("is no model")
    start = 32 + (84 if version > 1 else 32) + (0 if evenly_spaced else 256)
    try:
        provenance = json.loads(model[start:start + length])
    except ValueError:
        return {}
    return provenance if isinstance(provenance, dict) else {}


# --------------------------------------------------------------------------------------------------- table --

HEAD = """\
| model | network | bootstraps | noise allowed | images | clear | simulated | encrypted | same class | logit error \
| ms an image | key / image / result bytes |
|---|---|--:|---|---|---|---|---|---|---|---|---|
"""


def quality(accuracy, auc):
    """Images of one class have no AUC: null."""
    return f"{100 * accuracy:.2f} %" + ("" if auc is None else f" / {auc:.3f}")


def row(name, f):
    return " | ".join([
        f"| {name}", "-".join(map(str, f["layers"])), str(f["bootstraps"]), f["contract"], str(f["images"]),
        quality(f["clear_accuracy"], f["clear_auc"]), quality(f["simulated"]["accuracy"], f["simulated"]["auc"]),
        quality(f["encrypted_accuracy"], f["encrypted_auc"]), f"{100 * f['agreement']:.2f} %",
        f"{f['logit_rms_error']:.3f}",
        f"{f['latency_ms']['min']:.0f}, {f['latency_ms']['median']:.0f}",
        f"{f['evaluation_key_bytes']} / {f['input_bytes']} / {f['output_bytes']} |\n"])


def foot(f):
    return ("\nAccuracy / AUC on the test split, every image truly encrypted; encrypted figures are means over "
            f"{len(f['keys'])} fresh keys, simulated ones over {f['simulated']['runs']} runs. Same class: share of images "
            "whose encrypted and clear logits name one class. Logit error: root mean square, in logits. Time: best and "
            "median from the encrypted image's bytes to the result's, one image at a time on "
            f"{f['threads']} threads. Neurons that no logit depends on take no bootstrap. Noise allowed is what the "
            "model's file states: of a table position as a fraction of the table, of a logit as a fraction of its "
            "spread.\n")


def same_foot(before, f):
    """One foot speaks for all rows."""
    if before not in ("", foot(f)):
        raise Refused("was measured with other numbers of keys, runs or threads than the models before it")
    return foot(f)


# --------------------------------------------------------------------------------------------------- cards --

CARDS_HEAD = """\
# Model cards

Written by `cmake --build --preset release --target measure-results` from what each model file says of its origin and from the \
measured figures; do not edit.
"""


def origin(p):
    """What a model's file says of where it comes from; nothing that it says must be there."""
    titles = {"set": "data", "citation": "cite", "licence": "licence of the data", "protocol": "protocol"}
    lines = [f"- {title}: {p[key]}\n" for key, title in titles.items() if key in p]
    if "images" in p:
        lines.append("- images: {train} train, {val} validation, {test} test\n".format(**p["images"]))
    if "models" in p:
        lines.append(f"- model {p['model']} of {p['models']}, each the average of nets of other seeds: "
                     f"{p['nets_of_model']}\n")
    return "".join(lines)


def figures_row(title, values):
    if "accuracy" not in values:
        return ""
    auc = "none" if values["auc"] is None else format(values["auc"], ".3f")
    return f"| {title} | {100 * values['accuracy']:.2f} % | {auc} |\n"


def models_row(title, split):
    if split.get("accuracy", {}).get("sd") is None:
        return ""
    accuracy, auc = split["accuracy"], split["auc"]
    return (f"| {title} | {100 * accuracy['mean']:.2f} ± {100 * accuracy['sd']:.2f} % "
            f"| {auc['mean']:.3f} ± {auc['sd']:.3f} |\n")


def measured_rows(f):
    clear = {"accuracy": f["clear_accuracy"], "auc": f["clear_auc"]}
    encrypted = {"accuracy": f["encrypted_accuracy"], "auc": f["encrypted_auc"]}
    return (figures_row("this model, in the clear", clear) + figures_row("simulated", f["simulated"]) +
            figures_row(f"encrypted, mean of {len(f['keys'])} keys", encrypted))


def spread_text(values):
    return " / ".join(f"{values[end]:.3g}" for end in ("min", "median", "max"))


def fill_lines(f):
    """How tables use the torus, a line a layer; figures of earlier measurements do not say."""
    layers = [(i, layer["neurons"], layer["width_share"], layer["norm_share"])
              for i, layer in enumerate(f.get("fills", [])) if layer["neurons"]]
    return "".join(f"- fill of layer {i}, min / median / max of {neurons} neurons: width over the widest {spread_text(widths)}, "
                   f"l2 norm of weights over width {spread_text(norms)}; worst neurons {widths['worst_neuron']} and "
                   f"{norms['worst_neuron']}\n" for i, neurons, widths, norms in layers)


def outside_line(f):
    """Of the test split, by the model's owner: a client cannot tell it of its image."""
    if "excursions" not in f:
        return ""
    e = f["excursions"]
    return (f"- images outside what the net has seen: {100 * e['outside_images']:.2f} % of the test images have a neuron outside "
            f"its table ({100 * e['worst_outside']:.0f} % of neurons at worst), {100 * e['astray_images']:.2f} % one that is read "
            "past its table's flat end; encrypted logits of such an image are not the clear ones with the stated noise, and "
            "who encrypts it cannot tell\n")


def card(model, p, f):
    """Figures that were not measured, f = None, come from training."""
    each, all_models = p.get("each_model", {}).get("test", []), p.get("all_models", {})
    return (f"\n## {model['name']}.tnn\n\n- intended use: {model['purpose']}\n"
            f"- must not be used for: {model['warning']}\n" + origin(p) +
            (fill_lines(f) + outside_line(f) if f else "") + "\n| | accuracy | AUC |\n|---|---|---|\n" +
            f"| **test**{'' if f else ', not measured encrypted yet'} | | |\n" +
            "".join(figures_row(f"model {number}, in the clear", values) for number, values in enumerate(each[1:], 2)) +
            models_row("mean of all models, in the clear", all_models.get("test", {})) +
            (measured_rows(f) if f else figures_row("this model, in the clear", p.get("metrics", {}).get("test", {}))))


def card_without_model(model):
    """Of a set whose data could not be had, or a model that is still to be trained."""
    return (f"\n## {model['name']}\n\n- intended use: {model['purpose']}\n- must not be used for: {model['warning']}\n"
            f"- does not ship: who has the data makes it by `{model['make']}`\n")


# ---------------------------------------------------------------------------------------------------- main --


def render(measured):
    """The table, and the cards."""
    at = HERE / "models.json"
    try:
        table, cards, last_lines = HEAD, CARDS_HEAD, ""
        for model in read_json(at.read_text(encoding="utf-8")):
            name = model["name"]
            at = MODELS / f"{name}.tnn"
            if "make" in model and not at.exists():
                cards += card_without_model(model)
                continue
            provenance = provenance_of(at.read_bytes())
            at = measured / f"{name}.json"
            figures = read_json(at.read_text(encoding="utf-8")) if at.exists() else None
            cards += card(model, provenance, figures)
            if figures:
                table += row(name, figures)
                last_lines = same_foot(last_lines, figures)
        return table + last_lines, cards
    except Refused as refused:
        sys.exit(f"tables.py: {at}: {refused}")
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        sys.exit(f"tables.py: {at}: holds something else than figures: {error!r}")


def replace_section(path, table):
    before, start, rest = path.read_text(encoding="utf-8").partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        sys.exit(f"tables.py: {path}: has no lines '{START.strip()}' and '{END.strip()}' for the table")
    path.write_text(before + start + table + end + after, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--measured", type=pathlib.Path, default=HERE / "measured", help="folder of the figures")
    parser.add_argument("--readme", type=pathlib.Path, help="file in which to replace the table")
    parser.add_argument("--cards", type=pathlib.Path, help="file of the model cards")
    chosen = parser.parse_args()
    try:
        table, cards = render(chosen.measured)
        if chosen.readme:
            replace_section(chosen.readme, table)
        if chosen.cards:
            chosen.cards.write_text(cards, encoding="utf-8")
    except OSError as error:
        sys.exit(f"tables.py: {error.filename}: {error.strerror}")
    sys.stdout.write(table)


if __name__ == "__main__":
    main()
