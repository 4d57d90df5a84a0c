"""Archives of encrypted images on Ray Data."""

import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
import torusnn
from common import MODELS, TOP
from machines import IMAGES, IMAGES_A_FILE, contents, descendants
from torusnn import errors

pytestmark = pytest.mark.cluster


def evaluate(*arguments, **options):
    return torusnn.evaluate_dataset(*arguments, **options)


def test_an_archive(ray_here, circuit, client, archive, plain, tmp_path, radiographs):
    """Results of a plain run, byte for byte; progress; nothing to do for the next run."""
    seen = []
    report = evaluate(circuit, client.evaluation_key, str(archive), str(tmp_path / "out"), max_images=3,
                      progress=lambda done, total: seen.append((done, total)))
    assert contents(tmp_path / "out") == plain
    assert (report.files, report.evaluated_files, report.found_files, report.refused) == (9, 9, 0, {})
    assert (report.images, report.evaluated_images) == (IMAGES, IMAGES) and report.complete
    assert seen == sorted(seen) and seen[0] == (0, IMAGES) and seen[-1] == (IMAGES, IMAGES) and len(seen) == 10

    logits = torusnn.cluster.decrypt_dataset(client, str(tmp_path / "out"))
    results = [torusnn.EncryptedLogits.from_bytes(data[at:at + circuit.info.output_bytes])
               for data in plain.values() for at in range(0, len(data), circuit.info.output_bytes)]
    np.testing.assert_array_equal(logits, client.decrypt(results))
    assert np.abs(logits - circuit.model.predict(radiographs[:IMAGES])).max() < 2

    again = evaluate(circuit, client.evaluation_key, str(archive), str(tmp_path / "out"))
    assert (again.evaluated_files, again.found_files, again.found_images) == (0, 9, IMAGES)


def test_what_is_missing_or_unfinished_is_made_anew(ray_here, circuit, client, archive, plain, tmp_path):
    names = sorted(plain)
    for name in names[1:]:
        (tmp_path / name).write_bytes(plain[name])
    (tmp_path / names[4]).write_bytes(plain[names[4]][:-1])
    report = evaluate(circuit, [client.evaluation_key], str(archive), str(tmp_path))
    assert (report.evaluated_files, report.evaluated_images, report.found_files) == (2, 2 * IMAGES_A_FILE, 7)
    assert contents(tmp_path) == plain


def actors():
    return [pid for pid, command in descendants(os.getpid()).items() if "FileEvaluator" in command]


def test_killed_actors(ray_here, circuit, client, archive, plain, tmp_path):
    """Each actor is killed once it has done some files: every file has its results, and counts once."""
    killed = set()

    def kill(done, total):
        for pid in actors() if 0 < done < total and len(killed) < 3 else []:
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)

    report = evaluate(circuit, client.evaluation_key, str(archive), str(tmp_path), progress=kill)
    assert len(killed) >= 2
    assert (report.evaluated_files, report.evaluated_images, report.refused) == (9, IMAGES, {})
    assert contents(tmp_path) == plain


DRIVER = """
import sys, ray, torusnn
address, model, key, inputs, outputs = sys.argv[1:]
ray.init(address=address, log_to_driver=False)
circuit = torusnn.load(model).compile()
print(circuit.info.input_bytes)
torusnn.evaluate_dataset(circuit, torusnn.EvaluationKey.from_bytes(open(key, "rb").read()), inputs, outputs,
                         actors=1, progress=lambda done, total: print(done, flush=True))
"""


