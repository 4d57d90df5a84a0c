"""Who asks, and how often."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import time
from collections import OrderedDict
from pathlib import Path
from typing import Dict, Mapping, Optional, Tuple, Union

from .problems import Problem

EVERYBODY = "everybody"
"""The owner of all keys where there are no tokens."""
MOST_REMEMBERED = 10_000
LINE = re.compile(r"([a-z0-9_-]{1,64}) ([0-9a-f]{64})")


def token_hash(token: str) -> str:
    """A token is random, 32 bytes of it: a plain hash hides it."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_tokens(path: Union[str, Path]) -> Dict[str, str]:
    """A file of lines `name SHA-256-of-the-token`; blank ones and those that begin with # are skipped."""
    tokens: Dict[str, str] = {}
    for number, line in enumerate(Path(path).read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            match = LINE.fullmatch(line.strip())
            if match is None or match[1] in tokens:
                raise ValueError(f"{path}, line {number}: expected a new name of a-z, 0-9, _ and - and 64 hex digits")
            tokens[match[1]] = match[2]
    return tokens


class Clients:
    """Tells clients by their tokens."""

    def __init__(self, tokens: Optional[Mapping[str, str]]):
        self.tokens = tokens

    def owner_of(self, token: Optional[str]) -> str:
        """The client's name. Takes as long for a token that is almost right."""
        if self.tokens is None:
            return EVERYBODY
        hashed, owner = token_hash(token or ""), None
        for name, expected in self.tokens.items():
            if hmac.compare_digest(hashed, expected):
                owner = name
        if owner is None:
            raise Problem(401, "unauthorized", "This service wants a token: Authorization: Bearer TOKEN.",
                          {"WWW-Authenticate": "Bearer"})
        return owner


class RateLimit:
    """A bucket of requests for each client, which fills evenly and holds `burst`."""

    def __init__(self, a_second: float, burst: int):
        self.a_second, self.burst = a_second, burst
        self._buckets: OrderedDict[str, Tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> None:
        """One request of the client, or a problem that says when to come back."""
        if self.a_second <= 0:
            return
        now = time.monotonic()
        level, then = self._buckets.pop(client, (float(self.burst), now))
        level = min(float(self.burst), level + (now - then) * self.a_second)
        self._buckets[client] = (level - 1 if level >= 1 else level, now)
        if len(self._buckets) > MOST_REMEMBERED:
            self._buckets.popitem(last=False)
        if level < 1:
            wait = math.ceil((1 - level) / self.a_second)
            raise Problem(429, "rate-limit", "Too many requests; slow down.", {"Retry-After": str(wait)})
