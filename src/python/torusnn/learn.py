"""A scikit-learn classifier whose predictions can be made on encrypted features."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as missing:
    raise ImportError("TableClassifier needs scikit-learn 1.6 or later: pip install 'torusnn[train]'") from missing

from ._images import Array, classes_of
from .circuit import Circuit
from .client import Client
from .evaluator import Evaluator
from .model import Model, load

FHE = ("disable", "simulate", "execute")
MOST_SEED = 2**31 - 1


def trainer_modules() -> Any:
    try:
        from .train import augment, data, export, model_file, recipes, training
    except ImportError as missing:
        raise ImportError("training needs PyTorch: pip install 'torusnn[train]'") from missing
    return augment, data, export, model_file, recipes, training


class Silence:
    """In place of the trainer's progress."""

    def __init__(self, epochs: int):
        """epochs: all of them"""

    def show(self, done: int, loss: float) -> None:
        """After each epoch."""


def trained_model(images: Array, labels: Array, classes: int, seed: int, kind: str, options: Dict[str, Any]) -> Model:
    """images: uint8 [count, height, width, channels]; labels: [count], every class there"""
    augment, data, export, model_file, recipes, training = trainer_modules()
    still = augment.Augmentation(rotation=0, shift=0, zoom=0, contrast=0, brightness=0, mirror=False)
    recipe = recipes.KINDS[kind](**{"augmentation": still, "balanced": False, **options})
    split = data.Split(np.ascontiguousarray(images), labels.astype(np.int64))
    members = range(recipe.members)
    trainer = training.TRAINERS[kind](recipe, split, classes, [seed + index for index in members])
    integers = export.EXPORTS[kind](trainer.run(split, Silence), members, recipe, images.shape[1:])
    integers.contract, integers.salt = recipes.contract_for(kind, None, recipe), model_file.new_salt()
    with tempfile.TemporaryDirectory() as folder:
        model_file.write_model(Path(folder, "model.tnn"), integers)
        return Model.from_bytes(load(Path(folder, "model.tnn")).to_bytes())


class TableClassifier(ClassifierMixin, BaseEstimator):
    """A network of small integer weights and learned tables, trained with the noise of encryption.

    neurons        of the table layer: one bootstrap each
    epochs, batch  of training
    levels         that the values of a feature are mapped to, 2 to 256
    pixel_range    (lowest, highest) value of all features, such as (0, 255); None: each feature's own range in fit
    image_shape    (height, width) or (height, width, channels) of the features, for a `recipe` that looks at images;
                   None: one row
    compile        what Model.compile takes besides images, such as {"agreement": 0.98}, which is that of the training
                   features; None: the precision that training was made for
    recipe         further fields of torusnn.train.recipes.TableRecipe
    random_state   of scikit-learn

    After fit: `classes_`, `n_features_in_`, `model_` (a torusnn.Model) and `pixel_range_`; `circuit_`, made when it is
    first needed.
    """

    def __init__(self, neurons: int = 8, epochs: int = 100, batch: int = 64, levels: int = 16,
                 pixel_range: Optional[Tuple[float, float]] = None, image_shape: Optional[Tuple[int, ...]] = None,
                 compile: Optional[Dict[str, Any]] = None, recipe: Optional[Dict[str, Any]] = None,
                 random_state: Any = None):
        self.neurons, self.epochs, self.batch, self.levels = neurons, epochs, batch, levels
        self.pixel_range, self.image_shape = pixel_range, image_shape
        self.compile, self.recipe, self.random_state = compile, recipe, random_state

    def fit(self, X: Any, y: Any) -> TableClassifier:
        """X: [count, features]; y: [count], any kind of class labels."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has 1 class, {self.classes_[0]!r}, in every sample; training needs two")
        self.pixel_range_ = (X.min(axis=0), X.max(axis=0)) if self.pixel_range is None else self.pixel_range
        self._forget_circuit()
        images = self._images(X)
        self._calibration = images if "agreement" in (self.compile or {}) else None
        seed = int(check_random_state(self.random_state).randint(1, MOST_SEED))
        options = {"neurons": self.neurons, "epochs": self.epochs, "batch": self.batch, "levels": self.levels}
        self.model_ = trained_model(images.reshape(len(images), *self._shape()), labels, len(self.classes_), seed,
                                    "tables", {**options, **(self.recipe or {})})
        return self

    def _shape(self) -> Tuple[int, ...]:
        """Height, width and channels."""
        shape = tuple(self.image_shape or (1, self.n_features_in_))
        return shape if len(shape) == 3 else (*shape, 1)

    def _images(self, X: Array) -> Array:
        """uint8 [count, features]; what lies beyond the range is taken to its end."""
        low, high = (np.asarray(end, dtype=np.float64) for end in self.pixel_range_)
        width = np.where(high > low, high - low, 1.0)
        return np.rint(255.0 * np.clip((X - low) / width, 0.0, 1.0)).astype(np.uint8)

    # ------------------------------------------------------------------------------------------------ encrypted --

    def _forget_circuit(self) -> None:
        for name in ("_circuit", "_client", "_evaluator"):
            self.__dict__.pop(name, None)

    @property
    def circuit_(self) -> Circuit:
        """The circuit of the model, compiled once."""
        check_is_fitted(self)
        if "_circuit" not in self.__dict__:
            self._circuit = self.model_.compile(**{"images": self._calibration, **(self.compile or {})})
        return self._circuit

    def _execute(self, images: Array) -> Array:
        """Client and server in one process; keys are made once."""
        if "_evaluator" not in self.__dict__:
            self._client = Client(self.circuit_.spec)
            self._evaluator = Evaluator(self.circuit_, self._client.evaluation_key, max_images=16)
        return self._client.decrypt(self._evaluator.infer(self._client.encrypt(images)))

    def __getstate__(self) -> Dict[str, Any]:
        """Keys stay where they were made."""
        state = dict(super().__getstate__())
        return {name: value for name, value in state.items() if name not in ("_client", "_evaluator")}

    # --------------------------------------------------------------------------------------------------- predict --

    def _logits(self, X: Any, fhe: str) -> Array:
        check_is_fitted(self)
        if fhe not in FHE:
            raise ValueError(f"fhe is one of {', '.join(FHE)}, not {fhe!r}")
        images = self._images(validate_data(self, X, dtype=np.float64, reset=False))
        if fhe == "disable":
            return self.model_.predict(images)
        return self.circuit_.simulate(images) if fhe == "simulate" else self._execute(images)

    def decision_function(self, X: Any, fhe: str = "disable") -> Array:
        """Logits [count] of two classes, [count, classes] of more."""
        logits = self._logits(X, fhe)
        return logits[:, 0] if logits.shape[1] == 1 else logits

    def predict_proba(self, X: Any, fhe: str = "disable") -> Array:
        """Softmax probabilities [count, classes]."""
        logits = self._logits(X, fhe)
        scores = np.hstack([np.zeros_like(logits), logits]) if logits.shape[1] == 1 else logits
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def predict(self, X: Any, fhe: str = "disable") -> Array:
        """Classes [count]: by the clear network, by simulation of the noise of encryption, or truly encrypted."""
        numbers = classes_of(self._logits(X, fhe))
        return self.classes_[numbers]
