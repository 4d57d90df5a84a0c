"""Encrypted images, from keys to logits."""

import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torusnn
from common import GOLDEN, MODELS, largest_error
from torusnn import errors

PASSPHRASE = "gr\u00fcn und blau"
CHEAP = {"memory_kib": 8, "passes": 1}


def test_encrypted_digits_keep_their_class(model, client, evaluator, digits):
    images = digits[0][:24]
    logits = client.decrypt(evaluator.infer(client.encrypt(images)))
    clear = model.predict(images)
    assert logits.shape == clear.shape
    assert np.mean(torusnn.classes_of(logits) == torusnn.classes_of(clear)) >= 0.9
    assert 0 < np.abs(logits - clear).max() < 0.5 * np.ptp(clear)


def test_encrypted_radiographs(radiographs):
    model = torusnn.load(MODELS / "pneumoniamnist.tnn")
    circuit = model.compile()
    client = torusnn.Client(circuit.spec)
    logits = client.decrypt(torusnn.Evaluator(circuit, client.evaluation_key).infer(client.encrypt(radiographs[:8])))
    assert np.abs(logits - model.predict(radiographs[:8])).max() <= largest_error(circuit, radiographs[:8])


def test_one_image_gives_one_result(client, evaluator, digits):
    encrypted = client.encrypt(digits[0][0])
    assert isinstance(encrypted, torusnn.EncryptedImage)
    result = evaluator.infer(encrypted)
    assert isinstance(result, torusnn.EncryptedLogits) and client.decrypt(result).shape == (10,)


def test_two_encryptions_differ(client, digits):
    assert client.encrypt(digits[0][0]).to_bytes() != client.encrypt(digits[0][0]).to_bytes()


def test_results_do_not_depend_on_threads_or_batch(circuit, client, evaluator, digits):
    encrypted = client.encrypt(digits[0][:5])
    alone = torusnn.Evaluator(circuit, client.evaluation_key, threads=1, max_images=1)
    np.testing.assert_array_equal(client.decrypt(evaluator.infer(encrypted)), client.decrypt(alone.infer(encrypted)))


def test_bytes_of_every_object(circuit, client, digits):
    """A client and a server between which nothing but bytes goes; sizes are those that were announced."""
    info = circuit.info
    remote = torusnn.Client(torusnn.Spec.from_bytes(circuit.spec.to_bytes()),
                            secret_key=torusnn.SecretKey.from_bytes(client.secret_key.to_bytes()))
    request, key = remote.encrypt(digits[0][0]).to_bytes(), client.evaluation_key.to_bytes()
    server = torusnn.Evaluator(circuit, torusnn.EvaluationKey.from_bytes(key))
    reply = server.infer(torusnn.EncryptedImage.from_bytes(request)).to_bytes()
    assert (len(request), len(key), len(reply)) == (info.input_bytes, info.eval_key_bytes, info.output_bytes)
    assert len(circuit.spec.to_bytes()) == info.spec_bytes
    assert len(client.secret_key.to_bytes()) == info.secret_key_bytes
    result = torusnn.EncryptedLogits.from_bytes(reply)
    np.testing.assert_array_equal(remote.decrypt(result), client.decrypt(result))
    assert isinstance(client.secret_key.to_bytes(), bytearray)
    with pytest.raises(ValueError, match="secret key alone"):
        remote.evaluation_key  # noqa: B018


def test_pickles(client, evaluator, circuit, digits):
    encrypted = client.encrypt(digits[0][0])
    for each in (encrypted, evaluator.infer(encrypted), circuit.spec, client.evaluation_key):
        again = pickle.loads(pickle.dumps(each))
        assert type(again) is type(each) and bytes(again) == bytes(each)
    with pytest.raises(TypeError, match="seal"):
        pickle.dumps(client.secret_key)


def test_golden_files():
    """Written by an earlier library: its client still reads its result."""
    names = ("model", "spec", "secret", "output", "input")
    read = {name: (GOLDEN / "2" / f"{name}.tnn").read_bytes() for name in names}
    spec = torusnn.Spec.from_bytes(read["spec"])
    client = torusnn.Client(spec, secret_key=torusnn.SecretKey.from_bytes(read["secret"]))
    logits = client.decrypt(torusnn.EncryptedLogits.from_bytes(read["output"]))
    rows, columns = np.mgrid[0:28, 0:28]
    clear = torusnn.Model.from_bytes(read["model"]).predict(((7 * columns + 13 * rows) % 256).astype(np.uint8))
    np.testing.assert_allclose(logits, clear, atol=1.0)
    assert torusnn.EncryptedImage.from_bytes(read["input"]).to_bytes() == read["input"]
    assert torusnn.SecretKey.is_sealed((GOLDEN / "2" / "sealed.tnn").read_bytes())


