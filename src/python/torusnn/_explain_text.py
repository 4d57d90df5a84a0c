"""The text of an explanation, from its figures; examples/explain prints the same lines."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

Figures = Dict[str, Any]

TITLE_WIDTH = 22
BYTES_PER_MIB = 1024.0 * 1024.0
MOST_UNPROVEN_SHOWN = 5


def titled(title: str, text: str) -> str:
    return f"{title:<{TITLE_WIDTH}} {text}"


def plural(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def share_text(share: float) -> str:
    return f"{100.0 * share:.2f} %" if share < 0.1 else f"{100.0 * share:.0f} %"


def probability_text(log2: Any) -> str:
    """As a share while that reads well, as a power of two below. None stands for minus infinity."""
    if log2 is None:
        return "2^-inf"
    return share_text(2.0 ** log2) if log2 > -10.0 else f"2^{log2:.1f}"


def printable(text: Any) -> str:
    """Text from a file, without what could change the terminal."""
    return "".join(each if each.isprintable() else "?" for each in str(text))


def is_exact(figures: Figures) -> bool:
    return figures.get("contract", {}).get("precision") == "exact"


def has_budget(figures: Figures) -> bool:
    """Noise is held against what was allowed, unless something else decided."""
    return figures.get("contract", {}).get("precision") == "tolerant" and "agreement_curve" not in figures


# ------------------------------------------------------------------------------------------- model and contract --


def value_at(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def origin_text(origin: Any) -> str:
    trained = value_at(origin, "set")
    parts = [f"trained on {printable(trained)}" if isinstance(trained, str) else "says nothing of its training data"]
    numbers = ((", images: ", 0, ("images", "train")), ("; test accuracy ", 4, ("metrics", "test", "accuracy")),
               (", AUC ", 4, ("metrics", "test", "auc")))
    for before, digits, names in numbers:
        number = value_at(origin, *names)
        if isinstance(number, (int, float)):
            parts.append(f"{before}{number:.{digits}f}")
    licence = value_at(origin, "licence")
    return "".join(parts) + (f"; {printable(licence)}" if isinstance(licence, str) else "")


def model_lines(figures: Figures) -> Iterator[str]:
    model, layers = figures["model"], figures["layers"]
    if model["file"] is not None:
        yield printable(model["file"])
    yield titled("  origin", origin_text(model["provenance"]))
    yield titled("  image", f"{model['width']} x {model['height']}, {plural(model['channels'], 'channel')}, "
                            f"{model['input_levels']} levels")
    widths = " - ".join(str(width) for width in [layers[0]["inputs"], *(layer["neurons"] for layer in layers)])
    yield titled("  network", f"{widths}, {figures['bootstraps']} bootstraps an image for {figures['neurons']} neurons")


def summary_lines(figures: Figures) -> Iterator[str]:
    """What most readers came for."""
    sizes = figures["bytes"]
    yield from ("", "in short")
    yield titled("  an image", f"{figures['predicted_ms']:.1f} ms predicted on one thread, {figures['bootstraps']} "
                               f"bootstraps; {sizes['input']} bytes to send, {sizes['output']} to get")
    yield titled("  a client, once", f"{1e-6 * sizes['evaluation_key']:.1f} MB of evaluation key"
                 if figures["bootstraps"] > 0 else f"{sizes['evaluation_key']} bytes of evaluation key: nothing is "
                                                   "bootstrapped")
    data = figures.get("data")
    yield titled("  same class", "as the clear net: measured by --set or --data" if data is None else
                 f"{100.0 * data['simulated']['agreement']:.2f} % of {data['images']} images, simulated")


def curve_lines(figures: Figures) -> Iterator[str]:
    if "agreement_curve" not in figures:
        return
    yield from ("", "agreement and cost (share of the images simulated, and what new ones would show with 95 % "
                    "confidence)")
    yield f"  {'ms':>10} {'share':>10} {'at least':>10} {'positions':>12} {'logits':>12}"
    for point in figures["agreement_curve"]:
        yield (f"  {point['predicted_ms']:10.1f} {100 * point['agreement']:8.2f} % {100 * point['agreement_low']:8.2f} "
               f"% {point['position_noise']:12.4f} {point['logit_noise']:12.4f}")


def contract_text(figures: Figures) -> str:
    contract = figures.get("contract")
    if contract is None:
        return "that of a spec which clients have keys for"
    if "agreement" in contract:
        return f"tolerant: {contract['agreement']:g} of the images keep their class"
    if is_exact(figures):
        return f"exact: a lookup fails with probability of at most 2^{contract['lookup_error_log2']:g}"
    return (f"tolerant: position noise of at most {contract['position_noise']:g} of a table, logit noise of at most "
            f"{contract['logit_noise']:g} of its spread")


def contract_lines(figures: Figures) -> Iterator[str]:
    yield from ("", "asked for", titled("  precision", contract_text(figures)))
    yield titled("  security", f"{figures['security_bits']} bits promised, {figures['estimated_bits']} estimated")


def parameter_lines(p: Figures) -> Iterator[str]:
    yield titled("  small key", f"n {p['n']}, noise 2^{p['lwe_log2_sigma']:.2f}; inputs of {p['input_bits']} bits "
                                f"packed by {p['input_N']}")
    if p["N"] == 0:
        return
    yield titled("  GLWE key", f"k {p['k']}, N {p['N']}, noise 2^{p['glwe_log2_sigma']:.2f}")
    if p["log2_split"] > 0:
        yield titled("  split tables", f"{p['N'] << p['log2_split']} positions in {1 << p['log2_split']} polynomials")
    yield titled("  bootstrap gadget", f"base 2^{p['bs_base_log']}, {plural(p['bs_levels'], 'level')}")
    if p["ks_levels"] > 0:
        yield titled("  key switch gadget", f"base 2^{p['ks_base_log']}, {p['ks_levels']} levels, from "
                                            f"{p['k'] * p['N']} to {p['n']} coordinates")


# ------------------------------------------------------------------------------------------------------- layers --


def budget_text(used: float, allowed: float) -> str:
    """A bar of ten cells that is full where the budget is used up."""
    share = used / allowed
    cells = int(min(max(int(10.0 * share + 0.5), 0), 10))
    return f"; {allowed:g} allowed [{'#' * cells}{'.' * (10 - cells)}] {100.0 * share:.0f} %"


def position_line(figures: Figures, layer: Figures) -> str:
    text = (f"{layer['position_noise']:.4f} of the table, {layer['position_noise_cells']:.2f} of its "
            f"{layer['table_cells']} cells (neuron {layer['worst_neuron']})")
    if has_budget(figures):
        text += budget_text(layer["position_noise"], figures["contract"]["position_noise"])
    return titled("  position noise", text)


def lookup_line(figures: Figures, layer: Figures, what: str) -> str:
    text = f"{probability_text(layer['lookup_log2'])} for the worst {what}"
    if is_exact(figures):
        text += f" ({layer['worst_neuron']}); 2^{figures['contract']['lookup_error_log2']:g} allowed"
    else:
        text += "; lookups are meant to be noisy here: the net was trained to be read so"
    return titled("  lookup error", text)


def table_layer_lines(figures: Figures, layer: Figures) -> Iterator[str]:
    yield (f"{layer['inputs']} inputs, {layer['neurons']} neurons with {plural(layer['tables_per_neuron'], 'table')} "
           f"each of {layer['table_cells']} cells: {layer['bootstraps']} bootstraps")
    if layer["bootstraps"] == 0:
        yield titled("  lookups", "none: the next layer took this one over")
        return
    yield position_line(figures, layer)
    if not is_exact(figures):
        yield titled("  off by one or more", f"{share_text(layer['off_by_one_rate'])} of lookups read another cell")
    yield lookup_line(figures, layer, "neuron")
    yield titled("  range proof", f"{layer['neurons'] - layer['unproven_neurons']} of {layer['neurons']} neurons "
                                  "proven")
    fill = table_fills(figures)[id(layer)]
    yield spread_line("  fill", fill["width_share"], "width over the widest", "narrowest")
    yield spread_line("  weights", fill["norm_share"], "l2 norm over width", "most noise of inputs:")


def table_fills(figures: Figures) -> Dict[int, Figures]:
    """By layer, which is a dictionary and so known by its identity."""
    layers = [id(layer) for layer in figures["layers"] if "neuron_fills" in layer]
    return dict(zip(layers, figures["fills"]))


def spread_line(title: str, values: Figures, what: str, end: str) -> str:
    return titled(title, f"{what} {values['min']:.3g} / {values['median']:.3g} / {values['max']:.3g} (min / median / max); "
                         f"{end} neuron {values['worst_neuron']}")


def logit_layer_lines(figures: Figures, layer: Figures) -> Iterator[str]:
    yield f"{layer['inputs']} inputs, {plural(layer['neurons'], 'logit')}"
    text = f"{figures['logit_noise']:.3g}"
    if not is_exact(figures):
        text += f", {figures['logit_noise_share']:.4f} of the logit's spread"
    if has_budget(figures):
        text += budget_text(figures["logit_noise_share"], figures["contract"]["logit_noise"])
    yield titled("  logit noise", text)
    if is_exact(figures):
        yield lookup_line(figures, layer, "logit")
    if figures["bootstraps"] == 0:  # no table stands between the weights and the result
        yield titled("  weights", "not hidden: results give them away")


def layer_lines(figures: Figures) -> Iterator[str]:
    for index, layer in enumerate(figures["layers"]):
        lines = table_layer_lines if layer["tables_per_neuron"] > 0 else logit_layer_lines
        first, *others = lines(figures, layer)
        yield from ("", titled(f"layer {index}", first), *others)


# -------------------------------------------------------------------------------------------------- range proof --


def excess_of(each: Figures) -> float:
    """How far the weights reach beyond a table, in its widths."""
    beyond = max(each["table_low"] - each["reach_low"], each["reach_high"] - each["table_high"])
    return beyond / (each["table_high"] - each["table_low"] + 1.0)


def worst_neurons(layers: List[Figures]) -> List[Tuple[int, int, Figures]]:
    unproven = [(layer, neuron, each) for layer, figures in enumerate(layers)
                for neuron, each in enumerate(figures.get("ranges", ())) if not each["proven"]]
    return sorted(unproven, key=lambda found: -excess_of(found[2]))[:MOST_UNPROVEN_SHOWN]


def unproven_line(figures: Figures, layer: int, neuron: int, each: Figures) -> str:
    text = (f"  layer {layer}, neuron {neuron}: table {each['table_low']} to {each['table_high']}, weights reach "
            f"{each['reach_low']} to {each['reach_high']}, {excess_of(each):.1f} widths out")
    return text + (f"; left by {each['left']} of {figures['data']['images']} images" if "data" in figures else "")


def range_lines(figures: Figures) -> Iterator[str]:
    if figures["neurons"] == 0:
        return
    yield from ("", "range proof")
    yield titled("  proven neurons", f"{figures['neurons'] - figures['unproven_neurons']} of {figures['neurons']}")
    worst = worst_neurons(figures["layers"])
    if worst:
        yield "  worst of the others (beyond its ends a table goes on as it ended, for half its width):"
    yield from (unproven_line(figures, *found) for found in worst)


# ------------------------------------------------------------------------------------------------ whole circuit --


def circuit_lines(figures: Figures) -> Iterator[str]:
    sizes = figures["bytes"]
    yield from ("", "an image")
    if figures["bootstraps"] > 0 or is_exact(figures):
        yield titled("  any wrong lookup", f"at most {probability_text(figures['circuit_error_log2'])}")
    yield titled("  predicted time", f"{figures['predicted_ms']:.2f} ms on one thread of the machine that calibrated "
                                     "the library; yours will differ")
    yield titled("  encrypted image", f"{sizes['input']} bytes")
    yield titled("  encrypted result", f"{sizes['output']} bytes")
    yield from ("", "a client", titled("  spec", f"{sizes['spec']} bytes"))
    yield titled("  secret key", f"{sizes['secret_key']} bytes")
    yield titled("  evaluation key", f"{sizes['evaluation_key']} bytes")
    yield from ("", "the server's memory")
    yield titled("  one client's key", f"{sizes['server_key'] / BYTES_PER_MIB:.1f} MiB")
    yield titled("  with all else", f"{sizes['server'] / BYTES_PER_MIB:.1f} MiB")


# ------------------------------------------------------------------------------------------------------- images --


def left_line(index: int, ranges: List[Figures]) -> str:
    left = [each["left"] for each in ranges]
    worst = left.index(max(left))
    return (f"  layer {index:<{TITLE_WIDTH - 8}} {sum(each > 0 for each in left)} of {len(left)} ranges left by an "
            f"image; most often neuron {worst}'s, by {left[worst]}")


def heading_of(data: Figures) -> str:
    images = f"{data['images']} images"
    return f"{printable(data['set'])}, {data['split']} split: {images}" if "set" in data else images


def image_lines(figures: Figures) -> Iterator[str]:
    data = figures.get("data")
    if data is None:
        return
    noisy = data["simulated"]
    yield from ("", heading_of(data))
    yield from (left_line(index, layer["ranges"]) for index, layer in enumerate(figures["layers"]) if "ranges" in layer)
    yield from excursion_lines(data["excursions"])
    yield titled("  class changes", f"{100.0 * data['class_changes']:.2f} % of images, simulated {noisy['runs']} times "
                                    f"each ({noisy['images_per_second']:.0f} images a second)")
    for title, clear, name in (("  accuracy", "clear_accuracy", "accuracy"), ("  AUC", "clear_auc", "auc")):
        if data[clear] is not None:
            yield titled(title, f"{data[clear]:.4f} clear, {noisy[name]:.4f} simulated")
    yield titled("  logit error (rms)", f"{noisy['logit_rms_error']:.4f} simulated")


def excursion_lines(found: Figures) -> Iterator[str]:
    yield titled("  outside the tables", f"{100.0 * found['outside_images']:.2f} % of images have a neuron outside; "
                 f"{100.0 * found['outside']:.2f} % of neurons are, {100.0 * found['worst_outside']:.0f} % at worst")
    text = f"{100.0 * found['astray_images']:.2f} % of images have a neuron past its table's flat end"
    if found["astray_images"] > 0:
        text += f"; at worst {100.0 * found['worst_astray']:.0f} % of neurons (image {found['worst_image']})"
    yield titled("  read astray", text)


def lines_of(figures: Figures) -> Iterator[str]:
    yield from model_lines(figures)
    yield from summary_lines(figures)
    yield from curve_lines(figures)
    yield from contract_lines(figures)
    yield from ("", "parameters", *parameter_lines(figures["parameters"]))
    for part in (layer_lines, range_lines, circuit_lines, image_lines):
        yield from part(figures)
