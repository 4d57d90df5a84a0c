"""Debian's nginx in front of two workers, with the configuration that examples/nginx has."""

import asyncio
import getpass
import re
import shutil
import signal
import socket
import subprocess
import time

import httpx
import pytest
from common import TOP
from serving import INFER, OCTETS, metric, served, shades

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="needs nginx (Debian: nginx-light)")
SITE = (TOP / "examples" / "nginx" / "torusnn.conf").read_text()
CLIENTS = 8


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def replaced(text, old, new):
    assert text.count(old) == 1, old
    return text.replace(old, new)


@pytest.fixture
def workers(tmp_path):
    """Two services on one folder of keys."""
    for name in "ab":
        (tmp_path / name).mkdir()
    keys = tmp_path / "keys"
    with served(tmp_path / "a", "--threads", 1, keys=keys) as a, served(tmp_path / "b", "--threads", 1, keys=keys) as b:
        yield a, b


class Nginx:
    """The site file in a configuration that writes nowhere but in the folder."""

    def __init__(self, folder, workers, site=SITE):
        self.folder, port = folder, free_port()
        site = replaced(site, "127.0.0.1:8080", f"127.0.0.1:{port}")
        for worker, address in zip(workers, ("127.0.0.1:8001", "127.0.0.1:8002")):
            site = replaced(site, address, f"unix:{worker.socket}")
        places = "".join(f"{name}_temp_path {folder}/{name};\n"
                         for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(f"user {getpass.getuser()};\nworker_processes 1;\npid {folder}/pid;\n"
                                           f"error_log {folder}/error.log;\nevents {{}}\n"
                                           f"http {{\naccess_log off;\n{places}{site}}}\n")
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self):
        command = [NGINX, "-p", self.folder, "-e", self.folder / "error.log", "-c", self.folder / "nginx.conf", "-g",
                   "daemon off;"]
        self.process = subprocess.Popen(list(map(str, command)))
        with httpx.Client(base_url=self.url) as http:
            for _ in range(500):
                try:
                    http.get("/healthz")
                    return self
                except httpx.TransportError:
                    time.sleep(0.02)
        raise AssertionError((self.folder / "error.log").read_text())

    def __exit__(self, *raised):
        self.process.send_signal(signal.SIGQUIT)
        assert self.process.wait(30) == 0


async def ask(http, user, times):
    """Puts a key, then asks with it several times at once."""
    assert (await http.put(user.key_path, content=user.key, headers=OCTETS)).status_code == 201
    named = {**OCTETS, "Torusnn-Key": user.key_id}
    answers = await asyncio.gather(*(http.post(INFER, content=user.encrypted(shades(1)), headers=named)
                                     for _ in range(times)))
    assert {answer.status_code for answer in answers} == {200}


async def ask_all(url, users):
    async with httpx.AsyncClient(base_url=url, timeout=120) as http:
        await asyncio.gather(*(ask(http, users[number], 6) for number in range(CLIENTS)))


def test_each_key_is_expanded_once(tmp_path, users, workers):
    with Nginx(tmp_path, workers) as nginx:
        asyncio.run(ask_all(nginx.url, users))
        loads = []
        for worker in workers:
            with worker.http() as http:
                text = http.get("/metrics").text
                assert metric(text, "torusnn_keys_loaded") == metric(text, "torusnn_key_loads_total")
                loads.append(metric(text, "torusnn_key_loads_total"))
        assert sum(loads) == CLIENTS and all(loads), loads
        assert httpx.get(nginx.url + "/metrics").status_code == 404


def test_a_worker_that_is_killed(tmp_path, users, workers):
    """Its clients go on with the other one, which finds their keys."""
    with Nginx(tmp_path, workers) as nginx:
        asyncio.run(ask_all(nginx.url, users))
        workers[0].end(signal.SIGKILL)
        with httpx.Client(base_url=nginx.url, timeout=60) as http:
            for number in range(CLIENTS):
                answer = users[number].infer(http, shades(2))
                assert answer.status_code == 200 and users[number].logits(answer.content, 2).shape == (2, 1)


def test_nginxs_own_limit_refuses_a_key(tmp_path, users, workers):
    """Why the configuration raises it."""
    with Nginx(tmp_path, workers, re.sub("client_max_body_size.*", "", SITE)) as nginx, httpx.Client() as http:
        assert http.put(nginx.url + users[0].key_path, content=users[0].key, headers=OCTETS).status_code == 413
