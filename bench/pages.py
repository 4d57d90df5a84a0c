#!/usr/bin/env python3
"""The page docs/BENCH.md and its pictures, from the figures that bench_report prints and the table of docs/NOISE.md.

    pages.py [--figures docs/bench.json] [--noise docs/NOISE.md] [--out docs]

Needs numpy and matplotlib (Debian: python3-numpy, python3-matplotlib).
"""

import argparse
import pathlib
import sys

from figures import (FAST_NET, GOAL_BATCH, ROTATION_GOAL, WIDE_NET, Refused, alone_on, batches_of, fit_of, fullest_on,
                     item_of, model_of, one, read_figures, read_noise, thread_counts)
from markdown import table

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"


def parameters(p):
    split = f" in {2 ** p['log2_split']} polynomials a table" if p.get("log2_split") else ""
    text = (f"n = {p['n']}, k = {p['k']}, N = {p['N']}{split}, noise 2^{p['lwe_log2_sigma']:.2f} and "
            f"2^{p['glwe_log2_sigma']:.2f}, bootstrap gadget 2^{p['bs_base_log']} x {p['bs_levels']}")
    return text + (f", key switch gadget 2^{p['ks_base_log']} x {p['ks_levels']}" if p["ks_levels"] else "")


def both(values, form, scale=1):
    """Best and median as two cells."""
    return [format(scale * values[key], form) for key in ("min", "median")]


def head(figures):
    machine = figures["machine"]
    quick = " **A short run (`--quick`): too few samples to quote.**" if figures["quick"] else ""
    return f"""# Benchmarks

Written by `cmake --build --preset release --target run-bench-report` from [bench.json](bench.json); do not edit.{quick}

Machine: {machine['cpu']}, {machine['cores']} processors online, {machine['kernels']} kernels.

Everything is timed several times. **Best** is the least of these times, which says what the code takes where nothing else
disturbs it; **median** is the time that half of them stay below, which says what to expect of this machine as it was.

**The floor** of a bootstrap is n (k+1)(l+1) transforms of N/2 complex points, each timed with FFTW, split format, in cache, on
one thread, by the fastest of six plans. Every sample of a figure follows a sample of the floor; a ratio compares both minima
(best) or both medians. Absolute times drift with the machine, ratios much less.
"""


def goals(figures):
    """(what, measured, unit, bound, whether at least) of each goal that this machine can answer."""
    core, size, spent = figures["core"], figures["footprint"]["bytes"], figures["footprint"]
    ratios = [item_of(core, "blind_rotation", b)["over_floor"]["min"] for b in batches_of(core) if b >= GOAL_BATCH]
    fast, scaling = model_of(figures, FAST_NET)["calls"], figures["scaling"]["calls"]
    yield "Blind rotation over the FFT floor, batch 8 and more, 1 thread", max(ratios), "times", ROTATION_GOAL, False
    yield "An image through the fast net, 1 thread", alone_on(fast, 1)["image_ms"]["min"], "ms", 25, False
    if 2 in thread_counts(fast):
        wide = [m for m in figures["models"] if m["name"] == WIDE_NET] or figures["models"][-1:]
        wide_ms = alone_on(wide[0]["calls"], 2)["image_ms"]["min"]
        gain = alone_on(scaling, 1)["image_ms"]["min"] / alone_on(scaling, 2)["image_ms"]["min"]
        yield "An image through the fast net, 2 threads", alone_on(fast, 2)["image_ms"]["min"], "ms", 15, False
        yield "An image through the trained 784-392-2 net, 2 threads", wide_ms, "ms", 500, False
        yield "Gain from 1 to 2 threads, 16 neurons", gain, "times", 1.8, True
    neurons = one((s for s in figures["growth"] if s["variable"] == "neurons"), "growth with neurons")
    yield "Largest deviation from linear growth with neurons", 100 * abs(fit_of(neurons)[2]).max(), "%", 10, False
    yield "Evaluation key on the wire", size["eval_key"] * 1e-6, "MB", 8, False
    yield "Encrypted image", size["input"] * 1e-3, "kB", 1.7, False
    yield "Encrypted result", size["output"] * 1e-3, "kB", 4, False
    yield "Memory of a serving process, one model and one key", size["server"] * 1e-6, "MB", 120, False
    yield "Key generation", spent["keygen_ms"]["min"] * 1e-3, "s", 1, False
    yield "Key load and evaluator", spent["ready_ms"]["min"] * 1e-3, "s", 0.5, False