def test_keys_that_do_not_belong_together(circuit, client, evaluator, digits):
    other = torusnn.Client(circuit.spec)
    with pytest.raises(errors.KeyMismatchError):
        evaluator.infer(other.encrypt(digits[0][0]))
    with pytest.raises(errors.KeyMismatchError):
        other.decrypt(evaluator.infer(client.encrypt(digits[0][0])))


def test_damaged_bytes(client, digits):
    data = bytearray(client.encrypt(digits[0][0]).to_bytes())
    data[-1] ^= 1
    with pytest.raises(errors.CorruptError):
        torusnn.EncryptedImage.from_bytes(data)
    with pytest.raises(errors.MagicError):
        torusnn.EncryptedLogits.from_bytes(client.encrypt(digits[0][0]).to_bytes())


def test_what_a_client_refuses_of_a_spec(circuit):
    with pytest.raises(errors.LimitError):
        torusnn.Client(circuit.spec, most_evaluation_key_bytes=1000)
    lower = torusnn.load(MODELS / "digits.tnn").compile(security=torusnn.Security.SECURITY_128).spec
    with pytest.raises(errors.InsecureError):
        torusnn.Client(lower, least_security=torusnn.Security.SECURITY_128_MARGIN)


def test_an_evaluation_key_without_its_secret(circuit, client):
    with pytest.raises(ValueError, match="secret"):
        torusnn.Client(circuit.spec, evaluation_key=client.evaluation_key)


def test_spec_info(circuit):
    spec = circuit.spec
    assert spec.shape == (8, 8, 1) and spec.info.parameters == circuit.info.parameters
    assert spec.class_names == circuit.model.class_names


# ---------------------------------------------------------------------------------------------------- sealed keys --


def test_sealed_keys(client, digits):
    sealed = client.secret_key.seal(PASSPHRASE, **CHEAP)
    assert torusnn.SecretKey.is_sealed(sealed) and not torusnn.SecretKey.is_sealed(client.secret_key.to_bytes())
    for passphrase in (PASSPHRASE, PASSPHRASE.encode(), "gru\u0308n und blau"):  # two Unicode forms of one text
        assert torusnn.SecretKey.open(sealed, passphrase).to_bytes() == client.secret_key.to_bytes()
    with pytest.raises(errors.PassphraseError):
        torusnn.SecretKey.open(sealed, "another")
    with pytest.raises(errors.UnsealedError):
        torusnn.SecretKey.open(client.secret_key.to_bytes(), PASSPHRASE)
    with pytest.raises(errors.MisuseError):
        client.secret_key.seal("", **CHEAP)


# ---------------------------------------------------------------------------------------------- reading from files --


def test_a_key_is_read_from_a_file(client):
    data, seen = client.evaluation_key.to_bytes(), []
    file = io.BytesIO(data + b"more")
    key = torusnn.EvaluationKey.read(file, progress=lambda done, total: seen.append((done, total)))
    assert key.to_bytes() == data and file.read() == b"more"
    assert seen and seen[-1][1] == len(data)


def test_reading_is_limited_and_ends_early(client):
    data = client.evaluation_key.to_bytes()
    with pytest.raises(errors.LimitError):
        torusnn.EvaluationKey.read(io.BytesIO(data), most_bytes=len(data) - 1)
    with pytest.raises(errors.TruncatedError):
        torusnn.EvaluationKey.read(io.BytesIO(data[:-1]))


def test_what_a_file_raises_comes_out(client):
    class Broken(io.BytesIO):
        def readinto(self, buffer):
            raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        torusnn.EvaluationKey.read(Broken())


# --------------------------------------------------------------------------------------------- progress and Ctrl-C --


