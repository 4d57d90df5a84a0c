"""Each route: what it answers, and what it refuses with which problem."""

import hashlib

import numpy as np
import pytest
import torusnn
from common import GOLDEN, MODELS
from fastapi.testclient import TestClient
from serving import INFER, MODEL, MODEL_FILE, OCTETS, User, metric, problem_of, shades
from torusnn.serve import Settings, create_app


def test_models(http, net):
    listed = http.get("/v1/models").json()
    [model] = listed["models"]
    info = net.info
    assert model["id"] == model["name"] == MODEL and model["image"] == {"height": 28, "width": 28, "channels": 1}
    assert model["class_names"] == net.model.class_names and model["outputs"] == 1
    assert (model["evaluation_key_bytes"], model["input_bytes"], model["output_bytes"], model["bootstraps"]) == (
        info.eval_key_bytes, info.input_bytes, info.output_bytes, info.bootstraps)
    assert model["predicted_ms"] == info.predicted_ms and model["contract"] in str(net.explain())
    assert model["spec_digest"] == net.spec.to_bytes()[16:32].hex() and "diagnosis" in listed["notice"]


def test_a_spec_is_that_of_the_circuit(http, net):
    answer = http.get(f"/v1/models/{MODEL}/spec")
    assert answer.content == net.spec.to_bytes() and answer.headers["content-type"] == "application/octet-stream"
    assert problem_of(http.get("/v1/models/none/spec")) == "no-such-model"


def test_from_a_key_to_logits(http, net, users):
    user, images = users[0], shades(3)
    answer = user.put(http)
    assert answer.status_code == 201
    assert answer.json() == {"id": user.key_id, "bytes": len(user.key), "models": [MODEL]}
    assert user.put(http).status_code == 200
    answer = user.infer(http, images)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/octet-stream"
    local = torusnn.Evaluator(net, user.client.evaluation_key, threads=1)
    encrypted = user.client.encrypt(images)
    answer = http.post(INFER, content=b"".join(map(bytes, encrypted)), headers=OCTETS)
    np.testing.assert_array_equal(user.logits(answer.content, 3), user.client.decrypt(local.infer(encrypted)))
    assert float(answer.headers["Torusnn-Inference-Seconds"]) > 0 == float(answer.headers["Torusnn-Load-Seconds"]) // 1
    assert http.delete(user.key_path).status_code == 204
    assert problem_of(user.infer(http, images)) == "no-such-key"
    assert problem_of(http.delete(user.key_path)) == "no-such-key"


def test_keys_say_nothing_of_how_tables_are_split(tmp_path):
    model, spec = GOLDEN / "3" / "model.tnn", GOLDEN / "3" / "spec.tnn"
    user = User(spec.read_bytes())
    with TestClient(create_app(Settings(models=[(model, spec)], keys=tmp_path / "keys"))) as http:
        assert user.put(http).json()["models"] == ["model"]
        [image] = user.client.encrypt(shades(1))
        answer = http.post("/v1/models/model/infer", content=bytes(image), headers=OCTETS)
    circuit = torusnn.load(model).compile(spec=user.client.spec)
    assert circuit.info.parameters.log2_split > 0
    local = torusnn.Evaluator(circuit, user.client.evaluation_key, threads=1).infer(image)
    np.testing.assert_array_equal(user.logits(answer.content, 1)[0], user.client.decrypt(local))


def test_an_answer_of_one_image_for_each_model(tmp_path, users):
    """Two models of one set of parameters share a key."""
    other = torusnn.load(MODELS / "breastmnist.tnn")
    spec = tmp_path / "spec.tnn"
    spec.write_bytes(other.compile().spec.to_bytes())
    models = [MODEL_FILE, (MODELS / "breastmnist.tnn", spec)]
    with TestClient(create_app(Settings(models=models, keys=tmp_path / "keys"))) as http:
        assert users[0].put(http).json()["models"] == [MODEL, "breastmnist"]
        client = torusnn.Client(torusnn.Spec.from_bytes(http.get("/v1/models/breastmnist/spec").content),
                                secret_key=users[0].client.secret_key)
        body, image = bytes(client.encrypt(shades(1)[0])), shades(1)
        answer = http.post("/v1/models/breastmnist/infer", content=body, headers=OCTETS)
        logits = client.decrypt(torusnn.EncryptedLogits.from_bytes(answer.content))
        assert np.abs(logits - other.predict(image)[0]).max() < 2
        assert problem_of(http.post(INFER, content=body, headers=OCTETS)) == "model-mismatch"
        assert users[0].infer(http, image).status_code == 200
        described = {each["id"]: each["contract"] for each in http.get("/v1/models").json()["models"]}
        assert described["breastmnist"] == "that of a spec which clients have keys for"


def flipped(data, place):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]


