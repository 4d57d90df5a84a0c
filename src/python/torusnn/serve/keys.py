"""Where evaluation keys are kept between requests and restarts."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import BinaryIO, List, Protocol

STALE_SECONDS = 3600.0


class KeyStore(Protocol):
    """Keys by owner and id. Threads share a store, and so may processes.

    Owners are [a-z0-9_-]{1,64}, ids 32 hexadecimal digits. A key is immutable: it is put, read, deleted.
    """

    def put(self, owner: str, key_id: str, key: BinaryIO) -> None:
        """Keeps what is left of a stream, whole or not at all; when this returns the key outlives the machine.
        FileExistsError where there is a key of this id."""
        ...

    def open(self, owner: str, key_id: str) -> BinaryIO:
        """The key's bytes, from their start. FileNotFoundError where there is none."""
        ...

    def delete(self, owner: str, key_id: str) -> None:
        """FileNotFoundError where there is none."""
        ...

    def list(self, owner: str) -> List[str]:
        """Ids of the owner's keys."""
        ...


def flush_folder(folder: os.PathLike | str) -> None:
    """Names in a folder are on disk only after this."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flush_folder(folder.parent)


class FileKeys:
    """A store of files, FOLDER/OWNER/ID.tnn, which nobody else on the machine may read."""

    def __init__(self, folder: os.PathLike | str):
        self.folder = Path(folder)
        self.arriving = self.folder / ".arriving"
        make_folder(self.folder)
        make_folder(self.arriving)
        self._forget_stale()

    def _forget_stale(self) -> None:
        """What a process that was killed left behind. Others may be at work in the same folder."""
        for path in self.arriving.iterdir():
            if path.stat().st_mtime < time.time() - STALE_SECONDS:
                path.unlink(missing_ok=True)

    def _path(self, owner: str, key_id: str) -> Path:
        return self.folder / owner / f"{key_id}.tnn"

    def put(self, owner: str, key_id: str, key: BinaryIO) -> None:
        path = self._path(owner, key_id)
        make_folder(path.parent)
        with tempfile.NamedTemporaryFile(dir=self.arriving) as file:
            shutil.copyfileobj(key, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
            os.link(file.name, path)  # unlike a rename, takes no other key's place
        flush_folder(path.parent)

    def open(self, owner: str, key_id: str) -> BinaryIO:
        return open(self._path(owner, key_id), "rb")

    def delete(self, owner: str, key_id: str) -> None:
        path = self._path(owner, key_id)
        path.unlink()
        flush_folder(path.parent)

    def list(self, owner: str) -> List[str]:
        return sorted(path.stem for path in (self.folder / owner).glob("*.tnn"))
