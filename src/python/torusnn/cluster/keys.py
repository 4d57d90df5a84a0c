"""Evaluation keys in storage that all machines share."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, List, Mapping, Optional, Union

import fsspec
from fsspec.implementations.local import LocalFileSystem

from ..client import EvaluationKey
from ..errors import KeyMismatchError
from ..serve.keys import KeyStore
from .archive import Address, Archive


class SharedKeys:
    """The service's KeyStore on an object store, ADDRESS/OWNER/ID.tnn: what is put is there whole, and once.

    address  of fsspec, such as s3://bucket/keys; its file system must be able to create a file only where there is none
             (S3 can, by a condition of the request). A folder is FileKeys' to keep
    options  of the file system, such as {"endpoint_url": ...}; without credentials they are found on each machine

    Threads and processes share it; it is pickled as its address. A key is in memory while it is put.
    """

    def __init__(self, address: str, options: Optional[Mapping[str, Any]] = None):
        self.files, self.folder = fsspec.core.url_to_fs(address, **{"use_listings_cache": False, **(options or {})})
        if isinstance(self.files, LocalFileSystem):
            raise ValueError(f"{address} is a folder; torusnn.serve.FileKeys keeps keys there")

    def _path(self, owner: str, key_id: str) -> str:
        return f"{self.folder}/{owner}/{key_id}.tnn"

    def put(self, owner: str, key_id: str, key: BinaryIO) -> None:
        self.files.pipe_file(self._path(owner, key_id), key.read(), mode="create")

    def open(self, owner: str, key_id: str) -> BinaryIO:
        return io.BytesIO(self.files.cat_file(self._path(owner, key_id)))

    def delete(self, owner: str, key_id: str) -> None:
        path = self._path(owner, key_id)
        if not self.files.exists(path):
            raise FileNotFoundError(path)
        self.files.rm_file(path)

    def list(self, owner: str) -> List[str]:
        try:
            paths = self.files.ls(f"{self.folder}/{owner}", detail=False)
        except FileNotFoundError:
            return []
        return sorted(path.rpartition("/")[2].removesuffix(".tnn") for path in paths if path.endswith(".tnn"))


def key_store(address: Union[str, KeyStore], options: Optional[Mapping[str, Any]] = None) -> Union[str, KeyStore]:
    """What torusnn.serve.Settings takes as `keys`: an address of fsspec becomes a store, a folder stays one."""
    return SharedKeys(address, options) if isinstance(address, str) and "://" in address else address


class KeyFolder:
    """The keys of one owner, ID.tnn in a folder, by their ids."""

    def __init__(self, address: Address, options: Optional[Mapping[str, Any]] = None):
        self.archive = Archive(address, options)

    def read(self, key_id: str) -> EvaluationKey:
        """KeyMismatchError where there is none."""
        try:
            return EvaluationKey.from_bytes(self.archive.read(f"{key_id}.tnn"))
        except FileNotFoundError:
            raise no_such_key(key_id) from None


def no_such_key(key_id: str) -> KeyMismatchError:
    return KeyMismatchError(f"there is no evaluation key {key_id}, which images were encrypted for")
