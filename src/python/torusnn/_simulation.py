"""Many simulated evaluations of the same images."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Dict, Optional

from ._images import Array
from ._metrics import mean_quality, quality_of

if TYPE_CHECKING:
    from .circuit import Circuit

DEFAULT_RUNS = 16


def simulated(circuit: Circuit, images: Array, labels: Optional[Array], clear: Array, runs: int) -> Dict[str, Any]:
    """Mean quality over the runs, in which no two evaluations share a seed. images: a batch; clear: their logits"""
    start = time.perf_counter()
    logits = [circuit.simulate(images, seed=run * len(images)) for run in range(runs)]
    seconds = time.perf_counter() - start
    quality = mean_quality([quality_of(each, clear, labels) for each in logits])
    return {"runs": runs, **quality.to_dict(), "images_per_second": runs * len(images) / seconds}
