"""Queue and evaluators: nothing is loaded twice, memory is bounded, who comes too late is told so."""

import asyncio
import io
import subprocess
import sys
import threading

import httpx
import pytest
import torusnn
from common import MODELS
from serving import INFER, MODEL_FILE, OCTETS, metric, problem_of, shades
from torusnn.serve import FileKeys, Settings, create_app
from torusnn.serve.models import load_served


class SlowKeys(FileKeys):
    """A store that opens nothing before it is told to."""

    def __init__(self, folder):
        super().__init__(folder)
        self.gate, self.opened = threading.Event(), 0

    def open(self, owner, key_id):
        self.opened += 1
        assert self.gate.wait(60)
        return super().open(owner, key_id)


@pytest.fixture
def store(tmp_path):
    return SlowKeys(tmp_path / "keys")


def asked(settings, work):
    """Runs work(http, app) against an application of these settings."""
    app = create_app(settings)

    async def run():
        async with app.router.lifespan_context(app), httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://torusnn", timeout=60) as http:
            return await work(http, app)

    return asyncio.run(run())


async def put(http, *users):
    for user in users:
        assert (await http.put(user.key_path, content=user.key, headers=OCTETS)).status_code == 201


def post(http, user, count=1):
    return http.post(INFER, content=user.encrypted(shades(count)), headers=OCTETS)


async def count_of(http, name):
    return metric((await http.get("/metrics")).text, name)


async def until(http, name, value):
    while await count_of(http, name) != value:
        await asyncio.sleep(0.01)


def test_a_key_is_loaded_once_however_many_wait(store, users):
    async def work(http, app):
        await put(http, users[0])
        waiting = [asyncio.create_task(post(http, users[0])) for _ in range(20)]
        await until(http, "torusnn_queue_length", 19)
        store.gate.set()
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
        assert store.opened == await count_of(http, "torusnn_key_loads_total") == 1

    asked(Settings(models=[MODEL_FILE], keys=store, workers=3, threads=1), work)


def test_a_full_queue(store, users):
    """What runs and what waits is answered, the one after them is told when to come back."""
    async def work(http, app):
        await put(http, users[0])
        waiting = [asyncio.create_task(post(http, users[0])) for _ in range(4)]
        await until(http, "torusnn_queue_length", 3)
        refused, ready = await post(http, users[0], 2), await http.get("/readyz")
        assert refused.status_code == ready.status_code == 503 and int(refused.headers["retry-after"]) >= 1
        assert problem_of(refused) == problem_of(ready) == "queue-full"
        store.gate.set()
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
        assert (await http.get("/readyz")).status_code == 200

    asked(Settings(models=[MODEL_FILE], keys=store, queue=3, threads=1), work)


def test_room_for_bodies_and_for_keys_that_arrive(store, users, net):
    """Two images in memory are as much as may be; of keys none may arrive."""
    async def work(http, app):
        refused = await http.put(users[0].key_path, content=users[0].key, headers=OCTETS)
        assert refused.status_code == 503 and problem_of(refused) == "uploads"
        store.put("everybody", users[0].key_id, io.BytesIO(users[0].key))
        waiting = [asyncio.create_task(post(http, users[0])) for _ in range(2)]
        await until(http, "torusnn_queue_length", 1)
        refused = await post(http, users[0])
        assert refused.status_code == 503 and problem_of(refused) == "bodies" and int(refused.headers["retry-after"])
        assert problem_of(await post(http, users[0], 3)) == "body-too-large"
        store.gate.set()
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
        assert (await post(http, users[0], 2)).status_code == 200

    most = 2 * net.info.input_bytes
    asked(Settings(models=[MODEL_FILE], keys=store, threads=1, body_bytes=most, uploads=0), work)


