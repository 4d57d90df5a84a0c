"""The command: output, figures, refusals, exit codes."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torusnn
from common import MODELS
from torusnn.command import main

DIGITS = str(MODELS / "digits.tnn")


def refused(capsys, *arguments):
    assert main(list(map(str, arguments))) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("torusnn: ") and printed.err.count("\n") == 1
    return printed.err


def test_explain(capsys, circuit, tmp_path):
    assert main(["explain", "--model", DIGITS, "--json", str(tmp_path / "plan.json")]) == 0
    assert capsys.readouterr().out == f"{circuit.explain()}\n"
    assert json.loads((tmp_path / "plan.json").read_text()) == circuit.explain().to_dict()


def test_explain_with_images(capsys, digits_file, digits):
    assert main(["explain", "--model", DIGITS, "--data", str(digits_file), "--runs", "2", "--limit", "30"]) == 0
    assert "digits, val split: 30 images" in capsys.readouterr().out


def test_explain_for_less_agreement(capsys, digits_file):
    assert main(["explain", "--model", DIGITS, "--data", str(digits_file), "--agreement", "0.9", "--runs", "1"]) == 0
    assert "tolerant: 0.9 of the images keep their class" in capsys.readouterr().out


def test_medmnist(capsys, digits_file, tmp_path):
    path = tmp_path / "out.json"
    assert main(["medmnist", "--model", DIGITS, "--data", str(digits_file), "--split", "val", "--limit", "12", "--keys",
                 "2", "--batch", "5", "--simulate", "3", "--json", str(path), "--progress"]) == 0
    printed, figures = capsys.readouterr(), json.loads(path.read_text())
    assert figures["images"] == 12 and len(figures["keys"]) == 2 and figures["simulated"]["runs"] == 3
    assert figures["agreement"] >= 0.8 and 0 < figures["logit_rms_error"] < 5
    assert figures["agreement"] == pytest.approx(np.mean([key["agreement"] for key in figures["keys"]]))
    assert 0 < figures["latency_ms"]["min"] <= figures["latency_ms"]["median"] <= figures["latency_ms"]["p95"]
    assert "key 2 " in printed.out and f"{figures['evaluation_key_bytes']} bytes" in printed.out
    assert "images" in printed.err


def test_medmnist_by_simulation_alone(capsys, digits_file):
    assert main(["medmnist", "--model", DIGITS, "--data", str(digits_file), "--split", "val", "--limit", "20",
                 "--simulate-only"]) == 0
    printed = capsys.readouterr().out
    assert "16 runs of each image" in printed and "evaluation key" not in printed


def test_refusals_are_a_sentence(capsys, tmp_path, digits_file):
    assert "No such file" in refused(capsys, "explain", "--model", "nowhere.tnn")
    assert "neuron" in refused(capsys, "explain", "--model", DIGITS, "--exact")
    assert "--set" in refused(capsys, "explain", "--model", DIGITS, "--agreement", "0.9")
    assert "--split" in refused(capsys, "explain", "--model", DIGITS, "--split", "val")
    assert "--set" in refused(capsys, "explain", "--model", DIGITS, "--data", tmp_path)
    assert "the model reads [28, 28, 1]" in refused(capsys, "medmnist", "--model", MODELS / "pneumoniamnist.tnn",
                                                    "--data", digits_file, "--split", "val")


@pytest.mark.parametrize("arrays, word", [
    ({"val_images": np.zeros((3, 8, 8), np.float32), "val_labels": np.zeros(3, int)}, "uint8"),
    ({"val_images": np.zeros((3, 8, 8), np.uint8), "val_labels": np.zeros(4, int)}, "one class number"),
    ({"val_images": np.zeros((3, 8, 8), np.uint8), "val_labels": np.full(3, 10)}, "knows 10 classes"),
    ({"val_images": np.zeros((0, 8, 8), np.uint8), "val_labels": np.zeros(0, int)}, "of shape"),
    ({"val_images": np.zeros((3, 8, 8), np.uint8)}, "has no val_labels.npy"),
    ({"val_images": np.array([None]), "val_labels": np.zeros(1, int)}, "cannot be read")])
def test_data_that_does_not_fit(capsys, tmp_path, arrays, word):
    np.savez(tmp_path / "own.npz", **arrays)
    assert word in refused(capsys, "explain", "--model", DIGITS, "--data", tmp_path / "own.npz")


def test_data_that_is_no_archive(capsys, tmp_path):
    (tmp_path / "own.npz").write_bytes(b"PK\x03\x04 and no more")
    assert "cannot be read" in refused(capsys, "explain", "--model", DIGITS, "--data", tmp_path / "own.npz")


def test_data_sets_are_found(capsys, digits_file, monkeypatch):
    arguments = ["explain", "--model", DIGITS, "--set", "digits", "--runs", "1", "--limit", "3"]
    monkeypatch.setenv("MEDMNIST_ROOT", str(digits_file.parent))
    assert main(arguments) == 0
    monkeypatch.delenv("MEDMNIST_ROOT")
    monkeypatch.setenv("HOME", str(digits_file.parent))
    assert ".medmnist" in refused(capsys, *arguments) if capsys.readouterr() else False


def test_train_is_the_trainer(digits_file, tmp_path):
    """A draft of two epochs, which the library then reads; options are the trainer's own."""
    path = tmp_path / "draft.tnn"
    command = [sys.executable, "-m", "torusnn.command", "train", "--data", digits_file, "--draft", path, "--seeds", "1",
               "--epochs", "2", "--neurons", "3"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
    assert "digits: 10 classes" in done.stdout
    assert torusnn.load(path).info.table_lookups == 3
    helped = subprocess.run([*command[:4], "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "usage: torusnn train" in helped and "--weight-bits" in helped


def test_verbs(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    printed = capsys.readouterr().out
    assert caught.value.code == 0 and all(verb in printed for verb in ("explain", "medmnist", "train"))


@pytest.mark.parametrize("arguments", [[], ["dance"], ["explain"], ["explain", "--model", DIGITS, "--runs", "0"]])
def test_usage(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2 and "usage: torusnn" in capsys.readouterr().err


def test_what_a_verb_needs_is_named(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torusnn.command.explain", None)
    assert "torusnn.command.explain" in refused(capsys, "explain", "--model", DIGITS)
    with pytest.raises(SystemExit):
        main(["medmnist", "--help"])


def test_interrupted(capsys, monkeypatch):
    monkeypatch.setattr("torusnn.command.explain.load", lambda path: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["explain", "--model", DIGITS]) == 130 and "interrupted" in capsys.readouterr().err


def test_as_a_module_into_a_closed_pipe():
    program = subprocess.run(f"{sys.executable} -m torusnn.command explain --model {DIGITS} | head -c 1", shell=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert len(program.stdout) == 1 and program.stderr == b""
