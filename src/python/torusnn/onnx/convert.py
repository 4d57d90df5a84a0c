"""From an ONNX file to a model file: read, quantize, choose ranges, compare."""

from dataclasses import dataclass, replace

import numpy as np
import onnx
from google.protobuf.message import DecodeError

from ..train.model_file import Layer, Model, new_salt
from .chain import built_chain
from .contract import AGREEMENT, state_contract
from .graph import read_graph
from .pixels import normalized, pixels_of
from .quantize import (
    MOST_BOOTSTRAPS,
    Settings,
    add_steps,
    entry_limits,
    input_levels,
    integer_sums,
    table_layer,
    weighted_reach,
)
from .ranges import RULES, Spans, active_part, range_of
from .reader import Reader
from .reference import onnxruntime_tensors
from .refusal import UnsupportedModel
from .report import LayerReport, Report
from .simulate import classes_of, clear_lookup, linear, model_logits

POSITION_NOISES = (0.01, 0.005, 0.0025)  # under which ranges are chosen: the first is what most nets come to
TRIAL_IMAGES, TRIAL_RUNS = 1000, 2
BOOTSTRAP_MS = 1.8     # of one thread, until the compiler knows better
NEARLY_ALL = 0.995


@dataclass
class Prepared:
    """A chain in integers, all but the ranges of tables."""
    chain: object
    inputs: object  # InputLevels
    stages: list    # IntegerStage, the logits last
    seen: list      # accumulators of the images, [neurons, 2] a table stage

    @property
    def tables(self):
        return len(self.stages) - 1


def prepare(chain, pixels, settings):
    """Scales, steps and accumulators of the images, stage by stage."""
    generator = np.random.default_rng(0)
    inputs = input_levels(chain, *pixels.seen, settings.input_levels)
    size = pixels.images.shape[1]
    lowest, highest = np.zeros(size, np.int64), np.full(size, inputs.levels - 1)
    step, shift = np.full(size, inputs.step), np.full(size, inputs.shift)
    values, stages, seen = inputs.map[pixels.images].astype(np.int64), [], []
    for stage in chain.stages:
        found = integer_sums(stage, step, shift, lowest, highest, settings.weight_bits)
        stages.append(found)
        if stage.function is None:
            break
        sums = linear(Layer(found.weights, 0), values)
        seen.append(np.stack([sums.min(axis=0), sums.max(axis=0)], axis=1))
        add_steps(found, seen[-1], settings.levels, generator)
        lowest, highest, _ = entry_limits(found, *found.reach.T)
        step, shift, values = found.step, found.shift, found.entries(sums)
    return Prepared(chain, inputs, stages, seen)


def assembled(prepared, rules, pixels):
    """The model with ranges by the rules, one a table stage."""
    size = pixels.images.shape[1]
    lowest, highest = np.zeros(size, np.int64), np.full(size, prepared.inputs.levels - 1)
    layers = []
    for found, seen, rule in zip(prepared.stages, prepared.seen, rules):
        reach = np.stack(weighted_reach(found.weights, lowest, highest), axis=1)
        layer = table_layer(found, *range_of(rule, Spans(reach, seen, active_part(found, seen))))
        layers.append(layer)
        lowest, highest = layer.tables[:, 0].min(axis=1), layer.tables[:, 0].max(axis=1)
    last = prepared.stages[-1]
    layers.append(Layer(last.weights, np.zeros(len(last.weights), np.int64)))
    return Model(*pixels.shape, prepared.inputs.levels, last.scale, {}, layers, classes=names_for(prepared),
                 input_map=prepared.inputs.map, offsets=last.offset, salt=new_salt())


def names_for(prepared):
    """Names of classes where the graph has one for each."""
    outputs, names = len(prepared.stages[-1].weights), prepared.chain.classes
    return names if len(names) == max(outputs, 2) else ()


