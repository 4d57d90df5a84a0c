"""Files of the exporters that people use, from import to decryption. Slow: pytest -m slow.

TORUSNN_ONNX_FILES names a folder of files that exporters.py wrote already; without it they are written here, by those
exporters that are installed. TORUSNN_TEST_IMAGES: how many of the 360 test images are encrypted.
"""

import os
import pathlib
import time

import numpy as np
import pytest

for package in ("onnx", "onnxruntime", "skl2onnx"):
    pytest.importorskip(package)
from exporters import EXPORTERS, TEST_IMAGES  # noqa: E402

import torusnn  # noqa: E402
from torusnn.onnx import from_onnx  # noqa: E402
from torusnn.onnx.pixels import arranged, pixels_of  # noqa: E402

pytestmark = pytest.mark.slow
NEEDS = {"torchscript": "torch", "brevitas": "brevitas", "dynamo": "onnxscript"}
LEAST = {"brevitas_two_bits": 0.99}  # of encrypted classes; 0.98 of the others
AGREEMENT = {"brevitas_two_bits": 0.99}
ENCRYPTED = int(os.environ.get("TORUSNN_TEST_IMAGES", TEST_IMAGES))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    given = os.environ.get("TORUSNN_ONNX_FILES")
    return pathlib.Path(given) if given else tmp_path_factory.mktemp("onnx")


def written(name, folder):
    path = folder / f"{name}.onnx"
    if not path.exists():
        for start, package in NEEDS.items():
            if name.startswith(start):
                pytest.importorskip(package)
        EXPORTERS[name](path)
    return path, np.load(path.with_suffix(".npz"))


def same(model, logits, classes):
    return float(np.mean(torusnn.classes_of(np.asarray(logits).reshape(len(classes), -1)) == classes))


def encrypted_logits(model, images):
    """Logits and the median milliseconds of an image."""
    circuit = model.compile()
    client = torusnn.Client(circuit.spec)
    evaluator = torusnn.Evaluator(circuit, client.evaluation_key, threads=1)
    logits, times = [], []
    for image in images:
        sent = client.encrypt(image)
        begin = time.perf_counter()
        result = evaluator.infer(sent)
        times.append(1000 * (time.perf_counter() - begin))
        logits.append(np.asarray(client.decrypt(result)).reshape(-1))
    return circuit, np.stack(logits), float(np.median(times))


def as_bytes(model, stored, calibration):
    """The test images on the grid of the calibration images."""
    taken = pixels_of(np.concatenate([calibration, stored["test"]]), list(calibration.shape[1:]))
    return taken.images[len(calibration):].reshape(-1, *model.shape)


@pytest.mark.parametrize("name", EXPORTERS)
def test_exported_nets_keep_their_classes(name, folder):
    path, stored = written(name, folder)
    model = from_onnx(str(path), stored["X"], agreement=AGREEMENT.get(name, 0.985))
    images, classes = as_bytes(model, stored, stored["X"]), stored["classes"]
    clear = same(model, model.predict(images), classes)
    circuit, logits, median = encrypted_logits(model, images[:ENCRYPTED])
    simulated = same(model, circuit.simulate(images), classes)
    hidden = same(model, logits, classes[:ENCRYPTED])
    print(f"\n{name}: {circuit.info.bootstraps} bootstraps, clear {clear:.2%}, simulated {simulated:.2%}, encrypted "
          f"{hidden:.2%} of {len(logits)}, median {median:.0f} ms (predicted {circuit.info.predicted_ms:.0f})\n"
          f"{model.report}")
    assert arranged(stored["test"], list(stored["X"].shape[1:])).shape[1:] == model.shape
    assert clear >= 0.99
    assert hidden >= LEAST.get(name, 0.98)
