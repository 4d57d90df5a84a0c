"""Bodies of requests: bounded in bytes and in time, on disk where they are large."""

from __future__ import annotations

import asyncio
import tempfile
from typing import Any, BinaryIO, Callable, Coroutine

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from .problems import Problem

OCTETS = "application/octet-stream"


def announced_length(request: Request, most: int) -> int:
    """That a body will have: a problem where it is not said, is more than `most`, or not of bytes."""
    kind = request.headers.get("content-type", OCTETS).partition(";")[0].strip().lower()
    if kind != OCTETS:
        raise Problem(415, "unsupported-media-type", f"The body must be {OCTETS}.")
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise Problem(411, "length-required", "Say how long the body is: Content-Length.")
    if int(length) > most:
        raise Problem(413, "body-too-large", f"The body may have at most {most} bytes.")
    return int(length)


async def in_time(seconds: float, work: Coroutine[Any, Any, Any]) -> Any:
    """The result of reading a body, or a problem where it takes too long or its sender goes away."""
    try:
        return await asyncio.wait_for(work, seconds)
    except asyncio.TimeoutError:
        raise Problem(408, "body-timeout", f"The body did not arrive within {seconds:g} seconds.",
                      {"Connection": "close"}) from None
    except ClientDisconnect:
        raise Problem(400, "truncated", "The connection ended before the body did.") from None


async def spool_body(request: Request, file: BinaryIO, head_bytes: int, check_head: Callable[[bytes], Any]) -> Any:
    """Writes a body to a file as it arrives. Returns what check_head, which may refuse it, makes of its first bytes."""
    pieces, first = request.stream(), bytearray()
    async for piece in pieces:
        first += piece
        if len(first) >= head_bytes:
            break
    checked = check_head(bytes(first[:head_bytes]))
    await run_in_threadpool(file.write, bytes(first))
    async for piece in pieces:
        await run_in_threadpool(file.write, piece)
    await run_in_threadpool(file.seek, 0)
    return checked


def spool_file(folder: Any) -> BinaryIO:
    """Without a name, so that nothing stays behind when the process is killed."""
    return tempfile.TemporaryFile(dir=folder, buffering=1 << 20)  # type: ignore[return-value]
