"""Compilation: what is asked for, what is refused, how it is cancelled."""

import pickle

import numpy as np
import pytest
import torusnn
from common import MODELS
from torusnn import errors


@pytest.fixture(scope="module")
def radiograph_model():
    return torusnn.load(MODELS / "pneumoniamnist.tnn")


def test_the_files_contract_is_the_default(circuit):
    assert circuit.asked.precision == torusnn.Precision.TOLERANT
    assert circuit.info.worst_position_noise <= circuit.asked.position_noise
    assert circuit.info.security_bits == 128


def test_noise_that_is_named_is_kept(radiograph_model):
    circuit = radiograph_model.compile(position_noise=0.01, logit_noise=0.03)
    assert circuit.asked.position_noise == 0.01 and circuit.info.worst_position_noise <= 0.01
    assert circuit.info.logit_noise_share <= 0.03


def test_agreement_with_its_curve(radiograph_model, radiographs):
    circuit = radiograph_model.compile(agreement=0.95, images=radiographs)
    *_, point = circuit.agreement_curve
    assert point.agreement_low >= 0.95 and point.predicted_ms == circuit.info.predicted_ms
    assert circuit.asked.agreement == 0.95
    simulated = torusnn.classes_of(circuit.simulate(radiographs))
    assert np.mean(simulated == torusnn.classes_of(radiograph_model.predict(radiographs))) > 0.93


def test_exact_lookups():
    circuit = torusnn.load(MODELS / "breastmnist-exact.tnn").compile(log2_lookup_error=-30)
    assert circuit.asked.precision == torusnn.Precision.EXACT
    assert circuit.info.worst_lookup_log2 <= -30 and circuit.info.exact_proven


def test_a_refusal_has_fields(model):
    with pytest.raises(errors.UnsatisfiableError) as caught:
        model.compile(exact=True)
    refusal = caught.value.refusal
    assert refusal.obstacle == torusnn.Obstacle.BITS and refusal.layer == 0
    assert refusal.asked > refusal.reachable > 0 and str(caught.value) == refusal.sentence
    assert f"neuron {refusal.neuron}" in refusal.sentence


@pytest.mark.parametrize("options, error", [
    ({"position_noise": 0.5}, errors.MisuseError), ({"max_bytes": 1000}, errors.LimitError),
    ({"position_noise": 1e-9}, errors.UnsatisfiableError)])
def test_options_out_of_range_are_refused_with_a_sentence(model, options, error):
    with pytest.raises(error) as caught:
        model.compile(**options)
    assert caught.value.refusal.sentence == str(caught.value)


def test_options_that_contradict_each_other(model, circuit):
    with pytest.raises(ValueError, match="position_noise"):
        model.compile(exact=True, position_noise=0.01)
    with pytest.raises(ValueError, match="a spec decides"):
        model.compile(spec=circuit.spec, exact=True)


def test_images_of_another_shape(model, radiographs):
    with pytest.raises(errors.ShapeError):
        model.compile(agreement=0.9, images=radiographs)


def test_progress_counts_up_to_its_total(model):
    seen = []
    model.compile(progress=lambda done, total: seen.append((done, total)))
    assert all(done <= total for done, total in seen)


def test_false_cancels(radiograph_model, radiographs):
    with pytest.raises(errors.CancelledError):
        radiograph_model.compile(agreement=0.98, images=radiographs, progress=lambda done, total: False)


def test_an_exception_of_a_callback_comes_out_of_the_call(radiograph_model, radiographs):
    def fail(done, total):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        radiograph_model.compile(agreement=0.98, images=radiographs, progress=fail)


def test_a_spec_gives_its_circuit_back(model, circuit, digits):
    again = model.compile(spec=torusnn.Spec.from_bytes(circuit.spec.to_bytes()))
    assert again.info == circuit.info and again.asked is None
    np.testing.assert_array_equal(again.simulate(digits[0][:3], seed=5), circuit.simulate(digits[0][:3], seed=5))


def test_a_spec_of_another_model(radiograph_model, circuit):
    with pytest.raises(errors.ModelMismatchError):
        radiograph_model.compile(spec=circuit.spec)


def test_pickled_circuits_are_the_same(circuit):
    again = pickle.loads(pickle.dumps(circuit))
    assert again.info == circuit.info and again.asked == circuit.asked


def test_simulation_is_by_seed(circuit, digits):
    images = digits[0][:5]
    logits = circuit.simulate(images, seed=7)
    np.testing.assert_array_equal(logits, circuit.simulate(images, seed=7))
    np.testing.assert_array_equal(logits[2], circuit.simulate(images[2], seed=9))
    assert np.any(logits != circuit.simulate(images, seed=8))


def test_simulated_noise_is_the_predicted_one(circuit, model, digits):
    images = np.repeat(digits[0][:20], 10, axis=0)
    errors_of_logits = circuit.simulate(images) - model.predict(images)
    assert 0.5 * circuit.info.logit_noise < np.std(errors_of_logits) < 20 * circuit.info.logit_noise


def test_layers_and_ranges(circuit, digits):
    first, last = circuit.layers[0], circuit.layers[-1]
    assert first.inputs == 64 and last.tables_per_neuron == 0 and last.neurons == 10
    ranges = circuit.ranges(0, digits[0])
    assert len(ranges) == first.neurons and sum(not each.proven for each in ranges) == first.unproven_neurons
    assert all(each.left <= len(digits[0]) for each in ranges)
    with pytest.raises(errors.MisuseError):
        circuit.ranges(len(circuit.layers) - 1)
