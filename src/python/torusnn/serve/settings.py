"""What a service is told when it is made."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Sequence, Tuple, Union

from .keys import KeyStore

ModelFile = Union[str, Path, Tuple[Union[str, Path], Union[str, Path]]]
"""A model file, compiled by the contract that it carries, or a model file and the spec that clients have keys for."""


@dataclass(frozen=True)
class Settings:
    """What is served, to whom, within which limits.

    models                at least one; a model's id is its file's stem
    keys                  folder of evaluation keys, which is made where it is missing, or a store of another kind
    spool                 folder where keys arrive before they are kept; default: that of the keys, if it is one
    evaluator_bytes       most memory of expanded keys and scratch; the least recently used make room
    queue                 most requests that wait for their turn; more are answered 503
    workers               inferences at a time
    threads               of an inference; default: a processor each, shared by the workers
    batch                 images of one request that are evaluated together; memory grows with it
    most_images           of one request
    most_keys             of one client
    most_key_bytes        models that need larger keys are not served
    requests_a_second     of one client, as a mean; 0 for no limit
    burst                 requests that a client may have saved up under that limit
    uploads               keys that arrive at a time; more are answered 503
    body_bytes            of images that arrive, wait and are evaluated, together; more are answered 503
    body_seconds          longest time for a request's body to arrive
    tokens                SHA-256 of each client's token in hexadecimal digits, by name; None serves everybody as one
    origins               of pages that browsers may let read the answers (CORS)
    """

    models: Sequence[ModelFile]
    keys: Union[str, Path, KeyStore]
    spool: Union[None, str, Path] = None
    evaluator_bytes: int = 2 << 30
    queue: int = 64
    workers: int = 1
    threads: Optional[int] = None
    batch: int = 8
    most_images: int = 256
    most_keys: int = 100
    most_key_bytes: int = 128 << 20
    requests_a_second: float = 0.0
    burst: int = 50
    uploads: int = 8
    body_bytes: int = 256 << 20
    body_seconds: float = 300.0
    tokens: Optional[Mapping[str, str]] = None
    origins: Sequence[str] = ()

    @property
    def threads_each(self) -> int:
        """Of one inference."""
        return self.threads or max(1, len(os.sched_getaffinity(0)) // self.workers)
