#!/usr/bin/env python3
"""The arithmetic of CLUSTER.md, from the figures of cluster.json.

    python3 docs/cluster.py           # writes it between the page's two marks
    python3 docs/cluster.py --check   # exit code 1 where the page says something else
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
MARKS = "<!-- arithmetic -->\n", "<!-- /arithmetic -->\n"
CLIENTS, IMAGES = 1_000_000, 10_000_000
MACHINE = {"processors": 64, "memory": 256e9, "network": 10e9 / 8}
DAY = 24.0


def table(head, rows):
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def amount(value, unit=""):
    """Three digits that count, with thousands apart."""
    digits = max(0, 2 - len(str(int(value))) + 1) if value >= 1 else 3
    return f"{value:,.{digits}f}{unit and ' ' + unit}"


def size(count):
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if count >= scale:
            return amount(count / scale, unit)
    return f"{count:,} bytes"


def load_seconds(model):
    """Of a key on one processor: reading its bytes, which checks them, and expanding it."""
    return (model["key_read_ms"]["median"] + model["expansion_ms"]["median"]) / 1000


def image_seconds(model):
    return model["image_ms"]["median"] / 1000


def costs(model, images, loads):
    """Processor hours and bytes through the network of so many images, for which keys are loaded so many times."""
    return {"hours": (images * image_seconds(model) + loads * load_seconds(model)) / 3600,
            "moved": images * (model["image_bytes"] + model["result_bytes"]) + loads * model["key_bytes"]}


def machines(hours, within=DAY):
    return hours / (MACHINE["processors"] * within)


def one(models):
    """What one of each costs."""
    rows = [("bootstraps an image", [model["bootstraps"] for model in models]),
            ("evaluation key, K", [size(model["key_bytes"]) for model in models]),
            ("encrypted image, i", [size(model["image_bytes"]) for model in models]),
            ("encrypted result, o", [size(model["result_bytes"]) for model in models]),
            ("memory of an expanded key with its evaluator, M (measured)", [size(m["resident_bytes"]) for m in models]),
            ("the same as the circuit states it, for one image at a time", [size(m["stated_bytes"]) for m in models]),
            ("an image on one processor, t: best", [amount(m["image_ms"]["best"], "ms") for m in models]),
            ("an image on one processor, t: median", [amount(1000 * image_seconds(m), "ms") for m in models]),
            ("to read a key and expand it, e: median", [amount(1000 * load_seconds(m), "ms") for m in models])]
    return [[name, *cells] for name, cells in rows]


def scenario(models):
    """Rows of a million clients and ten million images."""
    together = [costs(model, IMAGES, CLIENTS) for model in models]
    apart = [costs(model, IMAGES, IMAGES) for model in models]
    few = [costs(model, IMAGES, 100) for model in models]
    rows = [("keys at rest: C K", [size(CLIENTS * m["key_bytes"]) for m in models]),
            ("encrypted images: I i", [size(IMAGES * m["image_bytes"]) for m in models]),
            ("encrypted results: I o", [size(IMAGES * m["result_bytes"]) for m in models]),
            ("memory, were every client's key expanded: C M", [size(CLIENTS * m["resident_bytes"]) for m in models]),
            ("expanded keys that fit a machine: G / M",
             [f"{MACHINE['memory'] // m['resident_bytes']:,.0f}" for m in models])]
    for name, spent in (("one programme, 100 keys (L = 100)", few), ("each client's images together (L = C)", together),
                        ("each image alone, its key gone meanwhile (L = I)", apart)):
        rows += [(f"{name}: processor hours", [amount(each["hours"]) for each in spent]),
                 (f"{name}: machines for a day", [amount(machines(each["hours"])) for each in spent]),
                 (f"{name}: through the network", [size(each["moved"]) for each in spent])]
    return [[name, *cells] for name, cells in rows]


def nodes_table(figures):
    head = ["of one processor each", *[f"{each['archive']['nodes']} node{'s' * (each['archive']['nodes'] > 1)}"
                                       for each in figures["nodes"]]]
    rows = [("`evaluate_dataset`, images a second", "archive", "images_a_second"),
            ("seconds until the first file is done", "archive", "seconds_to_first_file"),
            (f"the service, {figures['nodes'][0]['service_rate']['clients']} clients, images a second", "service_rate",
             "images_a_second")]
    cells = [[name, *[amount(each[part][figure]) for each in figures["nodes"]]] for name, part, figure in rows]
    cells.append(["one client alone: a request, median", *[amount(each["service_latency"]["request_ms"]["median"], "ms")
                                                           for each in figures["nodes"]]])
    cells.append(["of it Ray Serve, HTTP and the application, median",
                  *[amount(each["service_latency"]["overhead_ms"]["median"], "ms") for each in figures["nodes"]]])
    return table(head, cells)


def arithmetic(figures):
    names, models = list(figures["models"]), list(figures["models"].values())
    first = models[0]
    images, key = 1 / image_seconds(first), load_seconds(first) / image_seconds(first)
    arrival = CLIENTS * first["key_bytes"] / MACHINE["network"] / 3600
    return f"""Measured by `tests/python/cluster/measure.py` on {figures['date']}, on a machine of
{figures['processors']} virtual processors, into [cluster.json](cluster.json):

{table(["", *names], one(models))}
{nodes_table(figures)}
Other work ran on the machine until shortly before, and its speed drifts: [BENCH.md](BENCH.md) has an image's time when
it was faster. One processor without Ray does 1 / t = {amount(images)} images a second of {names[0]} by the median, one
image at a time; `evaluate_dataset` evaluates up to eight together. The two simulated nodes share the
{figures['processors']} processors with each other, with Ray's own processes and with the clients, so they cannot do
twice as much as one; the service's one front and one proxy are busy before its evaluators are.

With C clients, I images, keys of K bytes, images and results of i and o bytes, M bytes of memory for an expanded key, t
seconds an image, e seconds a key, P processors and G bytes of memory a machine, T seconds, and keys loaded L times, at
least once for each client that has images and at most once an image:

    processor seconds = I t + L e                  bytes at rest    = C K + I (i + o)
    machines          = processor seconds / (P T)  bytes moved      = I (i + o) + L K
    memory            = A M, for A keys kept expanded

For C = {CLIENTS:,} clients and I = {IMAGES:,} images, on paper. A machine is assumed to have
P = {MACHINE['processors']} processors as fast as the one that was measured and G = {size(MACHINE['memory'])}; neither
was measured. T is a day:

{table(["", *names], scenario(models))}
What a processor hour, a byte at rest and a byte moved cost is for whoever rents them to fill in. To load a key of
{names[0]} takes as much processor time as {amount(key)} images (e / t), and over a link of 10 Gbit/s, another
assumption, the keys of a million clients take {amount(arrival)} hours to arrive: images of one client belong together,
and requests belong where their key is.
"""


def main():
    page = HERE / "CLUSTER.md"
    text = page.read_text()
    before, rest = text.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    made = before + MARKS[0] + arithmetic(json.loads((HERE / "cluster.json").read_text())) + MARKS[1] + after
    if "--check" in sys.argv[1:]:
        return int(made != text)
    page.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
