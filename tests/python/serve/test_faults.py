"""A service that is killed, stopped, or out of room."""

import os
import resource
import signal
import socket
import threading
import time
from contextlib import suppress

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from serving import INFER, MODEL_FILE, OCTETS, Server, metric, problem_of, served, shades
from torusnn.serve import FileKeys, Settings, create_app
from torusnn.serve.access import token_hash


def put_until_killed(server, user, acknowledged, started):
    """Puts a key and asks with it, deletes it and begins anew."""
    with server.http() as http, suppress(httpx.TransportError):
        while True:
            assert user.put(http).status_code == 201
            acknowledged.add(user.key_id)
            started.set()
            assert user.infer(http, shades(1)).status_code == 200
            acknowledged.discard(user.key_id)  # from here on it may be there or not
            assert http.delete(user.key_path).status_code == 204


@pytest.mark.parametrize("moment", [0.05, 0.4])
def test_kill_9_under_load(tmp_path, users, moment):
    """Six clients put keys and ask; every key that was acknowledged is there after a restart, whole."""
    server, acknowledged, started = Server(tmp_path, "--threads", 1), set(), threading.Event()
    threads = [threading.Thread(target=put_until_killed, args=(server, users[number], acknowledged, started))
               for number in range(6)]
    for thread in threads:
        thread.start()
    assert started.wait(60)
    time.sleep(moment)
    assert server.end(signal.SIGKILL) == -signal.SIGKILL
    for thread in threads:
        thread.join()
    assert acknowledged
    with served(tmp_path, "--threads", 1) as again, again.http() as http:
        for number in range(6):
            answer = users[number].infer(http, shades(1))
            assert answer.status_code == 200 or users[number].key_id not in acknowledged
            assert users[number].put(http).status_code in (200, 201)
        assert sorted(path.stem for path in (again.keys / "everybody").iterdir()) == sorted(
            users[number].key_id for number in range(6))


def test_a_stop_finishes_what_runs_and_waits(tmp_path, users):
    answers = []
    server = Server(tmp_path, "--threads", 1)
    with server.http() as http:
        assert users[0].put(http).status_code == 201
        assert users[0].infer(http, shades(1)).status_code == 200

    def ask():
        with server.http() as http:
            answers.append(users[0].infer(http, shades(40)))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    with server.http() as http:
        while metric(http.get("/metrics").text, "torusnn_queue_length") < 2:
            time.sleep(0.01)
    assert server.end() == -signal.SIGTERM or server.process.returncode == 0
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    for answer in answers:
        assert np.isfinite(users[0].logits(answer.content, 40)).all()
    assert server.lines()[-1]["event"].startswith("Finished server process")


def full_disk():
    """No file may have more than 4 MB; Python ignores SIGXFSZ."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))


def test_a_disk_that_is_full_while_a_key_arrives(tmp_path, users):
    with served(tmp_path, "--threads", 1, limits=full_disk) as server, server.http() as http:
        for _ in range(2):
            answer = users[0].put(http)
            assert answer.status_code == 507 and problem_of(answer) == "storage-full"
        assert problem_of(users[0].infer(http, shades(1))) == "no-such-key"
        assert http.get("/readyz").status_code == 200
        assert not [path for path in server.keys.rglob("*") if path.is_file()]


@pytest.mark.parametrize("failing", ["fsync", "link"])
def test_a_disk_that_is_full_while_a_key_is_kept(tmp_path, users, monkeypatch, failing):
    """The key has arrived; then there is no room for it, or for its name."""
    def full(*arguments):
        raise OSError(28, "No space left on device")

    with TestClient(create_app(Settings(models=[MODEL_FILE], keys=tmp_path, threads=1))) as http:
        with monkeypatch.context() as patch:
            patch.setattr(f"torusnn.serve.keys.os.{failing}", full)
            (tmp_path / "everybody").mkdir()
            assert problem_of(users[0].put(http)) == "storage-full"
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]
        assert users[0].put(http).status_code == 201 and users[0].infer(http, shades(1)).status_code == 200


def test_a_store_that_fails(tmp_path, users, monkeypatch):
    app = create_app(Settings(models=[MODEL_FILE], keys=tmp_path, threads=1))
    with TestClient(app, raise_server_exceptions=False) as http:
        monkeypatch.setattr(FileKeys, "list", lambda store, owner: os.listdir(tmp_path / "nowhere"))
        answer, ready = users[0].put(http), http.get("/readyz")
        assert (answer.status_code, problem_of(answer)) == (500, "storage")
        assert (ready.status_code, problem_of(ready)) == (503, "storage")


def test_a_fault_of_the_service_is_a_problem_too(tmp_path, users, monkeypatch):
    app = create_app(Settings(models=[MODEL_FILE], keys=tmp_path, threads=1))
    with TestClient(app, raise_server_exceptions=False) as http:
        monkeypatch.setattr(app.state.service, "model", lambda model_id: 1 // 0)
        answer = users[0].infer(http, shades(1))
        assert answer.status_code == 500 and problem_of(answer) == "fault" and "division" not in answer.text


def test_a_body_that_does_not_arrive(tmp_path, users):
    """Half of an image, and then nothing."""
    with served(tmp_path, "--body-seconds", 0.3) as server, socket.socket(socket.AF_UNIX) as sender:
        sender.settimeout(30)
        sender.connect(str(server.socket))
        sender.sendall(f"POST {INFER} HTTP/1.1\r\nHost: torusnn\r\nContent-Length: 1672\r\n\r\n".encode())
        sender.sendall(users[0].encrypted(shades(1))[:800])
        answer = sender.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 408 ") and b"urn:torusnn:problem:body-timeout" in answer


def test_what_a_killed_process_left_is_swept(tmp_path):
    """Once it is old: another process may be at work in the folder."""
    arriving = FileKeys(tmp_path).arriving
    for name, age in (("old", 7200), ("new", 60)):
        (arriving / name).write_bytes(b"x")
        os.utime(arriving / name, (time.time() - age, time.time() - age))
    FileKeys(tmp_path)
    assert [path.name for path in arriving.iterdir()] == ["new"]


def test_a_refusal_reaches_a_client_that_still_sends(tmp_path, users):
    """Over a real socket a key of megabytes is refused by its first bytes, or before them."""
    (tmp_path / "tokens").write_text(f"alice {token_hash('token')}\n")
    with served(tmp_path, "--tokens", tmp_path / "tokens") as server:
        with server.http() as http:
            assert problem_of(users[0].put(http)) == "unauthorized"
        with server.http("token") as http:
            answer = http.put(users[1].key_path, content=users[0].key, headers=OCTETS)
            assert problem_of(answer) == "key-id"
            assert http.put(users[0].key_path, content=2 * users[0].key, headers=OCTETS).status_code == 413