def agreement(model, levels, classes, logits, noise=0.0, runs=1):
    """Share of images whose class is the given one, and minus the mean square by which the given logits are missed."""
    found = [model_logits(model, levels, noise, seed) for seed in range(runs)]
    same = float(np.mean([classes_of(own) == classes for own in found]))
    return same, -float(np.mean([np.mean((own - logits) ** 2) for own in found]))


def best_rules(prepared, pixels, classes, logits, noise):
    """One rule for all layers, then each layer's own where that is better: more equal classes, or as many and logits
    closer to the reference's. Returns the score, rules and model."""
    levels = prepared.inputs.map[pixels.images[:TRIAL_IMAGES]].astype(np.int64)
    classes, logits = classes[:TRIAL_IMAGES], logits[:TRIAL_IMAGES]

    def trial(rules):
        model = assembled(prepared, rules, pixels)
        return agreement(model, levels, classes, logits, noise, TRIAL_RUNS), rules, model
    best = max((trial([rule] * prepared.tables) for rule in RULES), key=lambda item: item[0])
    for index in range(prepared.tables if prepared.tables > 1 else 0):
        for rule in RULES:
            if rule != best[1][index]:
                other = trial(best[1][:index] + [rule] + best[1][index + 1:])
                best = other if other[0] > best[0] else best
    return best


def candidates(prepared, pixels, classes, logits):
    """(rules, model) whose ranges are the best under less and less noise: the less there is, the wider they are."""
    tried = []
    for noise in POSITION_NOISES:
        _, rules, model = best_rules(prepared, pixels, classes, logits, noise)
        if rules not in tried:
            tried.append(rules)
            yield rules, model


def reference_of(tensors, chain, pixels, names, outputs):
    """Logits, classes and their origin: ONNX Runtime's where it has them, else the chain's own in real numbers."""
    own = chain.forward(pixels.images)[-1]
    logits = rows_of(tensors, names[-1], own)
    if logits is not None:
        return logits, classes_of(logits), "ONNX Runtime"
    for name in outputs:
        scores = rows_of(tensors, name, own)
        if scores is not None and own.shape[1] > 1:
            return own, classes_of(scores), "ONNX Runtime (classes) and the graph in real numbers (logits)"
    return own, classes_of(own), "the graph in real numbers"


def rows_of(tensors, name, like):
    """A tensor of ONNX Runtime as [count, outputs], where it has as many."""
    found = tensors.get(name) if tensors else None
    if found is None or found.dtype.kind != "f" or found.size != like.size:
        return None
    return found.reshape(like.shape)


def compare_layers(report, prepared, model, tensors, pixels):
    """Outputs of each table stage beside the reference's."""
    values = prepared.inputs.map[pixels.images].astype(np.int64)
    real = prepared.chain.level_values[pixels.images]
    for found, layer, line in zip(prepared.stages, model.layers, report.layers):
        values = clear_lookup(layer, linear(layer, values))
        real = found.stage.outputs(found.stage.sums(real))
        expected = stage_tensor(found.stage, tensors, real)
        difference = np.abs(values * found.step + found.shift - expected)
        line.largest_difference = float(difference.max())
        line.equal = float(np.mean(difference <= found.step / 2 + 1e-9))


def stage_tensor(stage, tensors, real):
    """ONNX Runtime's values of a stage where it has them all, else the chain's."""
    found = [tensors.get(name) if tensors else None for name, _ in stage.parts]
    if any(part is None for part in found):
        return real
    joined = np.concatenate([part.reshape(len(real), -1).astype(np.float64) for part in found], axis=1)
    return joined if joined.shape == real.shape else real


def settings_to_try(settings):
    if settings is not None:
        return [settings]
    return [Settings(8, 255), Settings(12, 1023)]


