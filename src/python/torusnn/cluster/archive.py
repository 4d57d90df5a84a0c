"""Archives: folders of encrypted images, or of their results, that every machine of a cluster reaches.

A file of an archive holds one object or many, one after another; results have the name of their images' file. Names in
their order give the images in theirs.
"""

from __future__ import annotations

import os
import secrets
from typing import Any, Dict, Iterator, Mapping, Optional, Union

import fsspec
import numpy as np
from fsspec.implementations.local import LocalFileSystem

from .._images import Array, as_batch
from .._progress import Progress, reporting
from ..client import Client, EncryptedLogits
from ..serve.keys import flush_folder
from ..serve.wire import HEADER, object_bytes
Address = Union[str, "os.PathLike[str]"]
"""A folder, or an address of fsspec."""


class Archive:
    """A folder: a path, or an address of fsspec such as s3://bucket/folder with options of its file system.

    It is pickled as its address. Threads may share it.
    """

    def __init__(self, address: Address, options: Optional[Mapping[str, Any]] = None):
        self.files, self.folder = fsspec.core.url_to_fs(os.fspath(address), **(options or {}))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Archive) and (self.files, self.folder) == (other.files, other.folder)

    def path(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def sizes(self) -> Dict[str, int]:
        """Names of all files, in order, with their bytes; without those that begin with a dot. Empty where there is no
        such folder."""
        try:
            listed = self.files.ls(self.folder, detail=True, refresh=True)
        except FileNotFoundError:
            return {}
        sizes = {each["name"].rpartition("/")[2]: each["size"] for each in listed if each["type"] == "file"}
        return {name: sizes[name] for name in sorted(sizes) if name and not name.startswith(".")}

    def read(self, name: str) -> bytes:
        return self.files.cat_file(self.path(name))

    def write(self, name: str, data: bytes) -> None:
        """The whole file or none of it, in place of an earlier one. Object stores do so by themselves; other remote
        file systems may leave a file half written when they fail, which its size then tells."""
        if isinstance(self.files, LocalFileSystem):
            write_whole(self.folder, name, data)
        else:
            self.files.pipe_file(self.path(name), data)


def write_whole(folder: str, name: str, data: bytes) -> None:
    """Under another name, to the disk, and only then under its own."""
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(8)}")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, os.path.join(folder, name))
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    flush_folder(folder)


def objects_of(data: Any, kind: bytes) -> Iterator[memoryview]:
    """The objects of a file, by what their headers say. One that ends early is for its reader to refuse."""
    left = memoryview(data)
    while left:
        length = object_bytes(left[:HEADER.size], kind)
        yield left[:length]
        left = left[length:]


def encrypt_dataset(client: Client, images: Any, archive: Address, *, images_per_file: int = 1000,
                    storage_options: Optional[Mapping[str, Any]] = None, progress: Progress = None) -> int:
    """Encrypts a data set into a new archive, and returns how many files that makes.

    images           uint8, a batch as Client.encrypt takes it; an array that is mapped (np.load(..., mmap_mode="r")) is
                     read part by part
    archive          folder or fsspec address, in which there is no file yet; else FileExistsError
    images_per_file  what one actor takes at a time, and what an interruption costs at most
    storage_options  of the address's file system
    progress         counts images
    """
    target = Archive(archive, storage_options)
    if target.sizes():
        raise FileExistsError(f"{archive} is not empty; encrypt into a folder of its own")
    if images_per_file < 1:
        raise ValueError("a file holds at least one image")
    _, batch = as_batch(images[:1], client.spec.shape)
    if not batch:
        raise ValueError("images are a batch: one axis more than an image has")
    with reporting(progress, "images") as call:
        for first in range(0, len(images), images_per_file):
            encrypted = client.encrypt(images[first:first + images_per_file])
            target.write(f"images-{first:010}.tnn", b"".join(map(bytes, encrypted)))
            if call.report(first + len(encrypted), len(images)) is False:
                break
    return len(target.sizes())


def decrypt_dataset(client: Client, archive: Address, *,
                    storage_options: Optional[Mapping[str, Any]] = None) -> Array:
    """Logits [count, outputs] of all results of an archive, in the order of their images."""
    source = Archive(archive, storage_options)
    parts = [client.decrypt([EncryptedLogits.from_bytes(each) for each in objects_of(source.read(name), b"O")])
             for name in source.sizes()]
    return np.concatenate(parts) if parts else np.empty((0, client.spec.info.outputs))
