"""Files that a run writes: whether they can be written is known before training, and they are complete or not there."""

import os
import tempfile

from errors import TrainerError


def refused(path, error):
    return TrainerError(f"{path}: cannot be written: {error.strerror}; choose another place")


def starts_as_secret_key(path):
    """Plain or sealed (docs/FORMATS.md)."""
    with open(path, "rb") as file:
        return file.read(4) in (b"TNNS", b"TNNK")


def check_present(path, read):
    """What has the name already; read: a file that is not to be replaced."""
    if os.path.islink(path):
        raise TrainerError(f"{path}: is a symbolic link; name the file that it leads to, or another")
    if not os.path.isfile(path):
        raise TrainerError(f"{path}: is not a regular file; choose another name")
    if os.path.samefile(path, read):
        raise TrainerError(f"{path}: is read by this command; choose another name")
    if starts_as_secret_key(path):
        raise TrainerError(f"{path}: holds a secret key, which nothing here replaces; choose another name")


def check_place(path, read):
    try:
        if os.path.lexists(path):
            check_present(path, read)
        with tempfile.TemporaryFile(dir=os.path.dirname(path) or "."):
            pass
    except OSError as error:
        raise refused(path, error) from error


def check_writable(paths, read):
    for path in paths:
        check_place(path, read)
    targets = [os.path.realpath(path) for path in paths]
    if len(set(targets)) < len(targets):
        raise TrainerError(f"{paths[-1]}: is named twice; choose another name")


def write_whole(path, contents):
    """In place of an earlier file."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
