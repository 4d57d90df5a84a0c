#!/usr/bin/env python3
"""Times torusnn, Concrete ML and tfhe-rs in one run and writes docs/PEERS.md and docs/peers.json.

    peers.py [--build build/release] [--work build/peers] [--only-page]

Needs cargo, Debian's python3-torch and python3-venv; installs the peers themselves into --work. --only-page makes the
page of the figures there are.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent), str(ROOT / "examples" / "train")]

import numpy as np  # noqa: E402
from markdown import table  # noqa: E402
from model_file import Contract, Layer, Model, write_model  # noqa: E402

MODELS = ROOT / "examples" / "models"
FIGURES, PAGE = ROOT / "docs" / "peers.json", ROOT / "docs" / "PEERS.md"
# Concrete ML's own default on the larger net had not answered for two images after half an hour on two cores.
NETS = (("784-8", 8, "pneumoniamnist", ((), ("--tuned",))), ("784-392", 392, "pneumoniamnist-392", (("--tuned",),)))
EXACT = "breastmnist-exact"
VALUES, FAN_IN = 16, 5  # of tfhe-rs's messages of 2_2; sums of five numbers from 0 to 3
BATCH = 8


def run(command, **options):
    print("+", " ".join(map(str, command)), file=sys.stderr, flush=True)
    return subprocess.run(list(map(str, command)), check=True, text=True, **options)


def output_of(command, **options):
    """The last line that a program prints, as JSON."""
    return json.loads(run(command, stdout=subprocess.PIPE, **options).stdout.strip().splitlines()[-1])


def figures_of(command, path):
    """What one of our own benchmarks writes with --json."""
    run([*command, "--json", path], stdout=subprocess.DEVNULL)
    return json.loads(path.read_text(encoding="utf-8"))


def install_concrete_ml(work):
    """A virtual environment over Debian's packages, whose torch is built for the processor alone."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        run(["/usr/bin/python3", "-m", "venv", "--system-site-packages", work / "venv"])
        run([python, "-m", "pip", "install", "-q", "--no-deps", "-r", HERE / "requirements.txt"])
    return python


def build_tfhe_rs(work):
    """In a copy, since cargo writes beside its manifest."""
    shutil.copytree(HERE / "tfhe_rs", work / "tfhe_rs", dirs_exist_ok=True)
    run(["cargo", "build", "--release"], cwd=work / "tfhe_rs", env={**os.environ, "RUSTFLAGS": "-C target-cpu=native"})
    return work / "tfhe_rs" / "target" / "release" / "peers"


def lookups_of_sixteen(path, table_layers):
    """A net of neurons that square a sum of five numbers from 0 to 3, exactly; layers but the last one modulo 4."""
    neurons, layers, inputs = 8, [], 64
    for index in range(table_layers):
        weights = np.zeros((neurons, inputs), int)
        for neuron in range(neurons):
            weights[neuron, (7 * neuron + 3 * np.arange(FAN_IN)) % inputs] = 1
        squares = np.arange(VALUES) ** 2 % (VALUES if index == table_layers - 1 else 4)
        layers.append(Layer(weights, np.zeros(neurons, int), np.tile([[0, VALUES - 1]], (neurons, 1)),
                            np.tile(squares, (neurons, 1, 1))))
        inputs = neurons
    layers.append(Layer(np.eye(neurons, dtype=int), np.zeros(neurons, int)))
    write_model(path, Model(8, 8, 1, 4, 1.0, {}, layers, Contract(exact=True)))
    return path


def plan_of(build, work, model):
    """What explain says before any key exists, without the model's history."""
    plan = figures_of([build / "examples" / "explain", "--model", model], work / "plan.json")
    return {key: plan[key] for key in ("parameters", "contract", "bootstraps", "worst_lookup_log2", "logit_noise",
                                       "estimated_bits", "bytes")}


def own_net(build, work, model, threads):
    path = MODELS / f"{model}.tnn"
    found = figures_of([build / "bench" / "bench_infer", "--model", path, "--threads", threads], work / f"{model}.json")
    call = next(c for c in found["calls"] if c["threads"] == threads and c["images"] == 1)
    return {"image_s": call["image_ms"]["min"] * 1e-3, "plan": plan_of(build, work, path)}


def own_bootstrap(build, work, name, path):
    found = figures_of([build / "bench" / "bench_core", "--model", path], work / "exact.json")["sets"][0]
    best = {item["batch"]: item["us"]["min"] * 1e-3 for item in found["items"] if item["name"] == "bootstrap"}
    return {"name": name, "plan": plan_of(build, work, path), "pbs_ms": best[1], "pbs_batched_ms": best[BATCH]}


def own_bootstraps(build, work):
    one, two = (lookups_of_sixteen(work / f"sixteen-{layers}.tnn", layers) for layers in (1, 2))
    return [own_bootstrap(build, work, *named) for named in (
        (f"tables of {VALUES} values, one layer", one), (f"tables of {VALUES} values, two layers", two),
        (f"tables of 34 values, one layer ({EXACT})", MODELS / f"{EXACT}.tnn"))]


