"""The pictures of docs/BENCH.md, as SVG: the same figures give the same bytes."""

import matplotlib
import numpy as np

matplotlib.use("svg")
from matplotlib import pyplot as plt  # noqa: E402 (after the choice of a backend)
from matplotlib import ticker  # noqa: E402

from figures import GOAL_BATCH, ROTATION_GOAL, alone_on, batches_of, fit_of, item_of, thread_counts  # noqa: E402

# Halfway between black and white, so that pages of either kind show them; no background.
INK = "#707a84"
BLUE, ORANGE, GREEN, PURPLE = "#3584e4", "#e0742a", "#2da44e", "#9a6ae0"

STYLE = {
    "svg.hashsalt": "torusnn", "svg.fonttype": "path", "font.size": 12, "axes.titlesize": 13, "legend.frameon": False,
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.titlecolor": INK, "grid.color": INK, "grid.alpha": 0.25, "axes.grid": True, "axes.axisbelow": True,
    "axes.spines.top": False, "axes.spines.right": False, "xtick.minor.size": 0, "ytick.minor.size": 0,
    "lines.linewidth": 2, "lines.markersize": 7,
}


def use_style():
    plt.rcParams.update(STYLE)


def save(figure, path):
    figure.savefig(path, format="svg", transparent=True, bbox_inches="tight", pad_inches=0.1, metadata={"Date": None})
    plt.close(figure)


def legend_beside(axes, handles=None):
    """Never over a curve."""
    handles = handles or axes.get_legend_handles_labels()[0]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.03, 1), borderaxespad=0)


def plain_numbers(axis, ticks):
    axis.set_major_locator(ticker.FixedLocator(ticks))
    axis.set_minor_locator(ticker.NullLocator())
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))


def round_ticks(least, most):
    """1, 2 and 5 times powers of ten."""
    decades = 10.0 ** np.arange(np.floor(np.log10(least)), np.ceil(np.log10(most)) + 1)
    return [t for t in np.outer(decades, (1, 2, 5)).ravel() if least <= t <= most]


def latency_picture(models, path):
    """On one thread and on the most."""
    threads = sorted({1, max(thread_counts(models[0]["calls"]))})
    height = 0.8 / len(threads)
    figure, axes = plt.subplots(figsize=(8, 0.55 * len(models) + 1.2))
    longest = max(c["image_ms"]["median"] for m in models for c in m["calls"])
    least = 0.6 * min(c["image_ms"]["min"] for m in models for c in m["calls"])
    handles = []
    for i, (count, color) in enumerate(zip(threads, (BLUE, ORANGE))):
        rows = np.arange(len(models)) + (i - (len(threads) - 1) / 2) * height
        times = [alone_on(m["calls"], count)["image_ms"] for m in models]
        medians = [t["median"] for t in times]
        handles.append(axes.barh(rows, [t["min"] for t in times], 0.9 * height, color=color,
                                 label=f"{count} thread{'s' * (count > 1)}, best"))
        median, = axes.plot(medians, rows, "|", color=INK, markersize=12, markeredgewidth=2.5, label="median")
        for row, time in zip(rows, times):
            best = f"{time['min']:.1f}" if time["min"] < 100 else f"{time['min']:.0f}"
            axes.annotate(best, (time["median"], row), (7, 0), textcoords="offset points", va="center", fontsize=10)
    axes.set_yticks(range(len(models)), [f"{m['name']}\n{m['bootstraps']} bootstraps" for m in models], fontsize=10)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    axes.set_xscale("log")
    axes.set_xlim(least, 1.6 * longest)
    plain_numbers(axes.xaxis, round_ticks(least, 1.6 * longest))
    axes.set_xlabel("milliseconds an image (logarithmic); numbers: the best")
    axes.set_title("Latency of an image", loc="left")
    legend_beside(axes, [*handles, median])
    save(figure, path)


def bootstrap_picture(core, path):
    batches = batches_of(core)
    figure, axes = plt.subplots(figsize=(7, 4))
    for name, color, marker in (("blind_rotation", BLUE, "o"), ("bootstrap", ORANGE, "s")):
        ratios = [item_of(core, name, b)["over_floor"] for b in batches]
        label = name.replace("_", " ")
        axes.plot(batches, [r["min"] for r in ratios], color=color, marker=marker, label=f"{label}, best")
        axes.plot(batches, [r["median"] for r in ratios], color=color, marker=marker, markerfacecolor="none", linestyle=":",
                  label=f"{label}, median")
    axes.plot([GOAL_BATCH, max(batches)], [ROTATION_GOAL] * 2, color=GREEN, linestyle="--",
              label=f"goal: at most {ROTATION_GOAL:g}")
    axes.axhline(1, color=INK, label="the floor")
    axes.set_xscale("log")
    plain_numbers(axes.xaxis, batches)
    axes.set_ylim(0)
    axes.set_xlabel("ciphertexts in a batch")
    axes.set_ylabel("time / floor")
    axes.set_title("Bootstrap over the FFT floor, one thread", loc="left")
    legend_beside(axes)
    save(figure, path)


