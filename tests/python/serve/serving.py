"""A service in a process of its own, and the clients that ask it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import numpy as np
import torusnn
from common import MODELS

MODEL_FILE = MODELS / "pneumoniamnist.tnn"
MODEL = MODEL_FILE.stem
INFER = f"/v1/models/{MODEL}/infer"
OCTETS = {"Content-Type": "application/octet-stream"}
LONGEST_START = 60


class User:
    """Keys of its own, images, and what the clear network says of them."""

    def __init__(self, spec):
        self.client = torusnn.Client(torusnn.Spec.from_bytes(spec), threads=1)
        self.key = self.client.evaluation_key.to_bytes()
        self.key_id = self.key[96:112].hex()

    @property
    def key_path(self):
        return f"/v1/keys/{self.key_id}"

    def put(self, http, **options):
        return http.put(self.key_path, content=self.key, headers=OCTETS, **options)

    def encrypted(self, images):
        return b"".join(each.to_bytes() for each in self.client.encrypt(images))

    def infer(self, http, images, **options):
        return http.post(INFER, content=self.encrypted(images), headers=OCTETS, **options)

    def logits(self, answer, count):
        """Of a body of `count` results."""
        size = len(answer) // count
        parts = [answer[first:first + size] for first in range(0, len(answer), size)]
        return self.client.decrypt([torusnn.EncryptedLogits.from_bytes(part) for part in parts])


class Users(dict):
    """By number, made when they are first asked for."""

    def __init__(self, spec):
        super().__init__()
        self.spec = spec

    def __missing__(self, number):
        self[number] = User(self.spec)
        return self[number]


class Server:
    """`torusnn serve` on a Unix socket."""

    def __init__(self, folder, *options, models=(MODEL_FILE,), keys=None, limits=None):
        self.socket, self.keys, self.log = folder / "socket", keys or folder / "keys", folder / "log"
        named = [word for model in models for word in ("--model", model)]
        command = [sys.executable, "-m", "torusnn.command", "serve", *named, "--keys", self.keys, "--uds", self.socket,
                   *options]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(list(map(str, command)), stderr=log, preexec_fn=limits)
        self._wait()

    def _wait(self):
        """Until it answers. A socket of a killed service may still be there."""
        deadline = time.monotonic() + LONGEST_START
        with self.http() as http:
            while time.monotonic() < deadline and self.process.poll() is None:
                try:
                    http.get("/healthz")
                    return
                except httpx.TransportError:
                    time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def http(self, token=None):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://torusnn",
                            headers=headers, timeout=120)

    def async_http(self, connections=100):
        transport = httpx.AsyncHTTPTransport(uds=str(self.socket), limits=httpx.Limits(max_connections=connections))
        return httpx.AsyncClient(transport=transport, base_url="http://torusnn", timeout=300)

    def lines(self):
        """Of its log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def resident(self):
        """Bytes of memory."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def end(self, how=signal.SIGTERM):
        """Returns its exit code."""
        self.process.send_signal(how)
        return self.process.wait(60)


@contextmanager
def served(folder, *options, **more):
    server = Server(folder, *options, **more)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()


def metric(text, name):
    """The sum over all labels."""
    values = [float(line.split()[-1]) for line in text.splitlines()
              if line.split(" ")[0].partition("{")[0] == name]
    assert values, name
    return sum(values)


def problem_of(response):
    """The end of its type; the rest of a problem is as it should be."""
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert set(body) == {"type", "title", "status", "detail"} and body["status"] == response.status_code
    assert body["detail"].strip() and body["type"].startswith("urn:torusnn:problem:")
    return body["type"].rpartition(":")[2]


def shades(count, first=0):
    """Pictures of 28 x 28 that differ."""
    rows, columns = np.mgrid[0:28, 0:28]
    made = [127.5 * (1 + np.sin(rows / (2 + index % 7)) * np.cos(columns / (3 + index % 11) + index))
            for index in range(first, first + count)]
    return np.stack(made).astype(np.uint8)
