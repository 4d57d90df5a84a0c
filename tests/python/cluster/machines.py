"""What the tests of clusters share."""

import socket
from contextlib import contextmanager
from pathlib import Path

import torusnn

IMAGES, IMAGES_A_FILE = 60, 7
RAY = {"include_dashboard": False, "object_store_memory": 256 << 20, "log_to_driver": False}
OCTETS = {"Content-Type": "application/octet-stream"}


def contents(folder):
    """Files of a folder with their bytes; none is left over under a temporary name."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def descendants(pid):
    """Processes below one, with their command lines."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            found[int(path.name)] = parent, (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            pass
    below, grown = {pid}, True
    while grown:
        more = {each for each, (parent, _) in found.items() if parent in below} - below
        below, grown = below | more, bool(more)
    return {each: found[each][1] for each in below - {pid}}


class Remote:
    """A client of the service, with one encrypted image."""

    def __init__(self, model_id, client, image, circuit):
        import httpx

        self.path, self.key = f"/v1/models/{model_id}/infer", client.evaluation_key.to_bytes()
        self.key_id, encrypted = self.key[96:112].hex(), client.encrypt(image)
        self.request = bytes(encrypted)
        self.result = bytes(torusnn.Evaluator(circuit, client.evaluation_key).infer(encrypted))
        self.http = httpx.Client(timeout=60)

    def put(self, url):
        return self.http.put(f"{url}/v1/keys/{self.key_id}", content=self.key, headers=OCTETS)

    def delete(self, url):
        return self.http.delete(f"{url}/v1/keys/{self.key_id}")

    def infer(self, url, body=None):
        return self.http.post(url + self.path, content=self.request if body is None else body, headers=OCTETS)


@contextmanager
def cluster_of(nodes, processors, head=None):
    """Machines of Ray's own simulation. With `head` another one, of so many processors, in front of them."""
    import ray
    from ray.cluster_utils import Cluster

    memory = {"object_store_memory": RAY["object_store_memory"]}
    first = processors if head is None else head
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": first, "include_dashboard": False, **memory})
    for _ in range(nodes - 1 if head is None else nodes):
        cluster.add_node(num_cpus=processors, **memory)
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


class Running:
    """A service under Ray Serve."""

    def __init__(self, url, evaluators):
        self.url, self.evaluators = url, evaluators

    def get(self, path):
        import httpx

        return httpx.get(self.url + path)

    def loads(self):
        """Of each replica: keys that it has expanded since it started."""
        return [sum(each.values()) for each in self.evaluators.broadcast("loads").results(timeout_s=30)]


@contextmanager
def run_service(settings, **options):
    from ray import serve
    from torusnn.cluster import service_application

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve.start(proxy_location="HeadOnly", http_options={"host": "127.0.0.1", "port": port})
    serve.run(service_application(settings, **options), name="torusnn", route_prefix="/")
    try:
        yield Running(f"http://127.0.0.1:{port}", serve.get_deployment_handle("evaluators", "torusnn"))
    finally:
        serve.shutdown()
