"""torusnn serve: its options, and that it is open to this machine alone unless told."""

import argparse
import json
import re
import subprocess
import sys

import httpx
import numpy as np
import pytest
from common import TOP, largest_error
from serving import MODEL_FILE, problem_of, served, shades
from torusnn.command import main
from torusnn.serve import read_tokens
from torusnn.serve.access import token_hash
from torusnn.serve.command import add_arguments, settings_of


def parsed(*words):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(list(map(str, words)))


def test_options_become_settings(tmp_path):
    made = settings_of(parsed("--model", "a.tnn", "--model", "b.tnn,spec.tnn", "--keys", tmp_path, "--queue", 3,
                              "--workers", 2, "--evaluator-mib", 100, "--requests-a-second", 2.5, "--origin",
                              "https://page.example", "--threads", 3))
    assert made.models == ["a.tnn", ("b.tnn", "spec.tnn")] and made.queue == 3 and made.evaluator_bytes == 100 << 20
    assert made.requests_a_second == 2.5 and made.origins == ["https://page.example"] and made.tokens is None
    assert made.workers == 2 and made.threads_each == 3
    assert parsed("--model", "a.tnn", "--keys", tmp_path).host == "127.0.0.1"


@pytest.fixture
def url(tmp_path):
    """Of a service on a port that the system chooses, which the log says."""
    command = [sys.executable, "-m", "torusnn.command", "serve", "--model", MODEL_FILE, "--keys", tmp_path, "--port"]
    with subprocess.Popen([*command, "0"], stderr=subprocess.PIPE, text=True) as process:
        events = (json.loads(line)["event"] for line in process.stderr)
        running = next(event for event in events if "running on" in event)
        yield re.search(r"http://\S+", running)[0]
        process.terminate()


def test_a_port_of_this_machine(url):
    assert url.startswith("http://127.0.0.1:") and httpx.get(url + "/healthz").json() == {"status": "ok"}


def test_the_program_of_the_page(url, net):
    """docs/SERVICE.md, as it is written but for the port."""
    programs = re.findall(r"```python\n(.*?)```", (TOP / "docs" / "SERVICE.md").read_text(), re.DOTALL)
    [program] = [each for each in programs if "httpx" in each]
    names = {"image": shades(1)[0]}
    exec(program.replace("http://127.0.0.1:8000", url).replace("torusnn_client as", "torusnn as"), names)
    clear = net.model.predict(names["image"])
    assert np.abs(names["logits"] - clear).max() <= largest_error(net, names["image"])


def test_a_fresh_token_lets_its_client_in(tmp_path, capsys):
    assert main(["serve", "--new-token", "alice"]) == 0
    printed = capsys.readouterr()
    token = printed.err.split()[-1]
    (tmp_path / "tokens").write_text(printed.out)
    assert read_tokens(tmp_path / "tokens") == {"alice": token_hash(token)} and token not in printed.out
    with served(tmp_path, "--tokens", tmp_path / "tokens") as server:
        with server.http() as http:
            assert problem_of(http.get("/v1/models")) == "unauthorized"
        with server.http(token) as http:
            assert http.get("/v1/models").status_code == 200
        assert token not in server.log.read_text()


@pytest.mark.parametrize("words, sentence", [
    ([], "--model and --keys"), (["--model", "x.tnn", "--keys", "keys"], "x.tnn: No such file"),
    (["--model", MODEL_FILE, "--keys", "keys", "--evaluator-mib", "1"], "evaluator_bytes must be"),
    (["--model", MODEL_FILE, "--keys", "keys", "--tokens", __file__], "line 1: expected")])
def test_refusals_are_a_sentence(tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(["serve", *map(str, words)]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("torusnn: ") and sentence in printed.err


def test_the_warning_is_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    assert "must not be used for diagnosis" in " ".join(capsys.readouterr().out.split())


def test_what_the_service_needs_is_named(capsys, monkeypatch):
    for module in [name for name in sys.modules if name.startswith("torusnn.serve")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert main(["serve", "--new-token", "alice"]) == 2
    assert "pip install 'torusnn[serve]'" in capsys.readouterr().err
