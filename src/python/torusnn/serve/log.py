"""Logs of one JSON object a line: what was asked, by whom, how it ended. No token, no body, no query."""

from __future__ import annotations

import json
import logging
import time
import uuid
from datetime import datetime, timezone
from typing import Any, Dict

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .metrics import Metrics

METHODS = {"GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"}
LOGGER = logging.getLogger("torusnn.serve")


class JsonFormatter(logging.Formatter):
    """`extra={"fields": {...}}` of a record stand beside its message. Times are UTC."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, timezone.utc)
        line: Dict[str, Any] = {"time": when.isoformat("T", "milliseconds"), "level": record.levelname.lower(),
                                "event": record.getMessage(), **getattr(record, "fields", {})}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)


def log_config(level: str = "INFO") -> Dict[str, Any]:
    """For logging.config.dictConfig, and for uvicorn: its own lines in the same form, its access log left out."""
    return {
        "version": 1, "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "loggers": {name: {"handlers": ["stderr"], "level": level, "propagate": False}
                    for name in ("torusnn.serve", "uvicorn", "uvicorn.error")},
    }


class Observed:
    """ASGI middleware: a number, a line of the log and a count for each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics):
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, started, status = uuid.uuid4().hex, time.perf_counter(), 500

        async def numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"torusnn-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, numbered)
        finally:
            self._note(scope, request_id, status, time.perf_counter() - started)

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in METHODS else "other"  # a client may make up any number of them
        self.metrics.request_seconds.labels(method, route, status).observe(seconds)
        fields = {"id": request_id, "method": method, "route": route, **scope.get("path_params", {}),
                  "status": status, "ms": round(1000 * seconds, 3), **scope.get("state", {}).get("log", {})}
        LOGGER.info("request", extra={"fields": fields})
