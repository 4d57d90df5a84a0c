"""The service under Ray Serve: on one machine, and on three that Ray simulates on loopback."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torusnn
from common import MODELS
from machines import Remote, cluster_of, run_service

pytestmark = pytest.mark.cluster
MODEL = "pneumoniamnist"


def settings(keys, **more):
    from torusnn.serve import Settings

    return Settings(models=[str(MODELS / f"{MODEL}.tnn")], keys=str(keys), evaluator_bytes=512 << 20, **more)


@pytest.fixture(scope="module")
def clients(circuit, radiographs):
    """Four, each with a key, an encrypted image and the bytes of a plain run's result."""
    made = [torusnn.Client(circuit.spec) for _ in range(4)]
    return [Remote(MODEL, each, radiographs[index], circuit) for index, each in enumerate(made)]


def test_one_machine(circuit, clients, tmp_path):
    """Three keys over two replicas: results of a plain run, and each key is expanded once, where it stays."""
    with cluster_of(1, processors=2) as cluster, run_service(settings(tmp_path), replicas=2) as service:
        for who in clients[:3]:
            assert who.put(service.url).status_code == 201 and who.put(service.url).status_code == 200
        answers = [who.infer(service.url) for _ in range(12) for who in clients[:3]]
        assert [answer.status_code for answer in answers] == [200] * 36
        assert all(answer.content == who.result for answer, who in zip(answers, 12 * clients[:3]))
        assert sum(service.loads()) == 3
        missing = clients[3].infer(service.url)
        assert missing.status_code == 404 and missing.json()["type"].endswith("no-such-key")
        assert b'torusnn_images_total{model="pneumoniamnist"} 36.0' in service.get("/metrics").content
        assert clients[0].delete(service.url).status_code == 204
        assert eventually(lambda: clients[0].infer(service.url).status_code == 404)
        assert clients[1].infer(service.url).content == clients[1].result
        broken = clients[1].infer(service.url, body=clients[1].request[:-1] + b"\0")
        assert broken.status_code == 400 and "application/problem+json" in broken.headers["content-type"]
        assert len(cluster.list_all_nodes()) == 1


def eventually(holds, seconds=10):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def test_keys_on_an_object_store(clients, s3):
    from torusnn.cluster import SharedKeys

    store, who = SharedKeys("s3://torusnn/keys", s3), clients[0]
    assert store.list("everybody") == []
    with cluster_of(1, processors=1), run_service(settings("s3://torusnn/keys"), storage_options=s3) as service:
        assert who.put(service.url).status_code == 201 and who.put(service.url).status_code == 200
        assert who.infer(service.url).content == who.result
        assert store.list("everybody") == [who.key_id] and store.open("everybody", who.key_id).read() == who.key
        assert who.delete(service.url).status_code == 204 and store.list("everybody") == []
    with pytest.raises(FileNotFoundError):
        store.open("everybody", who.key_id)
    with pytest.raises(FileNotFoundError):
        store.delete("everybody", who.key_id)


class Load:
    """Clients that ask one after another until they are told to stop, each for itself."""

    def __init__(self, clients, url):
        self.clients, self.url, self.ended = clients, url, threading.Event()
        self.answers = []

    def ask(self, who):
        while not self.ended.is_set():
            answer = who.infer(self.url)
            self.answers.append((time.monotonic(), answer.status_code, answer.content == who.result))

    def __enter__(self):
        self.pool = ThreadPoolExecutor(len(self.clients))
        self.work = [self.pool.submit(self.ask, who) for who in self.clients]
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.pool.shutdown()
        for each in self.work:
            each.result()


def test_a_node_dies_under_load(clients, tmp_path):
    """Two machines with an evaluator each behind a head that takes the requests; a front on all three. One is killed:
    every request is answered, rightly, and every key that was put is there; a new machine takes part again."""
    served = {"replicas": 2, "fronts": 3}
    with cluster_of(2, processors=1, head=0) as cluster, run_service(settings(tmp_path), **served) as service:
        for who in clients:
            assert who.put(service.url).status_code == 201
        with Load(clients, service.url) as load:
            assert eventually(lambda: len(load.answers) > 40, 60)
            died = time.monotonic()
            cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
            assert eventually(lambda: sum(when > died for when, _, _ in load.answers) > 100, 60)
            cluster.add_node(num_cpus=1)
            assert eventually(lambda: len(service.loads()) == 2, 60)
            back = time.monotonic()
            assert eventually(lambda: sum(when > back for when, _, _ in load.answers) > 40, 60)
        print(f"{len(load.answers)} answers, longest silence {longest_silence(load.answers):.1f} s")
        assert [each[1:] for each in load.answers if each[1:] != (200, True)] == []
        assert all(who.put(service.url).status_code == 200 for who in clients)


def test_replicas_grow_with_the_load(clients, tmp_path):
    grows = {"replicas": 1, "most_replicas": 2, "ongoing": 1}
    with cluster_of(1, processors=2), run_service(settings(tmp_path), **grows) as service:
        for who in clients:
            assert who.put(service.url).status_code == 201
        assert len(service.loads()) == 1
        with Load(clients, service.url) as load:
            assert eventually(lambda: len(service.loads()) == 2, 120)
        assert [each[1:] for each in load.answers if each[1:] != (200, True)] == []


def longest_silence(answers):
    times = sorted(when for when, _, _ in answers)
    return max(later - earlier for earlier, later in zip(times, times[1:]))
