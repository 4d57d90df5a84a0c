"""Callbacks of long calls: their progress, and what they read. Ctrl-C, and any exception of a callback, cancels the
call."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator, Optional, Union

from ._native import ffi, lib
from .errors import TorusnnError

Progress = Union[None, bool, Callable[[int, int], Optional[bool]]]
"""None for silence, True for a tqdm bar, or a function of what is done and of how much there is; it returns False to
cancel."""


class Call:
    """A call under way: what the library takes, and what a callback raised."""

    callback, read = lib.progress_of_call, lib.read_of_call
    file: Any = None
    """What read_of_call reads from, by its readinto."""

    def __init__(self, report: Callable[[int, int], Optional[bool]]):
        self.report = report
        self.error: Optional[BaseException] = None
        self.user = ffi.new_handle(self)


def keep_error(kind: Any, error: BaseException, traceback: Any) -> None:
    """What a callback raised is raised again once the library has returned."""
    ffi.from_handle(traceback.tb_frame.f_locals["user"]).error = error


@ffi.def_extern(error=False, onerror=keep_error)
def progress_of_call(user: Any, done: int, total: int) -> bool:
    return ffi.from_handle(user).report(done, total) is not False


@ffi.def_extern(error=0, onerror=keep_error)
def read_of_call(user: Any, out: Any, length: int) -> int:
    return ffi.from_handle(user).file.readinto(ffi.buffer(out, length))


class Bar:
    """A tqdm bar that starts anew with each stage of the work."""

    def __init__(self, title: str):
        try:
            from tqdm.auto import tqdm
        except ImportError as missing:
            raise ImportError("progress=True needs tqdm: pip install 'torusnn[progress]'") from missing
        self.tqdm, self.title = tqdm, title
        self.bar: Any = None

    def __call__(self, done: int, total: int) -> None:
        if self.bar is None or self.bar.total != total or done < self.bar.n:
            self.close()
            self.bar = self.tqdm(total=total, desc=self.title)
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


@contextmanager
def reporting(progress: Progress, title: str) -> Iterator[Call]:
    """For the length of a call. A callback runs for each caller, silent ones too, since that is when Python sees
    Ctrl-C."""
    bar = Bar(title) if progress is True else None
    call = Call(bar or (progress if callable(progress) else lambda done, total: None))
    try:
        yield call
    except TorusnnError:
        if call.error is None:
            raise
        raise call.error from None
    else:
        if call.error is not None:  # of a callback after which nothing was left to cancel
            raise call.error
    finally:
        if bar is not None:
            bar.close()