def goals_section(figures):
    rows = [[what, f"{measured:.3g} {unit}", f"{'at least' if at_least else 'at most'} {bound:g}",
             "yes" if (measured >= bound if at_least else measured <= bound) else "no"]
            for what, measured, unit, bound, at_least in goals(figures)]
    return ("\n## Goals\n\nBest of several. Threads gain no more than the machine has to give: the table of threads says "
            "what that was.\n\n" + table("tnnt", ["what", "measured", "goal", "reached"], rows))


def core_section(core):
    floor, transforms = core["floor"]["fft_us"], core["floor"]["ffts_a_bootstrap"]
    rows = []
    for batch in batches_of(core):
        cells = [str(batch)]
        for name in ("blind_rotation", "bootstrap"):
            item = item_of(core, name, batch)
            cells += both(item["us"], ".2f", 1e-3) + both(item["over_floor"], ".2f")
        rows.append(cells)
    heads = ["batch", "blind rotation: ms, best", "median", "ratio, best", "median", "bootstrap: ms, best", "median",
             "ratio, best", "median"]
    best_ms, median_ms = both(floor, ".2f", 1e-3 * transforms)
    small = [[i["name"].replace("_", " "), *both(i["us"], ".3f")] for i in core["items"] if "over_floor" not in i]
    return f"""
## Bootstrap against the floor

![Bootstrap over the FFT floor by batch](bench-bootstrap.svg)

Parameters of the fast net: {parameters(core['parameters'])}. \
One thread, {core['rounds']} rounds. \
Floor of a bootstrap: {transforms:.0f} transforms of {floor['min']:.3f} us = {best_ms} ms (median {median_ms} ms).
Times are of one ciphertext.

""" + table("n" * 9, heads, rows) + (
        "\n" + table("tnn", ["operation", "us, best", "median"], small) if small else "")


def models_section(models):
    rows = []
    for model in models:
        for threads in thread_counts(model["calls"]):
            alone, full = alone_on(model["calls"], threads), fullest_on(model["calls"], threads)
            rates = [1e3 / full["image_ms"][key] for key in ("min", "median")]
            rows.append([model["name"], model["lookups"], str(model["bootstraps"]), str(threads),
                         *both(alone["image_ms"], ".2f"), *both(alone["over_floor"], ".2f"), str(full["images"]),
                         *(f"{rate:.1f}" for rate in rates)])
    heads = ["model", "lookups", "bootstraps", "threads", "ms, best", "median", "ratio, best", "median", "images a call",
             "images a second, best", "median"]
    sets = [[m["name"], parameters(m["parameters"]), str(m["rounds"])] for m in models]
    return """
## Latency of an image

![Latency of an image through each model](bench-latency.svg)

From the encrypted image's bytes to the result's. Ratios are to the floor of all bootstraps of an image on one thread. Images a
second are of calls with as many images as fill the batches of all threads.

""" + table("tt" + "n" * 9, heads, rows) + "\n" + table("ttn", ["model", "parameters", "rounds"], sets) + (
        "\nThe 784-392-2 net has random weights and the parameters of the fast net.\n")


def threads_section(scaling):
    alone, rows = alone_on(scaling["calls"], 1), []
    for threads in thread_counts(scaling["calls"]):
        call = alone_on(scaling["calls"], threads)
        gain = alone["image_ms"]["min"] / call["image_ms"]["min"]
        crew = [f"{threads * alone['crew_us'][key] / call['crew_us'][key]:.2f}" for key in ("min", "median")]
        rows.append([str(threads), *both(call["image_ms"], ".2f"), f"{gain:.2f}", f"{call['gain']['median']:.2f}", *crew])
    heads = ["threads", "ms, best", "median", "gain of the best", "median gain", "separate FFTs: gain of the best",
             "of the medians"]
    return f"""
## Threads

A net of 16 neurons, in equal parts on each thread. Parameters of the fast net, {scaling['rounds']} rounds; the gain in a round
compares two calls that follow each other. The last columns are what the machine has to give: in the same rounds, the gain of
FFTs that run on these threads and share nothing. Two processors of a virtual machine may be one core's.

""" + table("n" * 7, heads, rows)


