"""Inference in worker threads: a bounded queue, and expanded keys in bounded memory."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Dict, List, NamedTuple, Optional, Set

from ..client import EncryptedImage, EvaluationKey
from ..errors import TorusnnError
from ..evaluator import Evaluator
from .keys import KeyStore
from .metrics import Metrics
from .models import Served
from .problems import Problem, no_such_key
from .settings import Settings


class Name(NamedTuple):
    """Of an evaluator."""

    owner: str
    key_id: str
    model_id: str


class Answer(NamedTuple):
    """Encrypted logits, one after another, and where the time went."""

    outputs: bytes
    queue_seconds: float
    load_seconds: float
    inference_seconds: float


@dataclass(eq=False)
class Job:
    """A request on its way through the queue."""

    served: Served
    owner: str
    key_id: str
    images: List[EncryptedImage]
    answer: asyncio.Future
    queued: float = field(default_factory=time.perf_counter)
    evaluator: Optional[Evaluator] = None

    @property
    def name(self) -> Name:
        return Name(self.owner, self.key_id, self.served.id)


class Evaluators:
    """Runs inferences, oldest first, `workers` at a time, no two of them on one evaluator.

    A request for an evaluator that is at work, or being loaded, waits while later ones of other clients go ahead. So a
    key is loaded once however many requests wait for it, and the library never sees two calls on an evaluator.
    Everything here is of the event loop but _run, which a worker thread executes and which touches its job alone.
    """

    def __init__(self, settings: Settings, store: KeyStore, metrics: Metrics):
        self.settings, self.store, self.metrics = settings, store, metrics
        self._pool = ThreadPoolExecutor(settings.workers, "inference")
        self._waiting: List[Job] = []
        self._running: Dict[Name, int] = {}  # and the memory that is reserved for it
        self._loaded: OrderedDict[Name, Evaluator] = OrderedDict()  # idle ones, the least recently used first
        self._bytes: Dict[Name, int] = {}  # of the idle ones
        self._deleted: Set[Name] = set()  # while they are at work

    async def infer(self, served: Served, owner: str, key_id: str, images: List[EncryptedImage]) -> Answer:
        """Waits for a turn, then for the library. A problem where too many wait already."""
        if len(self._waiting) >= self.settings.queue:
            raise Problem(503, "queue-full", "Too many requests are waiting; come back later.",
                          {"Retry-After": str(self._seconds_to_wait())})
        job = Job(served, owner, key_id, images, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._start()
        try:
            return await job.answer
        finally:
            if job in self._waiting:  # nobody waits for it any more
                self._waiting.remove(job)

    def full(self) -> bool:
        """Whether another request would be refused."""
        return len(self._waiting) >= self.settings.queue

    def forget(self, owner: str, key_id: str) -> None:
        """Gives up what was expanded of a key."""
        for name in [name for name in self._loaded if name[:2] == (owner, key_id)]:
            self._drop(name)
        self._deleted.update(name for name in self._running if name[:2] == (owner, key_id))
        self._count()

    async def close(self) -> None:
        """When what runs and waits is finished."""
        while self._running or self._waiting:
            await asyncio.sleep(0.01)
        self._pool.shutdown()
        self._loaded.clear()

    def _seconds_to_wait(self) -> int:
        milliseconds = sum(len(job.images) * job.served.info.predicted_ms for job in self._waiting)
        return max(1, math.ceil(milliseconds / 1000 / self.settings.workers))

    def _start(self) -> None:
        """As many waiting jobs as there are workers."""
        while len(self._running) < self.settings.workers:
            job = next((each for each in self._waiting if each.name not in self._running), None)
            if job is None:
                break
            self._waiting.remove(job)
            self._give_to_worker(job)
        self._count()

    def _give_to_worker(self, job: Job) -> None:
        job.evaluator = self._loaded.pop(job.name, None)
        self._bytes.pop(job.name, None)
        self._running[job.name] = job.served.evaluator_bytes(self.settings.threads_each, self.settings.batch)
        work = asyncio.get_running_loop().run_in_executor(self._pool, self._run, job, self._without_room())
        work.add_done_callback(lambda done: self._finished(job, done))

    def _without_room(self) -> List[Evaluator]:
        """The least recently used evaluators that must go. check_fits saw to it that those at work have room."""
        gone = []
        while sum(self._running.values()) + sum(self._bytes.values()) > self.settings.evaluator_bytes:
            gone.append(self._drop(next(iter(self._loaded))))
        return gone

    def _drop(self, name: Name) -> Evaluator:
        self._bytes.pop(name)
        return self._loaded.pop(name)

    def _run(self, job: Job, gone: List[Evaluator]) -> Answer:
        """In a worker thread. Memory is freed before more is taken."""
        gone.clear()
        started = time.perf_counter()
        if job.evaluator is None:
            job.evaluator = self._load(job)
        loaded = time.perf_counter()
        outputs = b"".join(output.to_bytes() for output in job.evaluator.infer(job.images))
        return Answer(outputs, started - job.queued, loaded - started, time.perf_counter() - loaded)

    def _load(self, job: Job) -> Evaluator:
        try:
            with self.store.open(job.owner, job.key_id) as file:
                key = EvaluationKey.read(file, most_bytes=self.settings.most_key_bytes)
        except FileNotFoundError:
            raise no_such_key() from None
        except TorusnnError as error:
            raise Problem(500, "stored-key", "The key that is kept is damaged; DELETE it and PUT it anew.") from error
        evaluator = Evaluator(job.served.circuit, key, threads=self.settings.threads_each,
                              max_images=self.settings.batch)
        self.metrics.key_loads.labels(job.served.id).inc()
        return evaluator

    def _finished(self, job: Job, work: asyncio.Future) -> None:
        size = self._running.pop(job.name)
        if job.evaluator is not None and job.name not in self._deleted:
            self._loaded[job.name], self._bytes[job.name] = job.evaluator, size
        self._deleted.discard(job.name)
        job.evaluator = None
        self._settle(job, work)
        self._start()

    def _settle(self, job: Job, work: asyncio.Future) -> None:
        error = work.exception()
        if error is None:
            self._observe(job, work.result())
        if job.answer.done():
            return
        if error is None:
            job.answer.set_result(work.result())
        else:
            job.answer.set_exception(error)

    def _observe(self, job: Job, answer: Answer) -> None:
        self.metrics.queue_seconds.observe(answer.queue_seconds)
        self.metrics.inference_seconds.labels(job.served.id).observe(answer.inference_seconds)
        self.metrics.images.labels(job.served.id).inc(len(job.images))
        self.metrics.bootstraps.labels(job.served.id).inc(len(job.images) * job.served.info.bootstraps)

    def _count(self) -> None:
        self.metrics.queue_length.set(len(self._waiting))
        self.metrics.running.set(len(self._running))
        self.metrics.keys_loaded.set(len(self._loaded) + len(self._running))
        self.metrics.evaluator_bytes.set(sum(self._bytes.values()) + sum(self._running.values()))
