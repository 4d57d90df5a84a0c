"""torusnn medmnist: every image of a split encrypted, evaluated and decrypted, beside the clear network."""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import asdict
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np

from .._explain_text import parameter_lines, printable, titled
from .._images import Array
from .._library import thread_count
from .._metrics import Quality, mean_quality, quality_of
from .._progress import Bar
from .._simulation import DEFAULT_RUNS, simulated
from ..circuit import Circuit
from ..client import Client, EncryptedImage, EncryptedLogits, EvaluationKey, Spec
from ..evaluator import Evaluator
from ..model import load
from ._data import Split, read_split, title_of
from ._options import add_data_options, add_precision_options, compiled, positive, write_json

MIB = 1024.0 * 1024.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_options(parser, "test")
    parser.add_argument("--threads", type=positive, help="1 to 256 (default: processors)")
    parser.add_argument("--keys", type=positive, default=1, help="encrypt every image under so many fresh keys")
    parser.add_argument("--batch", type=positive, default=1, help="images evaluated together; each waits for all")
    parser.add_argument("--simulate", type=positive, nargs="?", const=DEFAULT_RUNS, metavar="RUNS",
                        help=f"also simulate the noise of encryption, RUNS times (default: {DEFAULT_RUNS})")
    parser.add_argument("--simulate-only", action="store_true", help="simulate alone: no keys, nothing encrypted")
    add_precision_options(parser)


class Deployment:
    """Client and server, between which nothing but bytes goes."""

    def __init__(self, circuit: Circuit, options: Any):
        start = time.perf_counter()
        self.client = Client(Spec.from_bytes(circuit.spec.to_bytes()), threads=options.threads)
        self.keygen_ms = 1e3 * (time.perf_counter() - start)
        key = self.client.evaluation_key.to_bytes()  # type: ignore[union-attr]
        self.evaluation_key_bytes = len(key)
        self.evaluator = Evaluator(circuit, EvaluationKey.from_bytes(key), threads=options.threads,
                                   max_images=options.batch)
        self.input_bytes = self.output_bytes = 0

    def serve(self, requests: List[bytes]) -> Tuple[List[bytes], float]:
        """The server's part, with the milliseconds that it took."""
        start = time.perf_counter()
        results = self.evaluator.infer([EncryptedImage.from_bytes(each) for each in requests])
        replies = [each.to_bytes() for each in results]
        return replies, 1e3 * (time.perf_counter() - start)

    def classify(self, images: Array) -> Tuple[Array, float]:
        """Logits of a batch, and the server's milliseconds."""
        requests = [each.to_bytes() for each in self.client.encrypt(images)]
        replies, server_ms = self.serve(requests)
        self.input_bytes, self.output_bytes = len(requests[0]), len(replies[0])
        return self.client.decrypt([EncryptedLogits.from_bytes(each) for each in replies]), server_ms


def classify_all(both: Deployment, data: Split, batch: int, bar: Any) -> Tuple[Array, List[float]]:
    """Logits of every image, and the milliseconds that each waited for its batch."""
    parts, waited = [], []
    for first in range(0, len(data.images), batch):
        logits, server_ms = both.classify(data.images[first:first + batch])
        parts.append(logits)
        waited += [server_ms] * len(logits)
        bar(len(waited), len(data.images))
    return np.concatenate(parts), waited


def spread_of(values: List[float]) -> Dict[str, float]:
    return {"min": float(np.min(values)), "median": float(np.median(values)),
            "p95": float(np.percentile(values, 95, method="inverted_cdf"))}


def quality_figures(quality: Quality, prefix: str) -> Dict[str, Any]:
    return {f"{prefix}accuracy": quality.accuracy, f"{prefix}auc": quality.auc, "agreement": quality.agreement,
            "logit_rms_error": quality.logit_rms_error}


def encrypted_figures(circuit: Circuit, data: Split, clear: Array, options: Any) -> Dict[str, Any]:
    qualities, waited, keygen_ms = [], [], []
    bar = Bar("images") if options.progress else lambda done, total: None
    for _ in range(options.keys):
        both = Deployment(circuit, options)
        logits, latency = classify_all(both, data, options.batch, bar)
        qualities.append(quality_of(logits, clear, data.labels))
        waited += latency
        keygen_ms.append(both.keygen_ms)
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"keys": [each.to_dict() for each in qualities], **quality_figures(mean_quality(qualities), "encrypted_"),
            "latency_ms": spread_of(waited), "keygen_ms": float(np.mean(keygen_ms)),
            "evaluation_key_bytes": both.evaluation_key_bytes, "input_bytes": both.input_bytes,
            "output_bytes": both.output_bytes, "peak_rss_bytes": peak}


