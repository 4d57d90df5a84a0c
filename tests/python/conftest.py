"""What several tests share: bundled models, real images, one deployment of the digits model."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torusnn
from common import MODELS, TOP
from made_images import made_images


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than 30 seconds")


@pytest.fixture(scope="session")
def digits_file(tmp_path_factory):
    """scikit-learn's digits in MedMNIST's convention, by the trainer's own program."""
    path = tmp_path_factory.mktemp("digits") / "digits.npz"
    subprocess.run([sys.executable, TOP / "examples" / "train" / "digits.py", path], check=True, stdout=subprocess.PIPE)
    return path


@pytest.fixture(scope="session")
def digits(digits_file):
    """Validation images, uint8 [count, 8, 8], and their labels [count]."""
    with np.load(digits_file) as archive:
        return archive["val_images"], archive["val_labels"].ravel()


@pytest.fixture(scope="session")
def radiographs():
    """Validation images of pneumoniamnist, where the data set is there, or made-up ones of that shape."""
    folders = [os.environ.get("MEDMNIST_ROOT"), TOP.parent / "shared" / "data", "/work/shared/data"]
    for folder in filter(None, folders):
        path = Path(folder, "pneumoniamnist.npz")
        if path.exists():
            with np.load(path) as archive:
                return archive["val_images"]
    return made_images()


@pytest.fixture(scope="session")
def model():
    return torusnn.load(MODELS / "digits.tnn")


@pytest.fixture(scope="session")
def circuit(model):
    return model.compile()


@pytest.fixture(scope="session")
def client(circuit):
    return torusnn.Client(circuit.spec)


@pytest.fixture(scope="session")
def evaluator(circuit, client):
    return torusnn.Evaluator(circuit, client.evaluation_key, max_images=4)