def growth_picture(growth, path):
    figure, grid = plt.subplots(2, len(growth), figsize=(4 * len(growth), 5), height_ratios=(3, 1), sharex="col",
                                constrained_layout=True)
    for series, (axes, beneath) in zip(growth, grid.T):
        intercept, slope, deviations = fit_of(series)
        sizes = np.array([p["size"] for p in series["points"]])
        line = np.linspace(sizes[0], sizes[-1], 200)
        axes.plot(line, intercept + slope * line, color=ORANGE, linestyle="--", label="linear fit of the best")
        best, medians = ([p[key] for p in series["points"]] for key in ("best_ms", "median_ms"))
        axes.plot(sizes, medians, "o", color=BLUE, markerfacecolor="none", label="median")
        axes.plot(sizes, best, "o", color=BLUE, label="best")
        beneath.axhline(0, color=ORANGE, linestyle="--")
        beneath.plot(sizes, 100 * deviations, "o", color=BLUE)
        bound = 5 * np.ceil(100 * abs(deviations).max() / 5 + 0.2)
        beneath.set_ylim(-bound, bound)
        if series["variable"] == "neurons":
            axes.set_yscale("log")
            plain_numbers(axes.yaxis, round_ticks(*axes.get_ylim()))
        else:
            axes.set_ylim(0, 1.08 * max(medians))
        if series["variable"] != "layers":
            beneath.set_xscale("log")
            plain_numbers(beneath.xaxis, [t for t in 4.0 ** np.arange(8) if sizes[0] <= t <= sizes[-1]])
        beneath.set_xlabel(series["variable"])
        axes.set_title(f"with {series['variable']}", loc="left")
    grid[0, 0].set_ylabel("milliseconds an image")
    grid[1, 0].set_ylabel("best from fit, %")
    figure.align_ylabels(grid[:, 0])
    legend_beside(grid[0, -1])
    save(figure, path)


KINDS = {  # of layers: color and marker; only positions are ever stated as a bound
    "tolerant circuit": (BLUE, "o"), "exact circuit": (PURPLE, "D"), "stated as an upper bound": (ORANGE, "s"),
}


def noise_panels(axes, beneath, layers):
    """Args: layers  [(kind, (predicted variance, measured variance, ratio, its standard error))]"""
    predicted = [noise[0] for _, noise in layers]
    ends = (min(predicted) / 2, max(predicted) * 2)
    axes.plot(ends, ends, color=INK, linewidth=1, label="measured = predicted")
    beneath.axhline(1, color=INK, linewidth=1)
    furthest = 0
    for kind, (color, marker) in KINDS.items():
        chosen = np.array([noise for its_kind, noise in layers if its_kind == kind]).reshape(-1, 4)
        predicted, measured, ratio, error = chosen.T
        style = dict(color=color, marker=marker, linestyle="", markerfacecolor="none", markeredgewidth=1.5)
        axes.plot(predicted, measured, label=kind, **style)
        if kind != "stated as an upper bound":
            beneath.errorbar(predicted, ratio, error, elinewidth=1, **style)
            furthest = max([furthest, *(abs(ratio - 1) + error)])
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    beneath.set_ylim(1 - 1.1 * furthest, 1 + 1.1 * furthest)
    beneath.set_xlabel("predicted variance")


def noise_picture(rows, path):
    figure, grid = plt.subplots(2, 2, figsize=(10, 6), height_ratios=(3, 2), sharex="col", constrained_layout=True)
    noise_panels(*grid[:, 0], [("stated as an upper bound" if bound else f"{contract} circuit", position)
                               for contract, bound, (position, _) in rows])
    noise_panels(*grid[:, 1], [(f"{contract} circuit", value) for contract, _, (_, value) in rows])
    grid[0, 0].set_title("position noise, positions²", loc="left")
    grid[0, 1].set_title("value noise, torus²", loc="left")
    grid[0, 0].set_ylabel("measured variance")
    grid[1, 0].set_ylabel("measured / predicted")
    figure.align_ylabels(grid[:, 0])
    legend_beside(grid[0, 1])
    save(figure, path)
