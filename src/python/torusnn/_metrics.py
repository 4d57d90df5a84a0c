"""How good logits are, by themselves and against the clear network's."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Optional

import numpy as np

from ._images import Array, classes_of


@dataclass(frozen=True)
class Quality:
    """Accuracy and AUC are None without labels, the AUC too where the images are all of one class."""

    accuracy: Optional[float]
    auc: Optional[float]
    agreement: float
    logit_rms_error: float

    def to_dict(self) -> Dict[str, Any]:
        return asdict(self)


def log_odds(logits: Array, which: int) -> Array:
    """log(p / (1 - p)) of the softmax probability of a class: orders like p, and does not run into 0 and 1."""
    if logits.shape[1] == 1:
        return logits[:, 0] if which == 1 else -logits[:, 0]
    return logits[:, which] - np.logaddexp.reduce(np.delete(logits, which, axis=1), axis=1)


def auc_of(logits: Array, labels: Array) -> Optional[float]:
    """The mean of one against the rest over the classes that some but not all images have. Scores are rounded to
    millionths: rounding errors do not break ties."""
    try:
        from sklearn.metrics import roc_auc_score
    except ImportError as missing:
        raise ImportError("an AUC needs scikit-learn: pip install 'torusnn[learn]'") from missing
    classes = [label for label in range(max(2, logits.shape[1])) if 0 < np.mean(labels == label) < 1]
    each = [roc_auc_score(labels == label, np.rint(1e6 * log_odds(logits, label))) for label in classes]
    return float(np.mean(each)) if each else None


def quality_of(logits: Array, clear: Array, labels: Optional[Array]) -> Quality:
    """logits, clear: [count, outputs]; labels: [count]"""
    named = classes_of(logits)
    return Quality(None if labels is None else float(np.mean(named == labels)),
                   None if labels is None else auc_of(logits, labels),
                   float(np.mean(named == classes_of(clear))), float(np.sqrt(np.mean((logits - clear) ** 2))))


def mean_of(values: List[Optional[float]]) -> Optional[float]:
    return None if None in values else float(np.mean(values))  # type: ignore[arg-type]


def mean_quality(each: List[Quality]) -> Quality:
    """Of several evaluations of the same images; the root of the mean square for the error."""
    return Quality(mean_of([one.accuracy for one in each]), mean_of([one.auc for one in each]),
                   float(np.mean([one.agreement for one in each])),
                   float(np.sqrt(np.mean([one.logit_rms_error ** 2 for one in each]))))
