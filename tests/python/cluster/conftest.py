"""A Ray of two processors on this machine, and an archive of encrypted radiographs with the results of a plain run.

These tests run where they are asked for, pytest -m cluster, and need what requirements.txt names."""

import os
import pathlib
import sys

import pytest
import torusnn
from common import MODELS

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_AUTH_MODE="disabled")

from machines import IMAGES, IMAGES_A_FILE, RAY  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "cluster: needs Ray and starts it")


def pytest_collection_modifyitems(config, items):
    if "cluster" not in config.getoption("-m"):
        left_out = [item for item in items if item.get_closest_marker("cluster")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def circuit():
    return torusnn.load(MODELS / "pneumoniamnist.tnn").compile()


@pytest.fixture(scope="session")
def archive(circuit, client, radiographs, tmp_path_factory):
    """Encrypted images in nine files, the last one shorter."""
    from torusnn.cluster import encrypt_dataset

    folder = tmp_path_factory.mktemp("archive")
    assert encrypt_dataset(client, radiographs[:IMAGES], str(folder), images_per_file=IMAGES_A_FILE) == 9
    return folder


@pytest.fixture(scope="session")
def plain(circuit, client, archive):
    """The results' bytes by file: one evaluator, one image after another, without Ray."""
    size, evaluator = circuit.info.input_bytes, torusnn.Evaluator(circuit, client.evaluation_key)
    results = {}
    for path in sorted(archive.iterdir()):
        data = path.read_bytes()
        images = [torusnn.EncryptedImage.from_bytes(data[at:at + size]) for at in range(0, len(data), size)]
        results[path.name] = b"".join(bytes(evaluator.infer(image)) for image in images)
    return results


@pytest.fixture(scope="module")
def ray_here():
    import ray

    ray.init(num_cpus=2, **RAY)
    yield ray
    ray.shutdown()


@pytest.fixture(scope="session")
def s3():
    """An object store on loopback, and what fsspec is told of it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    options = {"endpoint_url": f"http://{host}:{port}", "key": "any", "secret": "any"}
    boto3.client("s3", endpoint_url=options["endpoint_url"], region_name="us-east-1", aws_access_key_id="any",
                 aws_secret_access_key="any").create_bucket(Bucket="torusnn")
    yield options
    server.stop()
