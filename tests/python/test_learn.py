"""The scikit-learn estimator: scikit-learn's own checks, real digits, encrypted predictions."""

import pickle
import sys

import numpy as np
import pytest
import torusnn
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.utils.estimator_checks import parametrize_with_checks
from torusnn import TableClassifier


@parametrize_with_checks([TableClassifier(neurons=4, epochs=40, batch=64, random_state=0)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def cancer():
    """569 samples of 30 real features, two classes: features of the odd ones, and of the even ones."""
    features, labels = load_breast_cancer(return_X_y=True)
    names = np.array(["malignant", "benign"])[labels]
    return features[1::2], names[1::2], features[::2], names[::2]


@pytest.fixture(scope="module")
def fitted(cancer):
    features, names, _, _ = cancer
    return TableClassifier(epochs=60, random_state=0).fit(features, names)


def test_two_classes_by_name(fitted, cancer):
    _, _, features, names = cancer
    assert fitted.classes_.tolist() == ["benign", "malignant"] and fitted.score(features, names) > 0.93
    assert fitted.model_.info.outputs == 1 and fitted.model_.shape == (1, 30, 1)
    assert fitted.decision_function(features).shape == (len(features),)


def test_probabilities_agree_with_decisions(fitted, cancer):
    probabilities = fitted.predict_proba(cancer[2])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(fitted.classes_[probabilities.argmax(axis=1)], fitted.predict(cancer[2]))


@pytest.mark.parametrize("fhe, count", [("simulate", 284), ("execute", 24)])
def test_predictions_under_noise(fitted, cancer, fhe, count):
    features = cancer[2][:count]
    noisy, clear = fitted.decision_function(features, fhe=fhe), fitted.decision_function(features)
    assert np.any(noisy != clear)
    assert np.mean(fitted.predict(features, fhe=fhe) == fitted.predict(features)) >= 0.9


def test_keys_are_made_once_and_never_pickled(fitted, cancer):
    fitted.predict(cancer[2][:1], fhe="execute")
    client = fitted._client
    fitted.predict(cancer[2][:1], fhe="execute")
    assert fitted._client is client
    copy = pickle.loads(pickle.dumps(fitted))
    assert "_client" not in vars(copy)
    np.testing.assert_array_equal(copy.decision_function(cancer[2]), fitted.decision_function(cancer[2]))
    assert copy.circuit_.info == fitted.circuit_.info


def test_another_fit_forgets_the_circuit(cancer):
    classifier = TableClassifier(neurons=2, epochs=2, random_state=0).fit(cancer[0], cancer[1])
    first = classifier.circuit_
    assert classifier.circuit_ is first
    assert classifier.fit(cancer[0], cancer[1]).circuit_ is not first


def test_a_seed_decides_the_network(cancer):
    def logits(random_state):
        classifier = TableClassifier(neurons=2, epochs=2, random_state=random_state)
        return classifier.fit(cancer[0], cancer[1]).decision_function(cancer[2])

    np.testing.assert_array_equal(logits(3), logits(3))
    assert np.any(logits(3) != logits(4))


def test_images_of_ten_classes(digits_file):
    with np.load(digits_file) as archive:
        data = {name: archive[name] for name in ("train_images", "train_labels", "val_images", "val_labels")}
    classifier = TableClassifier(neurons=16, epochs=25, pixel_range=(0, 255), image_shape=(8, 8), random_state=0,
                                 compile={"agreement": 0.9}, recipe={"members": 1, "weight_bits": 3})
    classifier.fit(data["train_images"].reshape(-1, 64), data["train_labels"].ravel())
    assert classifier.model_.shape == (8, 8, 1)
    assert classifier.score(data["val_images"].reshape(-1, 64), data["val_labels"].ravel()) > 0.9
    assert classifier.circuit_.asked.agreement == 0.9
    features = data["val_images"].reshape(-1, 64)
    np.testing.assert_array_equal(classifier.decision_function(features), classifier.model_.predict(data["val_images"]))


def test_features_beyond_the_range_are_its_ends(fitted, cancer):
    low, high = cancer[0].min(axis=0), cancer[0].max(axis=0)
    at_ends = fitted.decision_function([low, high])
    np.testing.assert_array_equal(fitted.decision_function([low - 1e6, high + 1e6]), at_ends)


def test_refusals(fitted, cancer):
    with pytest.raises(ValueError, match="fhe is one of"):
        fitted.predict(cancer[2], fhe="maybe")
    with pytest.raises(ValueError, match="two"):
        clone(fitted).fit(cancer[0], np.ones(len(cancer[0])))
    with pytest.raises(TypeError, match="no_such_field"):
        TableClassifier(recipe={"no_such_field": 1}).fit(cancer[0], cancer[1])


def test_what_is_missing_is_named(monkeypatch, cancer):
    monkeypatch.setitem(sys.modules, "torusnn.train.training", None)
    monkeypatch.delattr("torusnn.train.training", raising=False)
    with pytest.raises(ImportError, match="pip install"):
        TableClassifier().fit(cancer[0], cancer[1])


def test_without_scikit_learn_the_rest_is_there(monkeypatch):
    for name in [name for name in sys.modules if name == "sklearn" or name.startswith("sklearn.")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "torusnn.learn", raising=False)
    with pytest.raises(ImportError, match="pip install"):
        torusnn.TableClassifier  # noqa: B018
    with pytest.raises(AttributeError):
        torusnn.NoSuchClass  # noqa: B018
