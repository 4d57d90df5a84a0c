"""The wheels: what is in them, and that they work where nothing else of this repository is.

The wheels are those of build/wheels, made by README's command."""

import subprocess
import sys
import tarfile
import venv
import zipfile

import numpy as np
import pytest
import torusnn
from common import MODELS, TOP, largest_error

WHEELS = TOP / "build" / "wheels"


def wheel(name):
    found = sorted(WHEELS.glob(f"{name}-*.whl"))
    assert len(found) == 1, f"README's command makes one {name} wheel in {WHEELS}"
    return found[0]


def members(name):
    with zipfile.ZipFile(wheel(name)) as archive:
        return {each: archive.read(each) for each in archive.namelist()}


@pytest.mark.parametrize("name", ["torusnn", "torusnn_client"])
def test_one_wheel_for_all_pythons(name):
    assert "-cp39-abi3-" in wheel(name).name
    files = members(name)
    assert f"{name}/_native.abi3.so" in files and f"{name}/py.typed" in files


def dynamic_symbols(contents, tmp_path):
    (tmp_path / "native.so").write_bytes(contents)
    return subprocess.run(["objdump", "-T", "-p", tmp_path / "native.so"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def test_the_clients_has_neither_fftw_nor_a_server(tmp_path):
    files = members("torusnn_client")
    client, whole = files["torusnn_client/_native.abi3.so"], members("torusnn")["torusnn/_native.abi3.so"]
    assert "fftw" in dynamic_symbols(whole, tmp_path) and b"tnn_infer" in whole and b"tnn_keygen" in client
    assert "fftw" not in dynamic_symbols(client, tmp_path)
    assert b"fftw" not in client and b"tnn_infer" not in client and b"tnn_compile" not in client
    assert not {"evaluator.py", "model.py", "circuit.py"} & {each.partition("/")[2] for each in files}


def test_one_symbol_is_exported(tmp_path):
    exported = [line.split()[-1] for line in
                dynamic_symbols(members("torusnn")["torusnn/_native.abi3.so"], tmp_path).splitlines()
                if " g " in line and ".text" in line]
    assert exported == ["PyInit__native"]


WHOLE = """
import sys, numpy as np, torusnn
model = torusnn.load(sys.argv[1])
circuit = model.compile()
client = torusnn.Client(circuit.spec)
image = (np.arange(784) % 251).astype(np.uint8)
logits = client.decrypt(torusnn.Evaluator(circuit, client.evaluation_key).infer(client.encrypt(image)))
print(torusnn.__file__, *logits)
"""

CLIENT = """
import sys, numpy as np, torusnn_client
client = torusnn_client.Client(torusnn_client.Spec.from_bytes(open(sys.argv[1], "rb").read()))
open(sys.argv[2], "wb").write(client.evaluation_key.to_bytes())
open(sys.argv[3], "wb").write(client.encrypt((np.arange(784) % 251).astype(np.uint8)).to_bytes())
open(sys.argv[4], "wb").write(client.secret_key.seal("between processes", memory_kib=8, passes=1))
print(torusnn_client.__file__)
"""

READER = """
import sys, torusnn_client
from torusnn_client import Client, EncryptedLogits, SecretKey, Spec
spec, sealed, reply = (open(path, "rb").read() for path in sys.argv[1:])
client = Client(Spec.from_bytes(spec), secret_key=SecretKey.open(sealed, "between processes"))
print(*client.decrypt(EncryptedLogits.from_bytes(reply)))
"""


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Another environment, with the two wheels alone."""
    folder = tmp_path_factory.mktemp("other")
    venv.create(folder, with_pip=True)
    wheels = [wheel("torusnn"), wheel("torusnn_client")]
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", *wheels], check=True)
    return folder


def sdist(project, folder):
    """The archive of a project, and the paths in it below its first folder."""
    subprocess.run([sys.executable, "-m", "build", "--sdist", "--outdir", folder, project], check=True,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    path, = folder.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return path, {name.partition("/")[2] for name in archive.getnames()}


def test_the_sources_archive_holds_what_a_build_takes(tmp_path):
    _, names = sdist(TOP, tmp_path)
    assert {"CMakeLists.txt", "LICENSE", "pyproject.toml", "src/api/compile.c", "src/python/generate.py",
            "include/api/torusnn/torusnn.h", "examples/train/train.py", "src/python/client/backend.py"} <= names
    assert not any(name.startswith(("tests/", "bench/", "build/")) for name in names)


def test_the_clients_sources_archive_installs(tmp_path):
    path, names = sdist(TOP / "src" / "python" / "client", tmp_path)
    assert {"pyproject.toml", "project/LICENSE", "project/src/api/client.c", "torusnn_client/__init__.py"} <= names
    assert not any(name.startswith("project/src/python/client/") for name in names)
    assert not (TOP / "src" / "python" / "client" / "project").exists()
    venv.create(tmp_path / "venv", with_pip=True)
    subprocess.run([tmp_path / "venv" / "bin" / "pip", "install", "--quiet", path], check=True, cwd=tmp_path)
    spec = torusnn.load(MODELS / "pneumoniamnist.tnn").compile().spec
    (tmp_path / "spec").write_bytes(spec.to_bytes())
    made = [tmp_path / name for name in ("key", "request", "sealed")]
    assert run(tmp_path / "venv", CLIENT, tmp_path / "spec", *made).startswith(str(tmp_path))
    torusnn.EncryptedImage.from_bytes(made[1].read_bytes())


def run(other, program, *arguments):
    done = subprocess.run([other / "bin" / "python", "-I", "-c", program, *arguments], check=True, text=True,
                          stdout=subprocess.PIPE, cwd=other)
    return done.stdout.strip()


def test_another_environment_from_keys_to_logits(other):
    file, *logits = run(other, WHOLE, MODELS / "pneumoniamnist.tnn").split()
    assert file.startswith(str(other))
    model, image = torusnn.load(MODELS / "pneumoniamnist.tnn"), (np.arange(784) % 251).astype(np.uint8)
    assert np.abs(np.array(logits, float) - model.predict(image)).max() <= largest_error(model.compile(), image)
    command = [other / "bin" / "torusnn", "explain", "--model", MODELS / "pneumoniamnist.tnn"]
    assert b"8 bootstraps" in subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def test_the_client_there_and_the_server_here(other, tmp_path):
    spec, key, request, sealed, reply = (tmp_path / name for name in ("spec", "key", "request", "sealed", "reply"))
    model = torusnn.load(MODELS / "pneumoniamnist.tnn")
    circuit = model.compile()
    spec.write_bytes(circuit.spec.to_bytes())
    assert run(other, CLIENT, spec, key, request, sealed).startswith(str(other))
    evaluator = torusnn.Evaluator(circuit, torusnn.EvaluationKey.from_bytes(key.read_bytes()))
    reply.write_bytes(evaluator.infer(torusnn.EncryptedImage.from_bytes(request.read_bytes())).to_bytes())
    logits = np.array(run(other, READER, spec, sealed, reply).split(), dtype=float)
    image = (np.arange(784) % 251).astype(np.uint8)
    assert np.abs(logits - model.predict(image)).max() <= largest_error(circuit, image)
