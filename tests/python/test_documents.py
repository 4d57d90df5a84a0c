"""The Python of the documents runs as it is written."""

import re

import numpy as np
import pytest
from common import TOP


def first_program(document):
    return re.search(r"```python\n(.*?)```", (TOP / document).read_text(), re.DOTALL)[1]


@pytest.mark.parametrize("document", ["README.md", "docs/PYTHON.md"])
def test_first_program(document, tmp_path, monkeypatch, radiographs, capsys):
    (tmp_path / "examples").symlink_to(TOP / "examples")
    np.savez(tmp_path / "pneumoniamnist.npz", val_images=radiographs)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(first_program(document), names)
    clear = names["model"].predict(radiographs[:4])
    assert names["logits"].shape == (4, 1) and np.abs(names["logits"] - clear).max() < np.ptp(clear) + 2
    assert "in short" in capsys.readouterr().out
