"""The routes."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Annotated, Any, AsyncIterator, Dict, List, Optional, Tuple

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from ..client import EncryptedImage
from .bodies import OCTETS, announced_length, in_time, spool_body, spool_file
from .log import Observed
from .models import NOTICE, ModelList, Served
from .problems import Problem, add_handlers, no_such_key, refusals
from .service import Service
from .settings import Settings
from .wire import KEY_HEAD_BYTES, read_inputs

ABOUT = f"""Classifies encrypted images without seeing them.

A client takes a model's spec, makes its keys, PUTs its evaluation key once and POSTs encrypted images; it alone
decrypts the answers. Bodies are the files of torusnn, whose layouts docs/FORMATS.md has. **{NOTICE}**"""

BYTES_OUT: Dict[str, Any] = {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}
BYTES_IN = {"requestBody": {"required": True, **BYTES_OUT}}
MOST_AT_ONCE = 1 << 16
SECONDS = ("Queue", "Load", "Inference")

bearer = HTTPBearer(auto_error=False, description="A client's token, where the service is run with tokens.")
public, private = APIRouter(), APIRouter(prefix="/v1")


async def service_of(request: Request) -> Service:
    return request.app.state.service


Here = Annotated[Service, Depends(service_of)]


async def owner_of(request: Request, service: Here,
                   given: Annotated[Optional[HTTPAuthorizationCredentials], Depends(bearer)]) -> str:
    """The client's name, once it may ask."""
    owner = service.clients.owner_of(None if given is None else given.credentials)
    if service.clients.tokens is None and request.client is not None:
        service.rate.take(request.client.host)
    else:
        service.rate.take(owner)
        request.state.log = {"client": owner}
    return owner


Owner = Annotated[str, Depends(owner_of)]
ModelId = Annotated[str, Path(description="of GET /v1/models", max_length=255)]
KeyId = Annotated[str, Path(description="bytes 96 to 111 of the evaluation key's file, in hexadecimal digits",
                            pattern="^[0-9a-f]{32}$")]


class KeptKey(BaseModel):
    """An evaluation key that is kept."""

    id: str
    bytes: int
    models: List[str] = Field(description="that it can be used with")


class State(BaseModel):
    """Of the service."""

    status: str


@private.get("/models", response_model=ModelList, responses=refusals(401, 429))
async def list_models(service: Here, owner: Owner) -> ModelList:
    """All that is served."""
    return ModelList(models=[each.description for each in service.served.values()])


@private.get("/models/{model_id}/spec", response_class=Response,
             responses={200: BYTES_OUT, **refusals(401, 404, 422, 429)})
async def read_spec(model_id: ModelId, service: Here, owner: Owner) -> Response:
    """What a client must know to make keys, encrypt and decrypt."""
    return Response(service.model(model_id).spec, media_type=OCTETS)


@private.put("/keys/{key_id}", status_code=201, response_model=KeptKey, openapi_extra=BYTES_IN,
             responses={200: {"model": KeptKey, "description": "The same key is kept already"},
                        **refusals(400, 401, 408, 409, 411, 413, 415, 422, 429, 503, 507)})
async def put_key(key_id: KeyId, request: Request, response: Response, service: Here, owner: Owner) -> KeptKey:
    """Keeps an evaluation key. Once this is answered the key outlives a restart."""
    length = announced_length(request, max(each.info.eval_key_bytes for each in service.served.values()))
    with service.upload(), spool_file(service.spool) as file:
        work = spool_body(request, file, KEY_HEAD_BYTES, lambda head: service.check_key(head, key_id, length))
        head = await in_time(service.settings.body_seconds, work)
        new = await run_in_threadpool(service.keep_key, owner, key_id, file)
    response.status_code = 201 if new else 200
    return KeptKey(id=key_id, bytes=length, models=service.models_of(head))


@private.delete("/keys/{key_id}", status_code=204, response_class=Response,
                responses=refusals(401, 404, 422, 429))