def setting_figures(circuit: Circuit, data: Split, options: Any) -> Dict[str, Any]:
    info = circuit.info
    return {"bootstraps": info.bootstraps, "threads": thread_count(options.threads), "batch": options.batch,
            "parameters": asdict(info.parameters), "security_bits": info.security_bits,
            "estimated_bits": info.estimated_bits, "predicted_ms": info.predicted_ms, **title_of(data),
            "model": options.model}


def evaluated(circuit: Circuit, data: Split, options: Any) -> Dict[str, Any]:
    """The figures; the entries are those of the C program's --json."""
    clear = circuit.model.predict(data.images)
    quality = quality_of(clear, clear, data.labels)
    figures = {"images": len(data.images), "clear_accuracy": quality.accuracy, "clear_auc": quality.auc}
    runs = options.simulate or (DEFAULT_RUNS if options.simulate_only else 0)
    if not options.simulate_only:
        figures.update(encrypted_figures(circuit, data, clear, options))
    if runs > 0:
        figures["simulated"] = simulated(circuit, data.images, data.labels, clear, runs)  # type: ignore[assignment]
    return {**figures, **setting_figures(circuit, data, options)}


# --------------------------------------------------------------------------------------------------------- text --


def number_text(value: Any) -> str:
    return f"{'' if value is None else format(value, '.4f'):>12}"


def columns_of(figures: Dict[str, Any]) -> Dict[str, Dict[str, Any]]:
    """The clear network first, which is not compared with itself."""
    columns = {"clear": {"accuracy": figures["clear_accuracy"], "auc": figures["clear_auc"]}}
    if "simulated" in figures:
        columns["simulated"] = figures["simulated"]
    if "keys" in figures:
        columns["encrypted"] = {**figures, "accuracy": figures["encrypted_accuracy"], "auc": figures["encrypted_auc"]}
    return columns


def quality_lines(figures: Dict[str, Any]) -> Iterator[str]:
    columns = columns_of(figures)
    yield titled("", " ".join(f"{title:>12}" for title in columns))
    rows = {"accuracy": "accuracy", "AUC": "auc", "same class": "agreement", "logit error (rms)": "logit_rms_error"}
    for title, name in rows.items():
        yield titled(title, " ".join(number_text(column.get(name)) for column in columns.values()))
    yield ""


def cost_lines(figures: Dict[str, Any]) -> Iterator[str]:
    latency = figures["latency_ms"]
    yield titled("latency an image", f"{latency['min']:.2f} / {latency['median']:.2f} / {latency['p95']:.2f} ms (min / "
                                     "median / p95)")
    yield titled("key generation", f"{figures['keygen_ms']:.1f} ms")
    for title, name in (("evaluation key", "evaluation_key_bytes"), ("encrypted image", "input_bytes"),
                        ("encrypted result", "output_bytes")):
        yield titled(title, f"{figures[name]} bytes")
    yield titled("peak memory", f"{figures['peak_rss_bytes'] / MIB:.1f} MiB (client, server and Python)")


def key_lines(figures: Dict[str, Any]) -> Iterator[str]:
    for index, key in enumerate(figures["keys"] if len(figures["keys"]) > 1 else ()):
        auc = "" if key["auc"] is None else f", AUC {key['auc']:.4f}"
        yield titled(f"key {index + 1}", f"accuracy {key['accuracy']:.4f}{auc}, same class {key['agreement']:.4f}, "
                                         f"logit error {key['logit_rms_error']:.4f}")


def lines_of(figures: Dict[str, Any]) -> Iterator[str]:
    yield f"{printable(figures['set'])}, {figures['split']} split: {figures['images']} images"
    yield f"model {printable(figures['model'])}: {figures['bootstraps']} bootstraps an image"
    yield f"{figures['security_bits']} bits of security, estimated {figures['estimated_bits']}"
    yield from parameter_lines(figures["parameters"])
    if "keys" in figures:
        keys = len(figures["keys"])
        yield titled("  run with", f"{figures['threads']} threads, {figures['batch']} images at a time, {keys} fresh "
                                   f"key{'' if keys == 1 else 's'}")
    yield ""
    yield from quality_lines(figures)
    if "simulated" in figures:
        noisy = figures["simulated"]
        yield titled("simulation", f"{noisy['runs']} runs of each image, {noisy['images_per_second']:.0f} images a "
                                   "second on one thread")
    if "keys" in figures:
        yield from key_lines(figures)
        yield from cost_lines(figures)


def run(options: Any) -> None:
    model = load(options.model)
    data = read_split(options, model, "test", "pneumoniamnist")
    circuit = compiled(model, options, data.images if options.agreement is not None else None)
    figures = evaluated(circuit, data, options)
    print("\n".join(lines_of(figures)))
    if options.json is not None:
        write_json(options.json, figures)