@pytest.mark.parametrize("broken, problem", [
    (lambda key: key[:-1], "truncated"), (lambda key: key + b"x", "body-too-large"), (lambda key: b"", "truncated"),
    (lambda key: key[:100], "truncated"), (lambda key: flipped(key, 3), "magic"),
    (lambda key: flipped(key, 5), "version"),
    (lambda key: flipped(key, 40), "params-mismatch"), (lambda key: flipped(key, 100), "key-id"),
    (lambda key: flipped(key, len(key) - 1), "corrupt"), (lambda key: flipped(key, 9), "truncated")])
def test_keys_that_are_refused(http, app, users, broken, problem):
    answer = http.put(users[0].key_path, content=broken(users[0].key), headers=OCTETS)
    assert problem_of(answer) == problem and answer.status_code in (400, 413, 422)
    keys = app.state.service.store.folder
    assert not [path for path in keys.rglob("*") if path.is_file()]


@pytest.mark.parametrize("broken, problem", [
    (lambda body: b"", "truncated"), (lambda body: body[:-1], "truncated"), (lambda body: body + b"TNN", "truncated"),
    (lambda body: flipped(body, len(body) - 1), "corrupt"), (lambda body: flipped(body, 0), "magic"),
    (lambda body: flipped(body, 8), "model-mismatch"), (lambda body: flipped(body, 40), "model-mismatch"),
    (lambda body: flipped(body, 50), "corrupt"), (lambda body: body * 300, "body-too-large"),
    (lambda body: flipped(body, 5), "version")])
def test_images_that_are_refused(http, users, broken, problem):
    answer = http.post(INFER, content=broken(users[0].encrypted(shades(1))), headers=OCTETS)
    assert problem_of(answer) == problem and answer.status_code in (400, 413, 422)


def test_one_request_has_one_key(http, users):
    body = users[0].encrypted(shades(1)) + users[1].encrypted(shades(1))
    assert problem_of(http.post(INFER, content=body, headers=OCTETS)) == "key-mismatch"
    users[0].put(http)
    body = users[0].encrypted(shades(1))
    right = http.post(INFER, content=body, headers={**OCTETS, "Torusnn-Key": users[0].key_id})
    wrong = http.post(INFER, content=body, headers={**OCTETS, "Torusnn-Key": users[1].key_id})
    assert right.status_code == 200 and problem_of(wrong) == "key-id"


def test_bodies_that_are_not_announced(http, users):
    path = users[0].key_path
    assert problem_of(http.put(path, content=iter([b"x"]), headers=OCTETS)) == "length-required"
    assert problem_of(http.put(path, content=b"x", headers={"Content-Type": "text/plain"})) == "unsupported-media-type"


def test_another_key_of_the_same_id(http, users):
    """A key whose id is written over and its digest made anew."""
    forged = bytearray(users[1].key)
    forged[96:112] = bytes.fromhex(users[0].key_id)
    forged[16:32] = hashlib.blake2b(forged[32:], digest_size=16).digest()
    assert users[0].put(http).status_code == 201
    answer = http.put(users[0].key_path, content=bytes(forged), headers=OCTETS)
    assert answer.status_code == 409 and problem_of(answer) == "another-key"


def test_problems_of_paths_and_methods(http):
    assert problem_of(http.get("/nowhere")) == "not-found"
    answer = http.post("/v1/models")
    assert answer.status_code == 405 and problem_of(answer) == "method-not-allowed" and answer.headers["allow"] == "GET"
    assert http.get(f"/v1/keys/{32 * '0'}").headers["allow"] == "DELETE, PUT"
    assert problem_of(http.put("/v1/keys/ABC", content=b"", headers=OCTETS)) == "malformed-request"


def test_health_and_metrics(http, users):
    assert http.get("/healthz").json() == {"status": "ok"} and http.get("/readyz").json() == {"status": "ready"}
    users[0].put(http)
    for count in (1, 2):
        assert users[0].infer(http, shades(count)).status_code == 200
    text = http.get("/metrics").text
    assert metric(text, "torusnn_images_total") == 3 and metric(text, "torusnn_bootstraps_total") == 24
    assert metric(text, "torusnn_key_loads_total") == metric(text, "torusnn_keys_loaded") == 1
    assert metric(text, "torusnn_queue_length") == 0 and metric(text, "torusnn_evaluator_bytes") > 1e6
    assert metric(text, "torusnn_inference_seconds_count") == 2 and users[0].key_id not in text


def test_made_up_methods_take_no_memory(http):
    for number in range(20):
        assert http.request(f"GET{number}", f"/{number}").status_code == 404
    lines = [line for line in http.get("/metrics").text.splitlines() if "torusnn_request_seconds_count" in line]
    assert [line for line in lines if 'method="other",route="none",status="404"' in line] and len(lines) <= 3


def test_the_warning_is_in_the_document(http):
    assert "must not be used for diagnosis" in http.get("/openapi.json").json()["info"]["description"]