def quantized(chain, pixels, classes, logits, settings):
    """The first settings that keep nearly all classes in the clear, else the best."""
    best = None
    for chosen in settings_to_try(settings):
        widest = max((len(stage.constant) for stage in chain.stages[:-1]), default=1)
        chosen = replace(chosen, levels=min(chosen.levels, (2 ** 20 - 1) // widest))
        prepared = prepare(chain, pixels, chosen)
        model = assembled(prepared, ["the proven reach"] * prepared.tables, pixels)
        same, _ = agreement(model, prepared.inputs.map[pixels.images].astype(np.int64), classes, logits)
        if best is None or same > best[0]:
            best = same, prepared, chosen
        if same >= NEARLY_ALL:
            break
    return best[1:]


def loaded(model):
    if isinstance(model, onnx.ModelProto):
        return model
    try:
        return onnx.load(str(model))
    except DecodeError:
        raise UnsupportedModel(f"{model} is no ONNX model", "export one") from None


def read_chain(model, data, scale, offset, output, most_bootstraps):
    graph = read_graph(model, output)
    pixels = pixels_of(data, graph.input_shape[1:], scale, offset)
    reader = Reader(graph, pixels.shape, pixels.values, pixels.seen, most_bootstraps)
    logits = reader.read()
    if reader.client_steps:
        pixels = normalized(pixels, reader.client_steps[0])
        reader = Reader(graph, pixels.shape, pixels.values, pixels.seen, most_bootstraps)
        logits = reader.read()
    return graph, pixels, built_chain(reader, logits, pixels.images)


def convert(model, data, scale=None, offset=0.0, output=None, settings=None, most_bootstraps=MOST_BOOTSTRAPS,
            agreement_wanted=AGREEMENT, tell=lambda line: None):
    """An ONNX model (or its path) and calibration data as a model file's Model and a Report. tell: is given lines as
    they
    are known."""
    model = loaded(model)
    graph, pixels, chain = read_chain(model, data, scale, offset, output, most_bootstraps)
    report = Report("", chain.bootstraps, chain.bootstraps * BOOTSTRAP_MS, len(pixels.images), notes=chain.notes)
    tell(f"{chain.bootstraps} bootstraps an image, about {report.predicted_ms:.0f} ms on one thread")
    names = [name for stage in chain.stages for name, _ in stage.parts]
    tensors = onnxruntime_tensors(model, graph, pixels, list(dict.fromkeys(names + graph.outputs)))
    logits, classes, report.reference = reference_of(tensors, chain, pixels, names, graph.outputs)
    prepared, report.settings = quantized(chain, pixels, classes, logits, settings)
    found = state_contract(candidates(prepared, pixels, classes, logits), pixels, agreement_wanted)
    (rules, made), circuit, report.contract_agreement = found
    made.provenance = provenance_of(model, pixels, report)
    finish_report(report, prepared, made, rules, tensors, pixels, logits, classes)
    report.simulated_agreement = simulated(circuit, pixels, classes)
    report.predicted_ms, report.bootstraps = circuit.info.predicted_ms, circuit.info.bootstraps
    return made, report


def provenance_of(model, pixels, report):
    """What a reader of the file is told: where it comes from, and what a byte of an image is to the graph."""
    return {"recipe": "imported from ONNX", "producer": f"{model.producer_name} {model.producer_version}".strip(),
            "graph": model.graph.name, "pixel_offset": float(pixels.values[0]),
            "pixel_scale": float(pixels.values[1] - pixels.values[0]), "calibration_images": report.images,
            "reference": report.reference, "notes": report.notes}


def simulated(circuit, pixels, classes):
    images = pixels.images[:TRIAL_IMAGES].reshape(-1, *pixels.shape)
    return float(np.mean(classes_of(circuit.simulate(images)) == classes[:TRIAL_IMAGES]))


def finish_report(report, prepared, model, rules, tensors, pixels, logits, classes):
    levels = prepared.inputs.map[pixels.images].astype(np.int64)
    own = model_logits(model, levels)
    report.layers = [LayerReport(found.stage.parts[0][0], len(found.weights), rule, found.exact,
                                 bool(found.steps.all())) for found, rule in zip(prepared.stages, rules)]
    report.clear_agreement = float(np.mean(classes_of(own) == classes))
    report.largest_logit_difference = float(np.abs(own - logits).max())
    compare_layers(report, prepared, model, tensors, pixels)
