#!/usr/bin/env python3
"""Measures what docs/CLUSTER.md counts with, on this machine, and writes docs/cluster.json. It takes about two minutes.

    PYTHONPATH=tests/python python tests/python/cluster/measure.py --data pneumoniamnist.npz

It needs the packages of requirements.txt.
"""

import argparse
import gc
import json
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_AUTH_MODE="disabled")

import numpy as np  # noqa: E402
import torusnn.cluster  # noqa: E402
from common import MODELS, TOP  # noqa: E402
from machines import Remote, cluster_of, run_service  # noqa: E402

MODEL = "pneumoniamnist"
OTHERS = ("pneumoniamnist-accurate", "breastmnist-exact")
"""Of images of the same size; times do not depend on what is in them."""
IMAGES, IMAGES_A_FILE, IMAGES_ALONE = 300, 15, 25
REQUESTS = 100
CLIENTS = 4
EVALUATORS = 8


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def timed(function, *arguments, **options):
    begun = time.perf_counter()
    made = function(*arguments, **options)
    return made, 1000 * (time.perf_counter() - begun)


def milliseconds(times):
    return {"best": min(times), "median": statistics.median(times)}


def model_figures(name, images):
    """Bytes that the circuit states, and what its evaluators of one thread take, kept as the service keeps them."""
    circuit = torusnn.load(MODELS / f"{name}.tnn").compile()
    client, info = torusnn.Client(circuit.spec), circuit.info
    encrypted = client.encrypt(images[:IMAGES_ALONE])
    evaluator = torusnn.Evaluator(circuit, client.evaluation_key, threads=1)
    times = [timed(evaluator.infer, each)[1] for each in encrypted]
    return {"bootstraps": info.bootstraps, "key_bytes": info.eval_key_bytes, "image_bytes": info.input_bytes,
            "result_bytes": info.output_bytes, "stated_bytes": info.server_bytes, "image_ms": milliseconds(times),
            **footprint(circuit, client, encrypted[0])}


def footprint(circuit, client, encrypted):
    data = client.evaluation_key.to_bytes()
    kept, read, expanded = [torusnn.Evaluator(circuit, client.evaluation_key, threads=1, max_images=8)], [], []
    kept[0].infer(encrypted)
    gc.collect()
    before = resident_bytes()
    for _ in range(EVALUATORS):
        key, spent = timed(torusnn.EvaluationKey.from_bytes, data)
        read.append(spent)
        evaluator, spent = timed(torusnn.Evaluator, circuit, key, threads=1, max_images=8)
        expanded.append(spent)
        evaluator.infer(encrypted)
        kept.append(evaluator)
        del key
    gc.collect()
    return {"resident_bytes": (resident_bytes() - before) // EVALUATORS, "key_read_ms": milliseconds(read),
            "expansion_ms": milliseconds(expanded)}


def archive_rate(circuit, client, archive, nodes):
    """Images a second of evaluate_dataset on so many nodes of one processor, from the first file's results on, and the
    seconds before."""
    seen = []
    with tempfile.TemporaryDirectory() as out:
        report, spent = timed(torusnn.evaluate_dataset, circuit, client.evaluation_key, archive, out,
                              progress=lambda done, total: seen.append((time.perf_counter(), done)))
    (begun, _), (first, some), (last, every) = seen[0], seen[1], seen[-1]
    assert report.complete
    return {"nodes": nodes, "images": every, "seconds": spent / 1000, "seconds_to_first_file": first - begun,
            "images_a_second": (every - some) / (last - first)}


def service_latency(clients, url):
    """One client alone: the request, and what the library took of it."""
    whole, inner = [], []
    for _ in range(REQUESTS):
        answer, spent = timed(clients[0].infer, url)
        whole.append(spent)
        inner.append(1000 * float(answer.headers["Torusnn-Inference-Seconds"]))
    return {"request_ms": milliseconds(whole), "inference_ms": milliseconds(inner),
            "overhead_ms": milliseconds([a - b for a, b in zip(whole, inner)])}


def service_rate(clients, url, nodes):
    def ask(who):
        return [who.infer(url).content == who.result for _ in range(REQUESTS // 2)]

    with ThreadPoolExecutor(len(clients)) as pool:
        right, spent = timed(lambda: sum(map(sum, pool.map(ask, clients))))
    assert right == len(clients) * (REQUESTS // 2)
    return {"nodes": nodes, "clients": len(clients), "images_a_second": 1000 * right / spent}


def on_nodes(nodes, circuit, client, archive, clients):
    from torusnn.serve import Settings

    found = {}
    with cluster_of(nodes, processors=1, head=0), tempfile.TemporaryDirectory() as keys:
        found["archive"] = archive_rate(circuit, client, archive, nodes)
        settings = Settings(models=[str(MODELS / f"{MODEL}.tnn")], keys=keys, evaluator_bytes=512 << 20)
        with run_service(settings, replicas=nodes) as service:
            for who in clients:
                assert who.put(service.url).status_code == 201 and who.infer(service.url).content == who.result
            found["service_latency"] = {"nodes": nodes, **service_latency(clients, service.url)}
            found["service_rate"] = service_rate(clients, service.url, nodes)
            found["loads"] = service.loads()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=TOP.parent / "shared" / "data" / "pneumoniamnist.npz")
    parser.add_argument("--out", default=TOP / "docs" / "cluster.json")
    options = parser.parse_args()
    with np.load(options.data) as data:
        images = data["val_images"][:IMAGES]
    circuit = torusnn.load(MODELS / f"{MODEL}.tnn").compile()
    client = torusnn.Client(circuit.spec)
    figures = {"model": MODEL, "date": time.strftime("%Y-%m-%d"), "processors": os.cpu_count(),
               "models": {name: model_figures(name, images) for name in (MODEL, *OTHERS)}}
    clients = [Remote(MODEL, torusnn.Client(circuit.spec), images[index], circuit) for index in range(CLIENTS)]
    with tempfile.TemporaryDirectory() as archive:
        torusnn.cluster.encrypt_dataset(client, images, archive, images_per_file=IMAGES_A_FILE)
        figures["nodes"] = [on_nodes(nodes, circuit, client, archive, clients) for nodes in (1, 2)]
    with open(options.out, "w") as file:
        json.dump(figures, file, indent=2)
        file.write("\n")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
