#!/usr/bin/env python3
"""What the service adds to the library: requests a second and latency with 1, 2 and 8 clients.

    bench/service.py [--model FILE] [--seconds S] [--rounds N]

Needs torusnn[serve]. Starts `torusnn serve` on this machine. Each client has keys of its own and sends its next image
when it has the answer to the last. Rounds of the library alone, an image at a time from bytes to bytes on as many
threads, stand between those of the service, so that what else the machine does meets both alike.

Prints a Markdown table. Latency is that of a request with one image. Overhead is, for one client, the median of the
service less the library's; for several, the time an image at full load less the library's.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import torusnn

TOP = Path(__file__).resolve().parents[1]
CLIENTS = (1, 2, 8)
OCTETS = {"Content-Type": "application/octet-stream"}


class Client:
    """A key, an encrypted image, a connection."""

    def __init__(self, circuit, address):
        keys = torusnn.Client(circuit.spec)
        self.key = keys.evaluation_key
        self.body = keys.encrypt(np.arange(np.prod(circuit.model.shape)).astype(np.uint8)).to_bytes()
        self.connection = http.client.HTTPConnection(*address)
        body = self.key.to_bytes()
        self.ask("PUT", f"/v1/keys/{body[96:112].hex()}", body)

    def ask(self, method, path, body):
        self.connection.request(method, path, body, OCTETS)
        answer = self.connection.getresponse()
        data = answer.read()
        assert answer.status in (200, 201), data
        return data

    def infer_until(self, end, path, latencies):
        while time.perf_counter() < end:
            started = time.perf_counter()
            self.ask("POST", path, self.body)
            latencies.append(time.perf_counter() - started)


def start(model, keys, threads):
    """The service and its address, which its log says."""
    command = [sys.executable, "-m", "torusnn.command", "serve", "--model", model, "--keys", keys, "--port", "0"]
    command += [] if threads is None else ["--threads", str(threads)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    running = next(event for event in (json.loads(line)["event"] for line in process.stderr) if "running on" in event)
    threading.Thread(target=process.stderr.read, daemon=True).start()
    host, port = running.split("http://")[1].split()[0].split(":")
    return process, (host, int(port))


def library_round(evaluator, body, seconds):
    """Latencies of the library alone, from bytes to bytes."""
    latencies, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        evaluator.infer(torusnn.EncryptedImage.from_bytes(body)).to_bytes()
        latencies.append(time.perf_counter() - started)
    return latencies


def service_round(clients, path, seconds):
    """Latencies of clients that ask at the same time, and how many answers a second they had together."""
    latencies, started = [], time.perf_counter()
    threads = [threading.Thread(target=client.infer_until, args=(started + seconds, path, latencies))
               for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies, len(latencies) / (time.perf_counter() - started)


def measure(circuit, clients, options):
    """By number of clients: latencies, and the best rate of the rounds; 0 stands for the library."""
    path = f"/v1/models/{Path(options.model).stem}/infer"
    evaluator = torusnn.Evaluator(circuit, clients[0].key, threads=options.threads)
    latencies, rates = {0: []}, {}
    service_round(clients, path, 1.0)  # every key is expanded
    for _ in range(options.rounds):
        for count in CLIENTS:
            latencies[0] += library_round(evaluator, clients[0].body, options.seconds)
            found, rate = service_round(clients[:count], path, options.seconds)
            latencies.setdefault(count, []).extend(found)
            rates[count] = max(rate, rates.get(count, 0.0))
    return latencies, rates


def milliseconds(latencies):
    ordered = sorted(latencies)
    return [1000 * each for each in (ordered[0], statistics.median(ordered), ordered[int(0.95 * len(ordered))])]


def table(latencies, rates):
    """Lines of Markdown."""
    best, library, late = milliseconds(latencies[0])
    yield "| clients | requests a second | ms best | median | 95 % | overhead ms an image |"
    yield "|---|--:|--:|--:|--:|--:|"
    yield f"| the library alone | {1000 / library:.1f} | {best:.1f} | {library:.1f} | {late:.1f} | |"
    for count in CLIENTS:
        best, median, late = milliseconds(latencies[count])
        overhead = median - library if count == 1 else 1000 / rates[count] - library
        yield f"| {count} | {rates[count]:.1f} | {best:.1f} | {median:.1f} | {late:.1f} | {overhead:.1f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(TOP / "examples" / "models" / "pneumoniamnist.tnn"), metavar="FILE")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round (default: 2)")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    parser.add_argument("--threads", type=int, help="of an inference (default: processors)")
    options = parser.parse_args()
    circuit = torusnn.load(options.model).compile()
    with tempfile.TemporaryDirectory() as keys:
        process, address = start(options.model, keys, options.threads)
        try:
            clients = [Client(circuit, address) for _ in range(max(CLIENTS))]
            print("\n".join(table(*measure(circuit, clients, options))))
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
