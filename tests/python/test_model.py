"""Models: read, refused, predicted with; shapes of arrays."""

import pickle

import numpy as np
import pytest
import torusnn
from common import MODELS
from torusnn import errors


def test_info_is_the_files(model):
    assert model.shape == (8, 8, 1) and model.info.outputs == model.info.classes == 10
    assert model.info.states_contract is True and '"digits"' in model.info.provenance
    assert model.path == str(MODELS / "digits.tnn")


def test_class_names():
    assert torusnn.load(MODELS / "pneumoniamnist.tnn").class_names == ["normal", "pneumonia"]


def test_predicts_real_digits(model, digits):
    images, labels = digits
    logits = model.predict(images)
    assert logits.shape == (len(images), 10)
    assert np.mean(torusnn.classes_of(logits) == labels) > 0.95


@pytest.mark.parametrize("shape, batch", [((8, 8), False), ((8, 8, 1), False), ((64,), False), ((1, 8, 8), True),
                                          ((1, 64), True), ((1, 8, 8, 1), True)])
def test_shapes_of_images(model, digits, shape, batch):
    image = digits[0][0]
    expected = model.predict(image)
    assert expected.shape == (10,)
    given = model.predict(image.reshape(shape))
    np.testing.assert_array_equal(given, expected[None] if batch else expected)


def test_rows_of_any_stride(model, digits):
    images = digits[0][:6]
    np.testing.assert_array_equal(model.predict(images[::2]), model.predict(images)[::2])
    np.testing.assert_array_equal(model.predict(np.asfortranarray(images)), model.predict(images))


def test_an_empty_batch_has_no_logits(model):
    assert model.predict(np.empty((0, 8, 8), np.uint8)).shape == (0, 10)


@pytest.mark.parametrize("shape", [(8,), (7, 8), (8, 8, 3), (2, 3, 8, 8), ()])
def test_other_shapes_are_refused(model, shape):
    with pytest.raises(errors.ShapeError, match=r"\[8, 8\]"):
        model.predict(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.int8, bool])
def test_other_types_are_refused(model, kind):
    with pytest.raises(TypeError, match="uint8"):
        model.predict(np.zeros((8, 8), kind))


def test_bytes_and_pickle_give_the_model_back(model, digits):
    for copy in (torusnn.Model.from_bytes(model.to_bytes()), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(copy.predict(digits[0][:3]), model.predict(digits[0][:3]))


def test_bytes_may_be_any_buffer(model):
    data = model.to_bytes()
    for kind in (bytearray, memoryview, lambda each: np.frombuffer(each, np.uint8)):
        assert torusnn.Model.from_bytes(kind(data)).to_bytes() == data


def test_a_fault_names_the_field(model):
    data = bytearray(model.to_bytes())
    data[40] ^= 0xFF
    with pytest.raises(torusnn.TorusnnError) as caught:
        torusnn.Model.from_bytes(data)
    fault = caught.value.fault
    assert fault.status == caught.value.status and fault.sentence == str(caught.value)


@pytest.mark.parametrize("data, error", [(b"", errors.TruncatedError), (b"x" * 100, errors.MagicError)])
def test_other_bytes_are_refused(data, error):
    with pytest.raises(error):
        torusnn.Model.from_bytes(data)


def test_a_missing_file_is_pythons_error():
    with pytest.raises(FileNotFoundError):
        torusnn.load("nowhere.tnn")


def test_classes_are_the_librarys():
    from torusnn._native import ffi, lib
    for outputs in (1, 2, 7):
        logits = np.random.default_rng(0).normal(size=(50, outputs))
        assert torusnn.classes_of(logits).tolist() == [
            lib.tnn_class_of(ffi.from_buffer("double[]", row), outputs) for row in logits]