async def delete_key(key_id: KeyId, service: Here, owner: Owner) -> Response:
    """Forgets an evaluation key. What is being evaluated with it is finished."""
    try:
        await run_in_threadpool(service.store.delete, owner, key_id)
    except FileNotFoundError:
        raise no_such_key() from None
    finally:
        service.evaluators.forget(owner, key_id)
    return Response(status_code=204)


@private.post("/models/{model_id}/infer", response_class=Response, openapi_extra=BYTES_IN,
              responses={200: {**BYTES_OUT, "headers": {f"Torusnn-{name}-Seconds": {"schema": {"type": "number"}}
                                                        for name in SECONDS}},
                         **refusals(400, 401, 404, 408, 411, 413, 415, 422, 429, 503)})
async def infer(model_id: ModelId, request: Request, service: Here, owner: Owner,
                torusnn_key: Annotated[Optional[str], Header(
                    description="id of the key, for what balances load; the inputs say it too")] = None) -> Response:
    """Evaluates a model on one or many encrypted images that stand one after another; the answer has a result for each,
    in their order. All images of a request are of one key."""
    served = service.model(model_id)
    most = min(service.settings.most_images * served.info.input_bytes, service.settings.body_bytes)
    with service.body(announced_length(request, most)):
        body = await in_time(service.settings.body_seconds, request.body())
        images, key_id = await images_of(body, served)
        if torusnn_key not in (None, key_id):
            raise Problem(422, "key-id", f"The images are of the key {key_id}, and not of the one in Torusnn-Key.")
        answer = await service.evaluators.infer(served, owner, key_id, images)
    spent = (answer.queue_seconds, answer.load_seconds, answer.inference_seconds)
    return Response(answer.outputs, media_type=OCTETS,
                    headers={f"Torusnn-{name}-Seconds": f"{seconds:.6f}" for name, seconds in zip(SECONDS, spent)})


async def images_of(body: bytes, served: Served) -> Tuple[List[EncryptedImage], str]:
    """In another thread where reading takes longer than to go there and back."""
    arguments = (body, served.fingerprint, served.info.input_bytes)
    return read_inputs(*arguments) if len(body) < MOST_AT_ONCE else await run_in_threadpool(read_inputs, *arguments)


@public.get("/healthz", response_model=State)
async def healthz() -> State:
    """Whether the process answers."""
    return State(status="ok")


@public.get("/readyz", response_model=State, responses=refusals(503))
async def readyz(service: Here) -> State:
    """Whether another request would be taken: the store of keys answers, and the queue has room."""
    try:
        await run_in_threadpool(service.store.list, "readyz")
    except OSError as error:
        raise Problem(503, "storage", "The store of keys does not answer.", {"Retry-After": "5"}) from error
    if service.evaluators.full():
        raise Problem(503, "queue-full", "Too many requests are waiting.", {"Retry-After": "1"})
    return State(status="ready")


@public.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(service: Here) -> Response:
    """For Prometheus."""
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def create_app(settings: Settings) -> FastAPI:
    """An application that serves the settings' models. It compiles them before it returns, and raises what the library
    raises, or ValueError for settings that contradict each other."""
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await service.evaluators.close()

    app = FastAPI(title="torusnn", version="1", description=ABOUT, lifespan=lifespan, docs_url=None,
                  redoc_url=None)
    app.state.service = service
    add_handlers(app, [*public.routes, *private.routes])
    app.include_router(public)
    app.include_router(private)
    if settings.origins:
        app.add_middleware(CORSMiddleware, allow_origins=list(settings.origins),
                           allow_methods=["GET", "PUT", "POST", "DELETE"],
                           allow_headers=["Authorization", "Content-Type", "Torusnn-Key"],
                           expose_headers=["Retry-After", "Torusnn-Request-Id",
                                           *(f"Torusnn-{name}-Seconds" for name in SECONDS)])
    app.add_middleware(Observed, metrics=service.metrics)
    return app
