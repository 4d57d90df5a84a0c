"""What the service refuses, as application/problem+json (RFC 9457): a sentence and a type that does not change."""

from __future__ import annotations

import errno
from http import HTTPStatus
from typing import Any, Dict, Mapping, Optional, Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from .. import errors

MEDIA_TYPE = "application/problem+json"
NAMESPACE = "urn:torusnn:problem:"
STATUS_OF = {
    errors.MemoryError: 503, errors.ThreadsError: 503, errors.LimitError: 413, errors.ShapeError: 422,
    errors.ParamsMismatchError: 422, errors.KeyMismatchError: 422, errors.ModelMismatchError: 422,
    errors.TruncatedError: 400, errors.MagicError: 400, errors.VersionError: 400, errors.CorruptError: 400,
    errors.MalformedError: 400, errors.InsecureError: 400,
}
"""Of the library's refusals; any other one is a fault of this program."""


class ProblemBody(BaseModel):
    """What a refusal says."""

    type: str = Field(description="stable; programs compare it", examples=[NAMESPACE + "key-mismatch"])
    title: str
    status: int
    detail: str = Field(description="a sentence for people")


class Problem(Exception):
    """A refusal. `kind` is the end of its type."""

    def __init__(self, status: int, kind: str, detail: str, headers: Optional[Mapping[str, str]] = None):
        super().__init__(detail)
        self.status, self.kind, self.detail, self.headers = status, kind, detail, headers


def no_such_key() -> Problem:
    """Of this client: whether another one has it is not said."""
    return Problem(404, "no-such-key", "There is no such key of yours; PUT it first.")


def problem_response(problem: Problem) -> JSONResponse:
    body = {"type": NAMESPACE + problem.kind, "title": HTTPStatus(problem.status).phrase, "status": problem.status,
            "detail": problem.detail}
    return JSONResponse(body, problem.status, headers=dict(problem.headers or {}), media_type=MEDIA_TYPE)


def of_library(error: errors.TorusnnError) -> Problem:
    """KeyMismatchError is key-mismatch, with the library's sentence."""
    kind = error.status.name.removeprefix("ERR_").lower().replace("_", "-")
    status = STATUS_OF.get(type(error), 500)
    return Problem(status, kind, str(error), {"Retry-After": "1"} if status == 503 else None)


def of_framework(error: HTTPException) -> Problem:
    """No such path, or not this method."""
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return Problem(error.status_code, kind, f"{error.detail}.", error.headers)


def with_all_methods(problem: Problem, routes: Sequence[Any], path: str) -> Problem:
    """The framework's 405 names the methods of the first route of a path alone."""
    if problem.status == 405:
        methods = {method for route in routes if route.path_regex.match(path) for method in route.methods}
        problem.headers = {"Allow": ", ".join(sorted(methods))}
    return problem


def of_validation(error: RequestValidationError) -> Problem:
    sentence = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return Problem(422, "malformed-request", sentence)


def of_system(error: OSError) -> Problem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Problem(507, "storage-full", "There is no room for another key; nothing was kept of this one.")
    return Problem(500, "storage", "The store of keys failed; the log says how.")


def of_any(error: Exception) -> Problem:
    return Problem(500, "fault", "The service failed; the log says how.")


def add_handlers(app: FastAPI, routes: Sequence[Any]) -> None:
    """Every error that a route raises becomes a problem. routes: all that the application has."""
    kinds: Dict[Any, Any] = {Problem: lambda problem: problem, errors.TorusnnError: of_library,
                             HTTPException: of_framework, RequestValidationError: of_validation, OSError: of_system,
                             Exception: of_any}
    for kind, made in kinds.items():
        async def handle(request: Request, error: Exception, made: Any = made) -> JSONResponse:
            return problem_response(with_all_methods(made(error), routes, request.url.path))

        app.add_exception_handler(kind, handle)


def refusals(*statuses: int) -> Dict[Any, Any]:
    """For OpenAPI: the statuses with which a route refuses."""
    waits = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    schema = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": schema,
                     **({"headers": waits} if status in (429, 503) else {})} for status in statuses}