def test_a_busy_client_does_not_hold_up_another(store, users):
    async def work(http, app):
        await put(http, users[0], users[1])
        slow = [asyncio.create_task(post(http, users[0])) for _ in range(5)]
        await until(http, "torusnn_queue_length", 4)
        quick = asyncio.create_task(post(http, users[1]))
        await until(http, "torusnn_inferences_running", 2)
        assert await count_of(http, "torusnn_queue_length") == 4
        store.gate.set()
        assert {answer.status_code for answer in await asyncio.gather(quick, *slow)} == {200}

    asked(Settings(models=[MODEL_FILE], keys=store, workers=2, threads=1), work)


def test_memory_of_evaluators_is_bounded(tmp_path, users):
    """Room for two: the least recently used goes."""
    each = load_served(MODEL_FILE).evaluator_bytes(1, 1)

    async def work(http, app):
        await put(http, *(users[number] for number in range(3)))
        for number, loads in ((0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (1, 4), (0, 4)):
            assert (await post(http, users[number])).status_code == 200
            assert await count_of(http, "torusnn_key_loads_total") == loads
            assert await count_of(http, "torusnn_evaluator_bytes") <= 2 * each
            assert await count_of(http, "torusnn_keys_loaded") <= 2

    asked(Settings(models=[MODEL_FILE], keys=tmp_path, evaluator_bytes=2 * each + 1, threads=1, batch=1), work)


def test_a_key_that_is_deleted_while_it_is_at_work(store, users):
    async def work(http, app):
        await put(http, users[0])
        store.gate.set()
        assert (await post(http, users[0])).status_code == 200
        running = asyncio.create_task(post(http, users[0], 8))
        await until(http, "torusnn_inferences_running", 1)
        assert (await http.delete(users[0].key_path)).status_code == 204
        assert (await running).status_code == 200, "what runs is finished"
        assert problem_of(await post(http, users[0])) == "no-such-key"
        assert await count_of(http, "torusnn_keys_loaded") == 0

    asked(Settings(models=[MODEL_FILE], keys=store, threads=1), work)


def test_a_key_that_was_damaged_on_disk(tmp_path, users):
    async def work(http, app):
        await put(http, users[0])
        [path] = tmp_path.rglob("*.tnn")
        path.write_bytes(users[0].key[:-1] + bytes([users[0].key[-1] ^ 1]))
        answer = await post(http, users[0])
        assert answer.status_code == 500 and problem_of(answer) == "stored-key"

    asked(Settings(models=[MODEL_FILE], keys=tmp_path, threads=1), work)


def test_settings_that_contradict_each_other(tmp_path):
    for wrong, word in (({"models": []}, "no model"), ({"evaluator_bytes": 1 << 20}, "evaluator_bytes"),
                        ({"most_key_bytes": 1000}, "most_key_bytes"), ({"models": [MODEL_FILE] * 2}, "same name")):
        with pytest.raises(ValueError, match=word):
            create_app(Settings(**{"models": [MODEL_FILE], "keys": tmp_path, **wrong}))
    with pytest.raises(torusnn.TorusnnError):
        create_app(Settings(models=[(MODELS / "digits.tnn", MODEL_FILE)], keys=tmp_path))


def test_memory_of_an_evaluator_is_not_more_than_is_counted():
    """Resident bytes of five evaluators of each size, in a process of its own."""
    program = """
import gc, os, sys, torusnn
from torusnn.serve.models import Served
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
circuit = torusnn.load(sys.argv[1]).compile()
key = torusnn.Client(circuit.spec).evaluation_key
for threads, batch in ((1, 1), (2, 8), (4, 2)):
    kept = [torusnn.Evaluator(circuit, key, threads=threads, max_images=batch)]
    before = resident()
    kept += [torusnn.Evaluator(circuit, key, threads=threads, max_images=batch) for _ in range(5)]
    print((resident() - before) / 5, Served("one", circuit).evaluator_bytes(threads, batch))
"""
    done = subprocess.run([sys.executable, "-c", program, MODEL_FILE], check=True, stdout=subprocess.PIPE, text=True)
    for line in done.stdout.splitlines():
        used, counted = map(float, line.split())
        assert 0.3 * counted < used < 1.1 * counted, line
