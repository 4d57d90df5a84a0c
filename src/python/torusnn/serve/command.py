"""torusnn serve: the service under uvicorn."""

from __future__ import annotations

import argparse
import secrets
import sys
from typing import Any

import uvicorn

from ..command._errors import CommandError
from ..command._options import positive
from . import Settings, create_app, read_tokens
from .access import token_hash
from .log import log_config
from .models import NOTICE

SAME_NAME = ("queue", "workers", "threads", "batch", "most_images", "most_keys", "requests_a_second", "burst")
MIB = 1 << 20
KEEP_ALIVE_SECONDS = 75
"""More than nginx keeps a connection to here, so that it is nginx who closes one that is idle."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    usual = Settings(models=(), keys="")
    parser.epilog = NOTICE
    parser.add_argument("--model", action="append", default=[], metavar="FILE[,SPEC]",
                        help="model file, compiled by its contract or for a spec that clients have; repeatable")
    parser.add_argument("--keys", metavar="FOLDER", help="where clients' evaluation keys are kept")
    where = parser.add_argument_group("where")
    where.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    where.add_argument("--port", type=int, default=8000, help="default: 8000")
    where.add_argument("--uds", metavar="PATH",
                       help="a Unix socket instead of host and port; who may enter its folder may use it")
    where.add_argument("--origin", action="append", default=[], metavar="URL",
                       help="of pages that browsers may let read the answers; repeatable")
    who = parser.add_argument_group("who")
    who.add_argument("--tokens", metavar="FILE", help="serve those clients alone whose tokens' hashes are in the file")
    who.add_argument("--new-token", metavar="NAME",
                     help="a fresh token: its line for --tokens on standard output, itself on standard error")
    add_limits(parser.add_argument_group("limits"), usual)


def add_limits(group: Any, usual: Settings) -> None:
    def add(name: str, default: Any, kind: Any, about: str) -> None:
        group.add_argument(name, type=kind, default=default, metavar="X", help=f"{about} (default: {default})")

    add("--queue", usual.queue, positive, "most requests that wait; more are answered 503")
    add("--workers", usual.workers, positive, "inferences at a time")
    group.add_argument("--threads", type=positive, metavar="X", help="of an inference (default: processors / workers)")
    add("--batch", usual.batch, positive, "images of a request that are evaluated together")
    add("--evaluator-mib", usual.evaluator_bytes // MIB, positive, "most memory of expanded keys and scratch")
    add("--most-images", usual.most_images, positive, "of a request")
    add("--most-keys", usual.most_keys, positive, "of a client")
    add("--most-key-mib", usual.most_key_bytes // MIB, positive, "of an evaluation key")
    add("--requests-a-second", usual.requests_a_second, float, "of a client, as a mean; 0 for no limit")
    add("--burst", usual.burst, positive, "requests that a client may save up under that limit")
    add("--body-seconds", usual.body_seconds, float, "longest time for a body to arrive")


def settings_of(options: Any) -> Settings:
    if not options.model or options.keys is None:
        raise CommandError("--model and --keys are needed")
    models = [tuple(each.split(",", 1)) if "," in each else each for each in options.model]
    return Settings(models=models, keys=options.keys, origins=options.origin, body_seconds=options.body_seconds,
                    tokens=None if options.tokens is None else read_tokens(options.tokens),
                    evaluator_bytes=options.evaluator_mib * MIB, most_key_bytes=options.most_key_mib * MIB,
                    **{name: getattr(options, name) for name in SAME_NAME})


def run(options: Any) -> None:
    if options.new_token is not None:
        token = secrets.token_urlsafe(32)
        print(f"{options.new_token} {token_hash(token)}")
        print(f"token of {options.new_token}, which is kept nowhere: {token}", file=sys.stderr)
        return
    try:
        app = create_app(settings_of(options))
    except ValueError as error:
        raise CommandError(str(error)) from error
    uvicorn.run(app, host=options.host, port=options.port, uds=options.uds, log_config=log_config(), access_log=False,
                server_header=False, timeout_keep_alive=KEEP_ALIVE_SECONDS)
