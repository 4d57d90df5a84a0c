"""What an application holds: models, keys, evaluators, clients. Nothing of it is global."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import BinaryIO, Iterator, List

from .._library import error_of
from .._native import lib
from ..client import EvaluationKey
from .access import Clients, RateLimit
from .evaluators import Evaluators
from .keys import FileKeys
from .metrics import Metrics
from .models import Served, load_all
from .problems import Problem
from .settings import Settings
from .wire import HEADER, KeyHead, key_head


class Service:
    """One of them serves all requests of an application."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.served = load_all(settings)
        self.store = FileKeys(settings.keys) if isinstance(settings.keys, (str, os.PathLike)) else settings.keys
        self.spool = settings.spool or (self.store.folder if isinstance(self.store, FileKeys) else None)
        self.metrics = Metrics()
        self.clients = Clients(settings.tokens)
        self.rate = RateLimit(settings.requests_a_second, settings.burst)
        self.evaluators = Evaluators(settings, self.store, self.metrics)
        self._uploads = self._body_bytes = 0

    @contextmanager
    def upload(self) -> Iterator[None]:
        """For the time that a key arrives, or a problem."""
        if self._uploads >= self.settings.uploads:
            raise Problem(503, "uploads", "Too many keys are arriving; come back later.", {"Retry-After": "5"})
        self._uploads += 1
        try:
            yield
        finally:
            self._uploads -= 1

    @contextmanager
    def body(self, length: int) -> Iterator[None]:
        """For the time that a body of images is in memory, or a problem."""
        if self._body_bytes + length > self.settings.body_bytes:
            raise Problem(503, "bodies", "Too many images are waiting; come back later.", {"Retry-After": "5"})
        self._body_bytes += length
        try:
            yield
        finally:
            self._body_bytes -= length

    def model(self, model_id: str) -> Served:
        """By its id, or a problem."""
        if model_id not in self.served:
            raise Problem(404, "no-such-model", "There is no such model; GET /v1/models lists them.")
        return self.served[model_id]

    def models_of(self, head: KeyHead) -> List[str]:
        """Ids of the models that a key fits."""
        return [each.id for each in self.served.values() if each.parameters == head.parameters]

    def check_key(self, head: bytes, key_id: str, length: int) -> KeyHead:
        """Refuses a key by its first bytes: one of another id, of no model here, of another length than announced."""
        found = key_head(head)
        if found.key_id != key_id:
            raise Problem(422, "key-id", f"The key in the body has the id {found.key_id}; PUT it there.")
        if not self.models_of(found):
            raise error_of(lib.TNN_ERR_PARAMS_MISMATCH)
        if found.length != length:
            raise error_of(lib.TNN_ERR_TRUNCATED if length < found.length else lib.TNN_ERR_MALFORMED)
        return found

    def keep_key(self, owner: str, key_id: str, file: BinaryIO) -> bool:
        """Verifies a key that has arrived, and keeps it. Returns whether it is new. Blocks."""
        EvaluationKey.read(file, most_bytes=self.settings.most_key_bytes)
        file.seek(0)
        kept = self.store.list(owner)
        if key_id not in kept and len(kept) >= self.settings.most_keys:
            raise Problem(409, "too-many-keys", f"You have {len(kept)} keys here, as many as you may; DELETE one.")
        try:
            self.store.put(owner, key_id, file)
            return True
        except FileExistsError:
            file.seek(0)
            self._check_same(owner, key_id, file.read(HEADER.size))
            return False

    def _check_same(self, owner: str, key_id: str, header: bytes) -> None:
        """The header has the digest of the rest."""
        with self.store.open(owner, key_id) as kept:
            if kept.read(HEADER.size) != header:
                raise Problem(409, "another-key", "Another key of yours has this id; DELETE it first.")
