"""Who may ask for what, and how often."""

import logging

import pytest
from fastapi.testclient import TestClient
from serving import INFER, MODEL, MODEL_FILE, OCTETS, problem_of, shades
from torusnn.serve import Settings, create_app, read_tokens
from torusnn.serve.access import RateLimit, token_hash
from torusnn.serve.log import JsonFormatter
from torusnn.serve.problems import Problem

TOKENS = {"alice": token_hash("alice's"), "bob": token_hash("bob's")}
ALICE, BOB = ({"Authorization": f"Bearer {name}'s"} for name in ("alice", "bob"))


@pytest.fixture
def guarded(tmp_path):
    settings = Settings(models=[MODEL_FILE], keys=tmp_path / "keys", tokens=TOKENS, most_keys=2, threads=1)
    with TestClient(create_app(settings)) as http:
        yield http


def test_without_a_token(guarded, users):
    answers = [guarded.get("/v1/models"), guarded.get(f"/v1/models/{MODEL}/spec"), users[0].put(guarded),
               users[0].infer(guarded, shades(1)), guarded.delete(users[0].key_path),
               guarded.get("/v1/models", headers={"Authorization": "Bearer mallory's"}),
               guarded.get("/v1/models", headers={"Authorization": "Basic YWxpY2U6"})]
    assert {(each.status_code, problem_of(each)) for each in answers} == {(401, "unauthorized")}
    assert all(each.headers["www-authenticate"] == "Bearer" for each in answers)
    assert guarded.get("/healthz").status_code == guarded.get("/metrics").status_code == 200


def test_a_second_clients_token(guarded, users):
    """Bob has Alice's evaluation key and her encrypted image, and not her token."""
    guarded.headers.update(ALICE)
    assert users[0].put(guarded).status_code == 201
    image = users[0].encrypted(shades(1))
    assert guarded.post(INFER, content=image, headers=OCTETS).status_code == 200
    guarded.headers.update(BOB)
    assert problem_of(guarded.post(INFER, content=image, headers=OCTETS)) == "no-such-key"
    assert problem_of(guarded.delete(users[0].key_path)) == "no-such-key"
    assert users[0].put(guarded).status_code == 201, "whether Alice has it is not said"
    assert guarded.delete(users[0].key_path).status_code == 204
    guarded.headers.update(ALICE)
    assert guarded.post(INFER, content=image, headers=OCTETS).status_code == 200


def test_most_keys_of_a_client(guarded, users):
    guarded.headers.update(ALICE)
    assert [users[each].put(guarded).status_code for each in range(2)] == [201, 201]
    answer = users[2].put(guarded)
    assert answer.status_code == 409 and problem_of(answer) == "too-many-keys"
    assert users[1].put(guarded).status_code == 200
    guarded.headers.update(BOB)
    assert users[2].put(guarded).status_code == 201


def test_the_log_has_names_and_no_secrets(guarded, users, caplog):
    guarded.headers.update(ALICE)
    with caplog.at_level(logging.INFO, "torusnn.serve"):
        guarded.get("/v1/models?token=alice's")
        users[0].infer(guarded, shades(1))
    lines = [JsonFormatter().format(record) for record in caplog.records if record.name == "torusnn.serve"]
    assert len(lines) == 2 and all('"client": "alice"' in line for line in lines) and '"status": 404' in lines[1]
    assert "alice's" not in "".join(lines)


def test_requests_a_second(tmp_path):
    settings = Settings(models=[MODEL_FILE], keys=tmp_path, tokens=TOKENS, requests_a_second=0.01, burst=3)
    with TestClient(create_app(settings)) as http:
        statuses = [http.get("/v1/models", headers=ALICE).status_code for _ in range(4)]
        refused = http.get("/v1/models", headers=ALICE)
        assert statuses == [200, 200, 200, 429] and problem_of(refused) == "rate-limit"
        assert 90 <= int(refused.headers["retry-after"]) <= 100
        assert http.get("/v1/models", headers=BOB).status_code == 200


def test_a_bucket_fills_again(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("torusnn.serve.access.time.monotonic", lambda: now[0])
    limit = RateLimit(2.0, 1)
    limit.take("one")
    with pytest.raises(Problem):
        limit.take("one")
    now[0] += 0.5
    limit.take("one")
    monkeypatch.setattr("torusnn.serve.access.MOST_REMEMBERED", 10)
    for each in range(100):
        limit.take(str(each))
    assert len(limit._buckets) == 10


def test_pages_of_other_origins(tmp_path):
    page = {"Origin": "https://page.example"}
    asked = {**page, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    for origins, allowed in (((), None), (["https://page.example"], "https://page.example")):
        settings = Settings(models=[MODEL_FILE], keys=tmp_path, tokens=TOKENS, origins=origins)
        with TestClient(create_app(settings)) as http:
            answers = http.get("/v1/models", headers={**page, **ALICE}), http.options("/v1/keys/0", headers=asked)
            for answer in answers:
                assert answer.headers.get("access-control-allow-origin") == allowed
            assert "access-control-allow-origin" not in http.get("/v1/models", headers={"Origin": "https://x"}).headers


def test_a_file_of_tokens(tmp_path):
    path = tmp_path / "tokens"
    path.write_text(f"# two\nalice {TOKENS['alice']}\n\nbob {TOKENS['bob']}\n")
    assert read_tokens(path) == TOKENS
    for line in ("alice", f"Alice {TOKENS['alice']}", f"../x {TOKENS['alice']}", f"bob {TOKENS['bob'][:-1]}",
                 f"bob {TOKENS['bob']}\nbob {TOKENS['bob']}"):
        path.write_text(line)
        with pytest.raises(ValueError, match="line"):
            read_tokens(path)
