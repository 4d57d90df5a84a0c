"""Files that a run writes: whether they can be written is known before training, and they are complete or not there."""

import os
import tempfile

from errors import TrainerError


def refused(path, error):
    return TrainerError(f"{path}: cannot be written: {error.strerror}; name a place that can")


def check_place(path, read):
    """read: a file that is not to be written."""
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        raise TrainerError(f"{path}: is not a regular file; name a file")
    if os.path.exists(target) and os.path.samefile(target, read):
        raise TrainerError(f"{path}: is a file that this run reads; name another")
    try:
        with tempfile.TemporaryFile(dir=os.path.dirname(target)):
            pass
    except OSError as error:
        raise refused(path, error) from error


def check_writable(paths, read):
    for path in paths:
        check_place(path, read)
    targets = [os.path.realpath(path) for path in paths]
    if len(set(targets)) < len(targets):
        raise TrainerError(f"{paths[-1]}: is named twice; every result needs a file of its own")


def write_whole(path, contents):
    """In place of an earlier file, and of what a symbolic link points to."""
    target = os.path.realpath(path)
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