def series_section(series):
    intercept, slope, deviations = fit_of(series)
    worst = int(abs(deviations).argmax())
    rows = [[str(p["size"]), f"{p['best_ms']:.2f}", f"{p['median_ms']:.2f}", *both(p["over_floor"], ".2f"),
             f"{intercept + slope * p['size']:.2f}", f"{100 * d:+.1f} %"] for p, d in zip(series["points"], deviations)]
    return f"""
### {series['variable']}

{series['setting']}; every size under the same parameters: {parameters(series['parameters'])}.
{series['rounds']} rounds. Fit of the best times: {intercept:.3f} ms + {slope:.4g} ms a unit of {series['variable']}; \
largest deviation from it {100 * abs(deviations[worst]):.1f} %, at {series['points'][worst]['size']}.

""" + table("n" * 7, [series["variable"], "ms, best", "median", "ratio, best", "median", "fit, ms", "deviation"], rows)


def growth_section(growth):
    return """
## Growth

![Growth with neurons, inputs and layers](bench-growth.svg)

One image on one thread through networks with random ternary weights. Parameters are held along a series: those of the fast net,
and for layers those that the library finds for the deepest net. The fit is by least squares of relative errors; ratios are to
the floor of all bootstraps. Times are the processor's on the thread; the best time of an image is the sum, over its batches of
bootstraps, of the best time of each: a run of seconds never has this processor to itself, one of milliseconds has.
""" + "".join(map(series_section, growth))


def footprint_section(spent):
    said = spent["said_bytes"]
    sizes = [[what, f"{spent['bytes'][key]} bytes", f"{said[key]} bytes"] for what, key in (
        ("evaluation key on the wire", "eval_key"), ("encrypted image", "input"), ("encrypted result", "output"),
        ("memory of a serving process", "server"))]
    times = [["key generation", *both(spent["keygen_ms"], ".0f")],
             ["key load and evaluator, in a new process", *both(spent["ready_ms"], ".0f")],
             ["first image of that process", *both(spent["first_image_ms"], ".2f")]]
    return f"""
## Sizes and set-up

The fast net, {spent['threads']} threads, {spent['rounds']} rounds. \
Memory is the most that was resident in a process that compiles the model,
loads the key and evaluates one image; beside it what `tnn_circuit_describe` says of key, circuit and scratch memory.

""" + table("tnn", ["what", "measured", "said before any key exists"], sizes) + (
        "\n" + table("tnn", ["set-up", "ms, best", "median"], times))


NOISE_SECTION = """
## Noise

![Predicted and measured noise variance](bench-noise.svg)

Variances of the positions at which tables are read, and of what comes out of them, as circuits state them before any key exists
and as measured: the table of [NOISE.md](NOISE.md), a point a layer. Bars are standard errors.
"""


def page(figures):
    return (head(figures) + goals_section(figures) + core_section(figures["core"]) + models_section(figures["models"]) +
            threads_section(figures["scaling"]) + growth_section(figures["growth"]) + NOISE_SECTION +
            footprint_section(figures["footprint"]))


def write(figures, noise, out):
    text = page(figures)
    import pictures  # takes a second: after the figures have been judged

    pictures.use_style()
    pictures.latency_picture(figures["models"], out / "bench-latency.svg")
    pictures.bootstrap_picture(figures["core"], out / "bench-bootstrap.svg")
    pictures.growth_picture(figures["growth"], out / "bench-growth.svg")
    pictures.noise_picture(noise, out / "bench-noise.svg")
    (out / "BENCH.md").write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--figures", type=pathlib.Path, default=DOCS / "bench.json", help="what bench_report printed")
    parser.add_argument("--noise", type=pathlib.Path, default=DOCS / "NOISE.md", help="page with the table of noise")
    parser.add_argument("--out", type=pathlib.Path, default=DOCS, help="folder of page and pictures")
    chosen = parser.parse_args()
    at = chosen.noise
    try:
        noise = list(read_noise(at))
        at = chosen.figures
        write(read_figures(at), noise, chosen.out)
    except Refused as refused:
        sys.exit(f"pages.py: {at}: {refused}")
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        sys.exit(f"pages.py: {at}: is not what bench_report prints: {error}")
    except OSError as error:
        sys.exit(f"pages.py: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