def test_progress_of_keys_and_inference(circuit, client, evaluator, digits):
    seen = []
    torusnn.Client(circuit.spec, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (circuit.info.parameters.n, circuit.info.parameters.n)
    seen.clear()
    evaluator.infer(client.encrypt(digits[0][:6]), progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen) and {total for _, total in seen} == {6 * circuit.info.bootstraps}


def test_cancelled_inference_leaves_the_evaluator_usable(client, evaluator, digits):
    encrypted = client.encrypt(digits[0][0])
    with pytest.raises(errors.CancelledError):
        evaluator.infer(encrypted, progress=lambda done, total: False)
    assert client.decrypt(evaluator.infer(encrypted)).shape == (10,)


def test_a_bar(circuit, capsys):
    torusnn.Client(circuit.spec, progress=True)
    assert "keys" in capsys.readouterr().err


def test_a_bar_needs_tqdm(circuit, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="pip install"):
        torusnn.Client(circuit.spec, progress=True)


# A shell that starts the tests in the background has them ignore Ctrl-C.
INTERRUPTED = """
import signal, sys, torusnn
signal.signal(signal.SIGINT, signal.default_int_handler)
spec = torusnn.load(sys.argv[1]).compile(log2_lookup_error=-40).spec
print("ready", flush=True)
try:
    while True:
        torusnn.Client(spec)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


class Stopped(Exception):
    pass


def stop_at_the_end(done, total):
    if done == total:
        raise Stopped


def test_what_the_last_callback_raises_is_raised():
    circuit = torusnn.load(str(MODELS / "pneumoniamnist.tnn")).compile()
    client = torusnn.Client(circuit.spec)
    image = client.encrypt(np.zeros((28, 28), np.uint8))
    evaluator = torusnn.Evaluator(circuit, client.evaluation_key)
    for call in (lambda: torusnn.generate_keys(circuit.spec, progress=stop_at_the_end),
                 lambda: evaluator.infer(image, progress=stop_at_the_end)):
        with pytest.raises(Stopped):
            call()


def test_ctrl_c_cancels_key_generation():
    program = subprocess.Popen([sys.executable, "-c", INTERRUPTED, str(MODELS / "breastmnist-exact.tnn")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout.readline() == "ready\n"
    time.sleep(0.3)
    program.send_signal(signal.SIGINT)
    try:
        output, errors_printed = program.communicate(timeout=60)
    finally:
        program.kill()
    assert output == "interrupted\n" and program.returncode == 0 and errors_printed == ""


# --------------------------------------------------------------------------------------------- threads and processes --


def test_a_busy_evaluator_refuses(client, evaluator, digits):
    encrypted = client.encrypt(digits[0][0])
    refused = []

    def again(done, total):
        try:
            evaluator.infer(encrypted)
        except errors.MisuseError as error:
            refused.append(error)

    evaluator.infer(encrypted, progress=again)
    assert refused


def test_other_threads_run_meanwhile(circuit, client, digits):
    """The GIL is released: while one thread makes keys another one counts."""
    counts, done = [0], threading.Event()

    def count():
        while not done.is_set():
            counts[0] += 1
            time.sleep(1e-3)

    counter = threading.Thread(target=count)
    counter.start()
    start = time.perf_counter()
    torusnn.generate_keys(circuit.spec, threads=1)
    seconds = time.perf_counter() - start
    done.set()
    counter.join()
    assert counts[0] > 20 * seconds


def test_a_client_may_be_shared_by_threads(client, evaluator, digits):
    results, images = {}, digits[0][:8]

    def encrypt(index):
        results[index] = client.encrypt(images[index])

    threads = [threading.Thread(target=encrypt, args=(index,)) for index in range(len(images))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    logits = client.decrypt(evaluator.infer([results[index] for index in range(len(images))]))
    assert np.mean(torusnn.classes_of(logits) == digits[1][:8]) >= 0.75


def test_a_child_has_no_evaluator(client, evaluator, digits):
    encrypted = client.encrypt(digits[0][0])
    child = os.fork()
    if child == 0:
        code = 1
        try:
            evaluator.infer(encrypted)
        except errors.ForkedError:
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


def test_an_evaluator_keeps_what_it_borrows(model, digits):
    circuit = model.compile()
    client = torusnn.Client(circuit.spec)
    evaluator = torusnn.Evaluator(circuit, client.evaluation_key)
    evaluator.circuit, info = None, circuit.info
    del circuit
    assert info.bootstraps > 0
    evaluator.circuit = model.compile()  # of which the wrapper asks the number of bootstraps alone
    assert client.decrypt(evaluator.infer(client.encrypt(digits[0][0]))).shape == (10,)


@pytest.mark.parametrize("options", [{"threads": 0}, {"threads": 257}, {"max_images": 0}, {"max_images": 5000}])
def test_evaluators_out_of_range(circuit, client, options):
    with pytest.raises(errors.MisuseError):
        torusnn.Evaluator(circuit, client.evaluation_key, **options)


# ------------------------------------------------------------------------------------------------------------ memory --


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
def test_memory_is_constant(radiographs):
    """Over a thousand images, each encrypted, sent, evaluated, sent back and decrypted."""
    circuit = torusnn.load(MODELS / "pneumoniamnist.tnn").compile(agreement=0.9, images=radiographs)
    client = torusnn.Client(circuit.spec)
    evaluator = torusnn.Evaluator(circuit, client.evaluation_key, threads=1)

    def classify(count):
        for index in range(count):
            request = client.encrypt(radiographs[index % len(radiographs)]).to_bytes()
            reply = evaluator.infer(torusnn.EncryptedImage.from_bytes(request)).to_bytes()
            client.decrypt(torusnn.EncryptedLogits.from_bytes(reply))

    classify(100)
    before = resident_bytes()
    classify(1000)
    assert resident_bytes() - before < 1 << 20