# ------------------------------------------------------------------------------------------------------------ page --

HEAD = """# Beside other libraries

Written by `cmake --build --preset release --target run-bench-peers` from [peers.json](peers.json); do not edit. All three libraries ran in
one run on the same machine ({threads} threads where nothing else is said); the best of several samples counts.

The libraries do not promise the same, so each row says what it promises. Concrete ML and tfhe-rs compute exactly but for the stated
probability, and their results can be computed on. torusnn's nets of tables have noise that their contract bounds, and their results go back
to the client.
"""

BOOTSTRAPS = """Bootstraps alone, of exact nets. torusnn finds parameters for the net: in one layer of tables their inputs are fresh
ciphertexts, in two layers those of the second one are sums of five results of the first, after a key switch, as tfhe-rs's parameters
allow for anywhere.
"""


def promise_of(plan):
    contract = plan["contract"]
    if contract["precision"] == "exact":
        return f"a lookup fails with 2^{plan['worst_lookup_log2']:.1f}"
    return f"position noise {contract['position_noise']:g}, logits' noise {contract['logit_noise']:g} of their spread"


def net_rows(net):
    own = net["torusnn"]
    yield [net["net"], "torusnn", promise_of(own["plan"]), "no", f"{own['plan']['estimated_bits']:.0f}",
           f"{own['plan']['bytes']['evaluation_key'] * 1e-6:.1f}", f"{own['image_s']:.3g}", "1"]
    for peer in net["concrete_ml"]:
        how = "accumulators rounded approximately to 6 bits, " if peer["tuned"] else ""
        yield [net["net"], f"Concrete ML {peer['version']}{', tuned' if peer['tuned'] else ''}",
               f"{how}a lookup fails with {peer['p_error']:.2g}", "yes", "128", f"{peer['evaluation_key_bytes'] * 1e-6:.1f}",
               f"{peer['image_s']:.3g}", f"{peer['image_s'] / own['image_s']:.1f}"]


def sizes_of(p):
    split = f"{2 ** p['log2_split']} x " if p.get("log2_split") else ""
    return f"{p['n']}, {p['k']}, {split}{p['N']}, {p['bs_levels']}"


def bootstrap_rows(exact, tfhe_rs):
    yield [f"tfhe-rs {tfhe_rs['version']}, 2_2: {VALUES} values, after a key switch", sizes_of(tfhe_rs),
           f"2^{tfhe_rs['log2_failure']:.1f}", f"{tfhe_rs['pbs_ms']:.3g}", f"{tfhe_rs['pbs_batched_ms']:.3g}", "1", "1",
           f"{tfhe_rs['ks_pbs_ms']:.3g}"]
    for own in exact:
        yield [f"torusnn, {own['name']}", sizes_of(own["plan"]["parameters"]), f"2^{own['plan']['worst_lookup_log2']:.1f}",
               f"{own['pbs_ms']:.3g}", f"{own['pbs_batched_ms']:.3g}", f"{tfhe_rs['pbs_ms'] / own['pbs_ms']:.2f}",
               f"{tfhe_rs['pbs_batched_ms'] / own['pbs_batched_ms']:.2f}", ""]


def page(figures):
    nets = table("ttttnnnn", ["network", "library", "promise", "result can be computed on", "bits of security",
                              "evaluation key, MB", "s an image", "times torusnn's"],
                 [row for net in figures["nets"] for row in net_rows(net)])
    bootstraps = table("ttt" + 5 * "n", ["library", "n, k, N, l", "a lookup fails with", "ms, one at a time",
                                         f"ms each, batch of {BATCH}", "tfhe-rs's time over it", "the same, batched",
                                         "ms with key switch"],
                       bootstrap_rows(figures["exact"], figures["tfhe_rs"]))
    return "\n".join([HEAD.format(threads=figures["threads"]), "## An encrypted image\n", nets,
                      "## A programmable bootstrap, one thread\n", BOOTSTRAPS, bootstraps])


def measure(build, work):
    work.mkdir(parents=True, exist_ok=True)
    concrete, tfhe_rs = install_concrete_ml(work), build_tfhe_rs(work)
    threads = os.cpu_count()
    rows = []
    for name, neurons, model, ways in NETS:
        own = own_net(build, work, model, threads)
        peers = [output_of([concrete, HERE / "concrete_ml.py", "--neurons", neurons, *way]) for way in ways]
        rows.append({"net": name, "model": model, "torusnn": own, "concrete_ml": peers})
    return {"threads": threads, "nets": rows, "exact": own_bootstraps(build, work), "tfhe_rs": output_of([tfhe_rs])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build" / "peers")
    parser.add_argument("--only-page", action="store_true")
    options = parser.parse_args()
    if not options.only_page:
        FIGURES.write_text(json.dumps(measure(options.build, options.work), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(json.loads(FIGURES.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
