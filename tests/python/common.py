"""Where things are, and how far encrypted logits may be off."""

from pathlib import Path

import numpy as np

TOP = Path(__file__).resolve().parents[2]
MODELS = TOP / "examples" / "models"
GOLDEN = TOP / "tests" / "golden"


def largest_error(circuit, images):
    """What an encrypted image's logits may be off by: twice the most of 100 simulated evaluations of each image."""
    clear = circuit.model.predict(images)
    return 2 * max(np.abs(circuit.simulate(images, seed=1000 * run) - clear).max() for run in range(100))
