"""One circuit and its clients for all tests of the service. Slow ones run where they are asked for: pytest -m slow."""

import pathlib
import sys

import pytest
import torusnn
from fastapi.testclient import TestClient
from torusnn.serve import Settings, create_app

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from serving import MODEL_FILE, Users  # noqa: E402


def pytest_collection_modifyitems(config, items):
    if not config.getoption("-m"):
        slow = [item for item in items if HERE in item.path.parents and item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.fixture(scope="session")
def net():
    """The circuit as the service compiles it."""
    return torusnn.load(MODEL_FILE).compile()


@pytest.fixture(scope="session")
def users(net):
    """Clients by number, whose keys are made when they are first asked for."""
    return Users(net.spec.to_bytes())


@pytest.fixture
def app(tmp_path):
    return create_app(Settings(models=[MODEL_FILE], keys=tmp_path / "keys", threads=1))


@pytest.fixture
def http(app):
    with TestClient(app) as client:
        yield client
