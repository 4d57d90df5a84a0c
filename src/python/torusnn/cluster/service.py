"""The service of torusnn.serve under Ray Serve.

Fronts run its application, and answer all but inference themselves. An inference goes to a replica of the evaluators
that has the key expanded, where there is one: Ray Serve multiplexes them by owner and key. What dies with its machine
is asked again elsewhere, since an inference changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Set, Union

from fastapi import FastAPI
from ray import serve
from ray.exceptions import RayError, RayTaskError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from ..client import EncryptedImage
from ..errors import TorusnnError
from ..serve import Settings, create_app
from ..serve.evaluators import Answer
from ..serve.metrics import Metrics
from ..serve.models import Served, load_all
from ..serve.problems import Problem, of_library
from ..serve.service import Service
from .keys import key_store

ATTEMPTS = 8
"""Of an inference, on replicas that die one after another."""
SECONDS_BETWEEN = 0.25


class Refusal(NamedTuple):
    """A problem on its way between processes, which its exception would not survive."""

    status: int
    kind: str
    detail: str
    headers: Optional[Mapping[str, str]]


class KeyReplica:
    """Evaluators of the keys that come here, in the memory that the settings allow: those of the service, with the
    queue in front of them."""

    def __init__(self, settings: Settings):
        self.service = Service(settings)

    async def place(self, name: str) -> str:
        """Tells Ray that a key is here. Evaluators keep as many as Ray remembers, and drop the same one: the least
        recently used."""
        return name

    async def infer(self, model_id: str, owner: str, key_id: str,
                    images: List[EncryptedImage]) -> Union[Answer, Refusal]:
        """A refusal is an answer like any other: what is raised here comes out elsewhere as Ray's error."""
        await self.place(serve.get_multiplexed_model_id())
        try:
            return await self.service.evaluators.infer(self.service.model(model_id), owner, key_id, images)
        except TorusnnError as error:
            problem = of_library(error)
        except Problem as error:
            problem = error
        return Refusal(problem.status, problem.kind, problem.detail, problem.headers)

    async def forget(self, owner: str, key_id: str) -> None:
        self.service.evaluators.forget(owner, key_id)

    async def loads(self) -> Dict[str, float]:
        """How many keys were read and expanded here, by model."""
        return {model_id: self.service.metrics.key_loads.labels(model_id)._value.get()
                for model_id in self.service.served}


class RemoteEvaluators:
    """In place of a service's own evaluators: those of the replicas behind it."""

    def __init__(self, replicas: DeploymentHandle, queue: int, metrics: Metrics):
        self.replicas, self.queue, self.metrics = replicas, queue, metrics
        self.waiting = 0
        self.forgetting: Set[asyncio.Task] = set()

    async def infer(self, served: Served, owner: str, key_id: str, images: List[EncryptedImage]) -> Answer:
        """A problem where too many wait already, or where no replica lives long enough."""
        if self.full():
            raise Problem(503, "queue-full", "Too many requests are waiting; come back later.", {"Retry-After": "1"})
        self._count(1)
        try:
            outcome = await self._outcome(served.id, owner, key_id, images)
        finally:
            self._count(-1)
        if isinstance(outcome, Refusal):
            raise Problem(*outcome)
        self._observe(served, len(images), outcome)
        return outcome

    async def _outcome(self, *asked: Any) -> Union[Answer, Refusal]:
        handle = self.replicas.options(multiplexed_model_id=f"{asked[1]}.{asked[2]}")
        for _ in range(ATTEMPTS):
            try:
                return await handle.infer.remote(*asked)
            except RayTaskError:
                raise
            except (RayError, RayServeException):
                await asyncio.sleep(SECONDS_BETWEEN)
        return Refusal(503, "replicas", "No machine answers; come back later.", {"Retry-After": "5"})

    def full(self) -> bool:
        """Whether another request would be refused."""
        return self.waiting >= self.queue

    def forget(self, owner: str, key_id: str) -> None:
        """All replicas give up what they expanded of a key, soon."""
        told = self.replicas.broadcast("forget", owner, key_id).results_async(return_exceptions=True)
        task = asyncio.get_running_loop().create_task(told)
        self.forgetting.add(task)
        task.add_done_callback(self._told)

    def _told(self, task: asyncio.Task) -> None:
        self.forgetting.discard(task)
        if not task.cancelled():
            task.exception()  # there may be no replica at all

    async def close(self) -> None:
        """When what waits is answered."""
        while self.waiting:
            await asyncio.sleep(0.01)

    def _count(self, more: int) -> None:
        self.waiting += more
        self.metrics.queue_length.set(self.waiting)

    def _observe(self, served: Served, images: int, answer: Answer) -> None:
        self.metrics.queue_seconds.observe(answer.queue_seconds)
        self.metrics.inference_seconds.labels(served.id).observe(answer.inference_seconds)
        self.metrics.images.labels(served.id).inc(images)
        self.metrics.bootstraps.labels(served.id).inc(images * served.info.bootstraps)


class Front:
    """The service's application, whose evaluators are elsewhere."""

    def __init__(self, settings: Settings, replicas: DeploymentHandle):
        self.settings, self.replicas = settings, replicas

    def __serve_build_asgi_app__(self) -> FastAPI:
        app = create_app(self.settings)
        service = app.state.service
        service.evaluators = RemoteEvaluators(self.replicas, self.settings.queue, service.metrics)
        return app


def keys_each(settings: Settings) -> int:
    """How many expanded keys a replica has memory for."""
    largest = max(each.evaluator_bytes(settings.threads_each, settings.batch) for each in load_all(settings).values())
    return settings.evaluator_bytes // largest


def service_application(settings: Settings, *, storage_options: Optional[Mapping[str, Any]] = None, fronts: int = 1,
                        replicas: int = 1, most_replicas: int = 1, ongoing: float = 2.0) -> serve.Application:
    """The service for a Ray cluster: ray.serve.run(service_application(settings), route_prefix="/").

    settings         as torusnn.serve has them, where `keys` is a folder that every machine reaches, an address of
                     fsspec (s3://bucket/keys) or another store that can be pickled. Model files lie at the same paths
                     on every machine. `threads` (default here: 1), `workers`, `evaluator_bytes` are a replica's,
                     `queue` is a front's and a replica's, limits of requests and of uploads are a front's
    storage_options  of that address's file system
    fronts           that run the application, each on a machine of its own: as many as machines that take requests
    replicas         of the evaluators, at least; each asks Ray for a processor for each of its threads
    most_replicas    at most, where the load asks for them
    ongoing          requests that a replica has at once, as a mean, before another one is started

    Raises what torusnn.serve.create_app raises for settings that cannot be served.
    """
    settings = replace(settings, keys=key_store(settings.keys, storage_options), threads=settings.threads or 1)
    multiplexed = serve.multiplexed(KeyReplica.place, max_num_models_per_replica=keys_each(settings))
    behind = serve.deployment(
        type("KeyReplica", (KeyReplica,), {"place": multiplexed}), name="evaluators",
        ray_actor_options={"num_cpus": settings.workers * settings.threads_each},
        max_ongoing_requests=settings.queue, health_check_period_s=1, health_check_timeout_s=10,
        autoscaling_config={"min_replicas": replicas, "max_replicas": max(replicas, most_replicas),
                            "target_ongoing_requests": ongoing})
    front = serve.deployment(serve.ingress()(Front), name="front", num_replicas=fronts, max_replicas_per_node=1,
                             ray_actor_options={"num_cpus": 0}, max_ongoing_requests=settings.queue + settings.uploads)
    return front.bind(settings, behind.bind(settings))
