"""Files of the exporters that people use, from import to decryption. Slow: pytest -m slow.

TORUSNN_ONNX_FILES names a folder of files that exporters.py wrote already; without it they are written here, by those
exporters that are installed. TORUSNN_TEST_IMAGES: how many of the 360 test images are encrypted, or FIRST:END of them.
TORUSNN_MEASURED: a folder that takes the figures, a file a net; a run that begins where another ended continues its
figures. `python table.py` makes the table of docs/ONNX.md of those in measured/.
"""

import json
import os
import pathlib
import time

import numpy as np
import pytest

for package in ("onnx", "onnxruntime"):
    pytest.importorskip(package)
from exporters import (  # noqa: E402
    EXPORTERS,
    LEAST_CLEAR,
    TEST_IMAGES,
    TWO_BITS,
    least_encrypted,
    runtime_classes,
)

import torusnn  # noqa: E402
from torusnn.onnx import from_onnx  # noqa: E402
from torusnn.onnx.pixels import arranged, pixels_of  # noqa: E402

pytestmark = pytest.mark.slow
NEEDS = {"sklearn": "skl2onnx", "ort": "skl2onnx", "torchscript": "torch", "brevitas": "brevitas"}
FIRST, END = map(int, f"0:{os.environ.get('TORUSNN_TEST_IMAGES', TEST_IMAGES)}".split(":")[-2:])


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


def same(logits, classes):
    return float(np.mean(torusnn.classes_of(np.asarray(logits).reshape(len(classes), -1)) == classes))


def encrypted_logits(circuit, images):
    """Logits and the median milliseconds of an image."""
    client = torusnn.Client(circuit.spec)
    evaluator = torusnn.Evaluator(circuit, client.evaluation_key, threads=1)
    logits, times = [], []
    for image in images:
        sent = client.encrypt(image)
        begin = time.perf_counter()
        result = evaluator.infer(sent)
        times.append(1000 * (time.perf_counter() - begin))
        logits.append(np.asarray(client.decrypt(result)).reshape(-1))
    return np.stack(logits), float(np.median(times))


def as_bytes(model, stored, calibration):
    """The test images on the grid of the calibration images."""
    taken = pixels_of(np.concatenate([calibration, stored["test"]]), list(calibration.shape[1:]))
    return taken.images[len(calibration):].reshape(-1, *model.shape)


def measured(path, stored, model):
    """The net's figures: shares of images with the class of the exported net, unless they say otherwise."""
    images, classes = as_bytes(model, stored, stored["X"]), stored["classes"]
    circuit, clear = model.compile(), model.predict(images)
    logits, median = encrypted_logits(circuit, images[FIRST:END])
    return {"bootstraps": circuit.info.bootstraps, "clear": same(clear, classes),
            "simulated": same(circuit.simulate(images), classes), "encrypted": same(logits, classes[FIRST:END]),
            "encrypted_images": len(logits), "median_ms": median, "predicted_ms": circuit.info.predicted_ms,
            "contract_agreement": model.report.contract_agreement, "reference": model.report.reference}


def joined(before, after):
    """Figures of two runs on images one after the other; of their medians the mean by images."""
    counts = before["encrypted_images"], after["encrypted_images"]
    assert counts[0] == FIRST
    both = {key: float(np.average([before[key], after[key]], weights=counts)) for key in ("encrypted", "median_ms")}
    return {**after, **both, "encrypted_images": sum(counts)}


def record(name, figures):
    if "TORUSNN_MEASURED" not in os.environ:
        return figures
    path = pathlib.Path(os.environ["TORUSNN_MEASURED"], f"{name}.json")
    figures = joined(json.loads(path.read_text()), figures) if FIRST else figures
    path.write_text(json.dumps(figures, indent=1) + "\n")
    return figures


@pytest.mark.parametrize("name", EXPORTERS)
def test_exported_nets_keep_their_classes(name, folder):
    path, stored = written(name, folder)
    model = from_onnx(str(path), stored["X"], agreement=0.99 if name == TWO_BITS else 0.985)
    figures = measured(path, stored, model)
    print(f"\n{name}: {figures}\n{model.report}")
    figures = record(name, figures)
    assert arranged(stored["test"], list(stored["X"].shape[1:])).shape[1:] == model.shape
    assert figures["clear"] >= LEAST_CLEAR
    assert figures["encrypted"] >= least_encrypted(name)


@pytest.mark.parametrize("name", [name for name in EXPORTERS if name != "brevitas_qonnx"])  # which it cannot run
def test_the_default_session_of_onnxruntime_names_the_same_classes(name, folder):
    """Its fused kernels saturate on processors without VNNI, so it is held to less than a session without fusions."""
    path, stored = written(name, folder)
    assert np.mean(runtime_classes(path, stored["test"], fused=True) == stored["classes"]) >= 0.98
