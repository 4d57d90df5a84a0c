"""torusnn.from_onnx and `torusnn import`, from file to file."""

import json

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
from graphs import CLASSES, HIDDEN, Builder, data, weights  # noqa: E402
from onnx import save  # noqa: E402

import torusnn  # noqa: E402
from torusnn.command import main  # noqa: E402
from torusnn.onnx.contract import chosen  # noqa: E402
from torusnn.onnx.convert import assembled, prepare, read_chain  # noqa: E402
from torusnn.onnx.quantize import Settings  # noqa: E402
from torusnn.onnx.ranges import RULES, scaled  # noqa: E402

W1, B1, W2, B2 = weights()
X = data()


def net():
    builder = Builder()
    builder.add("Gemm", builder.constant(W1), builder.constant(B1), transB=1)
    builder.add("Relu")
    builder.add("Gemm", builder.constant(W2), builder.constant(B2), transB=1)
    return builder.model()


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """What the command printed, and the model that it wrote."""
    folder = tmp_path_factory.mktemp("import")
    save(net(), str(folder / "net.onnx"))
    np.savez(folder / "images.npz", X=X)
    with pytest.MonkeyPatch.context() as patch:
        lines = []
        patch.setattr("builtins.print", lambda *text, **options: lines.append(" ".join(map(str, text))))
        code = main(["import", str(folder / "net.onnx"), "--calibration", str(folder / "images.npz"), "--out",
                     str(folder / "net.tnn"), "--agreement", "0.95"])
    assert code == 0, lines
    return "\n".join(lines), torusnn.load(folder / "net.tnn")


def test_bootstraps_and_time_come_first_then_what_was_measured(imported):
    text, _ = imported
    assert text.splitlines()[0].startswith(f"{HIDDEN} bootstraps an image, about")
    for part in ("range: ", "against ONNX Runtime on 300 images: same class", "largest logit difference", "contract: "):
        assert part in text


def test_the_file_states_a_contract_and_what_a_byte_is(imported):
    _, model = imported
    provenance = json.loads(model.info.provenance)
    assert model.info.states_contract and model.shape == (1, X.shape[1], 1) and model.info.outputs == CLASSES
    assert (provenance["pixel_scale"], provenance["pixel_offset"]) == (1.0, 0.0)


def test_encrypted_classes_are_those_of_the_graph(imported):
    _, model = imported
    images = X[:20].astype(np.uint8).reshape(-1, *model.shape)
    circuit = model.compile()
    client = torusnn.Client(circuit.spec)
    evaluator = torusnn.Evaluator(circuit, client.evaluation_key)
    logits = np.asarray(client.decrypt(evaluator.infer(client.encrypt(images))))
    expected = np.maximum(X[:20] @ W1.T + B1, 0) @ W2.T + B2
    assert np.mean(torusnn.classes_of(logits) == expected.argmax(axis=1)) >= 0.85


@pytest.fixture(scope="module")
def candidates():
    """Models of one net whose ranges hold a fifth of what images show, and all of it."""
    graph, taken, chain = read_chain(net(), X, None, 0.0, None, 4096)
    prepared = prepare(chain, taken, Settings(8, 255))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RULES, "a fifth", lambda spans: scaled(spans.seen, 0.2))
        found = [(rule, assembled(prepared, [rule], taken)) for rule in ("a fifth", "the calibrated range")]
    return found, taken.images.reshape(-1, *taken.shape)


@pytest.mark.parametrize("asked, order, contract", [(0.95, "narrow first", 0.95), (0.95, "wide first", 0.95),
                                                    (0.9999, "narrow first", 0.985)])
def test_the_contract_is_of_the_first_ranges_that_keep_enough_or_of_those_that_keep_most(candidates, asked, order,
                                                                                         contract):
    (narrow, wide), images = candidates
    left = iter([narrow, wide] if order == "narrow first" else [wide, narrow])
    (rule, _), circuit, target = chosen(left, images, asked)
    assert rule == "the calibrated range" and target == contract and circuit.asked.agreement == contract
    assert len(list(left)) == (order == "wide first")


def test_no_ranges_that_keep_nine_of_ten_classes(candidates):
    (narrow, _), images = candidates
    with pytest.raises(torusnn.errors.UnsatisfiableError, match="agreement of 0.95"):
        chosen([narrow, narrow], images, 0.95)


def test_a_refusal_is_a_sentence_on_the_console(tmp_path, capsys):
    builder = Builder()
    builder.add("MaxPool", kernel_shape=[2])
    save(builder.model(), str(tmp_path / "net.onnx"))
    np.save(tmp_path / "images.npy", X)
    code = main(["import", str(tmp_path / "net.onnx"), "--calibration", str(tmp_path / "images.npy"), "--out",
                 str(tmp_path / "net.tnn")])
    assert code == 2 and "MaxPool" in capsys.readouterr().err and not (tmp_path / "net.tnn").exists()


def test_what_is_no_onnx_file(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"\xff\xff nothing")
    with pytest.raises(torusnn.onnx.UnsupportedModel, match="no ONNX model"):
        torusnn.from_onnx(tmp_path / "net.onnx", X)


def test_calibration_without_images(tmp_path):
    from torusnn.onnx.pixels import calibration_array
    np.savez(tmp_path / "images.npz", labels=np.zeros(3))
    with pytest.raises(torusnn.onnx.UnsupportedModel, match="name the images X"):
        calibration_array(tmp_path / "images.npz")
