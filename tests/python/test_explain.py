"""Explanations: the figures and the lines of the C program, and what goes beyond them."""

import json
import subprocess

import numpy as np
import pytest
import torusnn
from common import MODELS, TOP
from torusnn._metrics import auc_of, log_odds, quality_of

PROGRAM = TOP / "build" / "release" / "examples" / "explain"


def explained_by_c(path, tmp_path, *options):
    figures = tmp_path / "plan.json"
    printed = subprocess.run([PROGRAM, "--model", path, "--json", figures, *options], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    return printed, json.loads(figures.read_text())


def same(ours, theirs, place=""):
    """Equal but for rounding of numbers on their way through text, and for how fast the machine was."""
    if isinstance(ours, dict):
        assert set(ours) == set(theirs), place
        for name in set(ours) - {"images_per_second"}:
            same(ours[name], theirs[name], f"{place}/{name}")
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), place
        for index, (one, other) in enumerate(zip(ours, theirs)):
            same(one, other, f"{place}/{index}")
    elif isinstance(ours, float):
        assert theirs == pytest.approx(ours, rel=1e-12), place
    else:
        assert ours == theirs, place


@pytest.mark.skipif(not PROGRAM.exists(), reason="build/release/examples/explain is not built")
@pytest.mark.parametrize("name", ["digits", "pneumoniamnist", "pneumoniamnist-392", "breastmnist-exact"])
def test_figures_and_lines_are_the_c_programs(name, tmp_path):
    path = MODELS / f"{name}.tnn"
    explanation = torusnn.load(path).compile().explain()
    printed, figures = explained_by_c(path, tmp_path)
    same(explanation.to_dict(), figures)
    assert str(explanation) + "\n" == printed


@pytest.mark.skipif(not PROGRAM.exists(), reason="build/release/examples/explain is not built")
def test_so_are_they_of_images(model, digits, digits_file, tmp_path):
    ours = model.compile().explain(*digits, runs=3).to_dict()
    printed, theirs = explained_by_c(MODELS / "digits.tnn", tmp_path, "--data", digits_file, "--runs", "3")
    assert (theirs["data"].pop("set"), theirs["data"].pop("split")) == ("digits", "val")
    same(ours, theirs)
    assert f"{ours['data']['simulated']['accuracy']:.4f} simulated" in printed


def test_without_labels_there_is_no_accuracy(circuit, digits):
    explanation = circuit.explain(digits[0][:40], runs=2)
    data = explanation.to_dict()["data"]
    assert data["clear_accuracy"] is None and data["simulated"]["auc"] is None and data["images"] == 40
    assert "accuracy " not in str(explanation).split("40 images\n")[-1] and "class changes" in str(explanation)


def test_dictionaries_are_json(circuit):
    assert json.loads(json.dumps(circuit.explain().to_dict(), allow_nan=False))["bootstraps"] == circuit.info.bootstraps


def test_agreement_and_its_curve(radiographs):
    circuit = torusnn.load(MODELS / "pneumoniamnist.tnn").compile(agreement=0.95, images=radiographs)
    explanation = circuit.explain()
    assert len(explanation.to_dict()["agreement_curve"]) == len(circuit.agreement_curve)
    assert "tolerant: 0.95 of the images keep their class" in str(explanation) and "at least" in str(explanation)


def test_a_circuit_of_a_spec(model, circuit):
    explanation = model.compile(spec=circuit.spec).explain()
    assert "contract" not in explanation.to_dict() and "that of a spec" in repr(explanation)


def test_a_model_from_bytes_has_no_file(model):
    assert str(torusnn.Model.from_bytes(model.to_bytes()).compile().explain()).startswith("  origin")


def test_area_under_the_curve_against_pairs():
    random = np.random.default_rng(1)
    logits, labels = random.normal(size=(60, 3)), random.integers(0, 2, 60)  # of the third class there is no image
    each = []
    for label in (0, 1):
        scores = np.rint(1e6 * log_odds(logits, label))
        wins = np.sign(scores[labels == label][:, None] - scores[labels != label][None, :])
        each.append(0.5 + wins.mean() / 2)
    assert auc_of(logits, labels) == pytest.approx(np.mean(each), abs=1e-12)
    assert auc_of(logits[:, :1], np.ones(60)) is None


def test_one_logit_is_the_log_odds_of_class_1():
    logits = np.array([[1.5], [-2.0]])
    np.testing.assert_array_equal(log_odds(logits, 1), [1.5, -2.0])
    np.testing.assert_array_equal(log_odds(logits, 0), [-1.5, 2.0])


def test_quality_against_the_clear_network():
    quality = quality_of(np.array([[1.0], [-1.0]]), np.array([[1.0], [1.0]]), None)
    assert (quality.agreement, quality.logit_rms_error, quality.accuracy) == (0.5, pytest.approx(2 ** 0.5), None)
