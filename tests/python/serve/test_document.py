"""The service keeps to its OpenAPI document, whatever it is sent: schemathesis."""

import io
import re
from collections import defaultdict

import pytest

schemathesis = pytest.importorskip("schemathesis")
from hypothesis import HealthCheck, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: E402
from serving import MODEL, MODEL_FILE, shades  # noqa: E402
from torusnn.serve import Settings, create_app  # noqa: E402
from torusnn.serve.access import token_hash  # noqa: E402

UNDECIDED = [positive_data_acceptance]
"""No schema says which bytes are a key or an encrypted image."""
TOKEN = "a token"
BODIES, STATUSES = [], defaultdict(set)
schemathesis.openapi.media_type("application/octet-stream",
                                st.one_of(st.binary(max_size=200), st.deferred(lambda: st.sampled_from(BODIES))))


@pytest.fixture(scope="module")
def user(users):
    """What is really sent is among the bodies that are tried."""
    image = users[0].encrypted(shades(1))
    BODIES[:] = [users[0].key, image, image + users[0].encrypted(shades(1)), image[:-1], users[0].key[:200]]
    return users[0]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return create_app(Settings(models=[MODEL_FILE], keys=tmp_path_factory.mktemp("keys"), threads=1,
                               tokens={"alice": token_hash(TOKEN)}))


@pytest.fixture(scope="module")
def document(app):
    found = schemathesis.openapi.from_asgi("/openapi.json", app)
    found.config.update(headers={"Authorization": f"Bearer {TOKEN}"})
    return found


schema = schemathesis.pytest.from_fixture("document")


def aim(case, user, app):
    """Half of what could be right is made so, or everything would end in a refusal."""
    if re.fullmatch("[0-9a-f]{32}", str(case.path_parameters.get("key_id"))):
        case.path_parameters["key_id"] = user.key_id
    if len(str(case.path_parameters.get("model_id", ""))) % 2:
        case.path_parameters["model_id"] = MODEL
    if case.method == "PUT" and case.body in BODIES[1:3]:
        case.body = user.key
    if case.method in ("POST", "DELETE") and user.key_id not in app.state.service.store.list("alice"):
        app.state.service.store.put("alice", user.key_id, io.BytesIO(user.key))


@schema.parametrize()
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_the_document_is_kept(case, user, app):
    aim(case, user, app)
    answer = case.call_and_validate(excluded_checks=UNDECIDED if case.operation.body else [])
    STATUSES[case.operation.label].add(answer.status_code)


def test_not_refusals_alone_were_seen():
    """Of the test above."""
    assert len(STATUSES) == 8 and all(statuses & {200, 201, 204} for statuses in STATUSES.values())
    assert {400, 415, 422} <= STATUSES["PUT /v1/keys/{key_id}"]
