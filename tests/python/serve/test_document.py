"""The service keeps to its OpenAPI document, whatever it is sent: schemathesis."""

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
def document(user, tmp_path_factory):
    made = Settings(models=[MODEL_FILE], keys=tmp_path_factory.mktemp("keys"), tokens={"alice": token_hash(TOKEN)},
                    threads=1)
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(made))
    schema.config.update(headers={"Authorization": f"Bearer {TOKEN}"})
    return schema


schema = schemathesis.pytest.from_fixture("document")


@schema.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_the_document_is_kept(case, user):
    if "key_id" in case.path_parameters and case.body in BODIES[:1]:
        case.path_parameters["key_id"] = user.key_id
    if "model_id" in case.path_parameters and case.body in BODIES[1:3]:
        case.path_parameters["model_id"] = MODEL
    answer = case.call_and_validate(excluded_checks=UNDECIDED if case.operation.body else [])
    STATUSES[case.operation.label].add(answer.status_code)


def test_not_refusals_alone_were_seen():
    """Of the test above."""
    assert len(STATUSES) == 8 and all(statuses & {200, 201, 204} for statuses in STATUSES.values())
    assert {200, 201, 400, 422} <= STATUSES["PUT /v1/keys/{key_id}"]