def test_a_killed_run_goes_on_where_it_stopped(ray_here, circuit, client, archive, plain, tmp_path):
    (tmp_path / "key").write_bytes(client.evaluation_key.to_bytes())
    arguments = [ray_here.get_runtime_context().gcs_address, MODELS / "pneumoniamnist.tnn", tmp_path / "key", archive,
                 tmp_path / "out"]
    run = subprocess.Popen([sys.executable, "-c", DRIVER, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    lines = iter(run.stdout)
    while int(next(lines)) != 2 * IMAGES_A_FILE:
        pass
    run.kill()
    run.wait()
    before = contents(tmp_path / "out")
    report = evaluate(circuit, client.evaluation_key, str(archive), str(tmp_path / "out"))
    assert 2 <= report.found_files < 9 and report.found_files + report.evaluated_files == 9
    after = contents(tmp_path / "out")
    assert {name: after[name] for name in plain} == plain
    assert all(after[name] == data for name, data in before.items() if not name.startswith("."))


def test_a_cancelled_run(ray_here, circuit, client, archive, plain, tmp_path):
    with pytest.raises(errors.CancelledError):
        evaluate(circuit, client.evaluation_key, str(archive), str(tmp_path), progress=lambda done, total: done == 0)
    assert evaluate(circuit, client.evaluation_key, str(archive), str(tmp_path)).complete
    assert {name: data for name, data in contents(tmp_path).items() if not name.startswith(".")} == plain


def test_several_clients_and_refused_files(ray_here, circuit, client, archive, plain, tmp_path, radiographs):
    """One file with images of two clients, in turn; one cut off, one of results, one of a client without a key."""
    other, stranger = torusnn.Client(circuit.spec), torusnn.Client(circuit.spec)
    keys = tmp_path / "keys"
    keys.mkdir()
    for each in (client, other):
        data = each.evaluation_key.to_bytes()
        (keys / f"{data[96:112].hex()}.tnn").write_bytes(data)
    images = [who.encrypt(image) for who, image in zip([client, other, client, other], radiographs)]
    first = min(plain)
    files = {"mixed": b"".join(map(bytes, images)), "cut": (archive / first).read_bytes()[:-1], "results": plain[first],
             "stranger": bytes(stranger.encrypt(radiographs[0])), "whole": (archive / first).read_bytes()}
    (tmp_path / "in").mkdir()
    for name, data in files.items():
        (tmp_path / "in" / name).write_bytes(data)
    report = evaluate(circuit, str(keys), str(tmp_path / "in"), str(tmp_path / "out"), evaluators=1)
    assert set(contents(tmp_path / "out")) == {"mixed", "whole"} and report.evaluated_files == 2
    assert set(report.refused) == {"cut", "results", "stranger"} and not report.complete
    assert "no evaluation key" in report.refused["stranger"]
    assert contents(tmp_path / "out")["whole"] == plain[first]
    mixed, size = contents(tmp_path / "out")["mixed"], circuit.info.output_bytes
    for index, who in enumerate([client, other, client, other]):
        result = torusnn.EncryptedLogits.from_bytes(mixed[index * size:(index + 1) * size])
        assert bytes(result) == bytes(torusnn.Evaluator(circuit, who.evaluation_key).infer(images[index]))


def test_an_archive_on_an_object_store(ray_here, circuit, client, archive, plain, tmp_path, radiographs, s3):
    from torusnn.cluster import decrypt_dataset, encrypt_dataset

    places = {"storage_options": s3}
    encrypt_dataset(client, radiographs[:10], "s3://torusnn/in", images_per_file=4, **places)
    with pytest.raises(FileExistsError):
        encrypt_dataset(client, radiographs[:10], "s3://torusnn/in", **places)
    report = evaluate(circuit, client.evaluation_key, "s3://torusnn/in", "s3://torusnn/out", **places)
    assert (report.files, report.evaluated_images) == (3, 10)
    logits = decrypt_dataset(client, "s3://torusnn/out", **places)
    assert np.abs(logits - circuit.model.predict(radiographs[:10])).max() < 2
    assert evaluate(circuit, client.evaluation_key, "s3://torusnn/in", "s3://torusnn/out", **places).found_files == 3


def test_the_program_of_the_page(ray_here, circuit, tmp_path, monkeypatch, radiographs, capsys):
    np.save(tmp_path / "images.npy", radiographs[:10])
    monkeypatch.chdir(tmp_path)
    names = {"circuit": circuit, "spec": circuit.spec}
    exec(re.search(r"```python\n(.*?)```", (TOP / "docs" / "CLUSTER.md").read_text(), re.DOTALL)[1], names)
    assert names["report"].complete and "images" in capsys.readouterr().err
    assert np.abs(names["logits"] - circuit.model.predict(radiographs[:10])).max() < 2


def test_what_ray_sends(circuit, client, radiographs):
    from ray import cloudpickle

    for each in (circuit.spec, circuit.model, client.evaluation_key, client.encrypt(radiographs[0])):
        assert cloudpickle.loads(cloudpickle.dumps(each)).to_bytes() == each.to_bytes()
    assert cloudpickle.loads(cloudpickle.dumps(circuit)).spec.to_bytes() == circuit.spec.to_bytes()


def test_what_is_no_archive(circuit, client, archive, tmp_path):
    with pytest.raises(ValueError, match="folder of their own"):
        evaluate(circuit, client.evaluation_key, str(archive), str(archive))
    with pytest.raises(FileNotFoundError):
        evaluate(circuit, client.evaluation_key, str(tmp_path / "nowhere"), str(tmp_path))
    with pytest.raises(errors.ShapeError):
        torusnn.cluster.encrypt_dataset(client, np.zeros((28, 28), np.uint8), str(tmp_path / "new"))
    with pytest.raises(ValueError, match="at least one"):
        torusnn.cluster.encrypt_dataset(client, np.zeros((1, 28, 28), np.uint8), str(tmp_path / "new"),
                                        images_per_file=0)
