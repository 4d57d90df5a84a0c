"""The build backend of torusnn-client: scikit-build-core's, whose sdist holds the CMake project above it too."""

import contextlib
import shutil
from pathlib import Path

from scikit_build_core import build
from scikit_build_core.build import *  # noqa: F403 - the hooks

TOP = Path("../../..")  # of this folder, where a build tool calls the hooks
COPY = Path("project")  # of the CMake project, in an sdist alone


def not_built(folder, names):
    return {"__pycache__"} | ({"client"} if Path(folder) == TOP / "src" / "python" else set())


@contextlib.contextmanager
def project_inside():
    shutil.rmtree(COPY, ignore_errors=True)
    try:
        for folder in ("include", "src"):
            shutil.copytree(TOP / folder, COPY / folder, ignore=not_built)
        for file in ("CMakeLists.txt", "LICENSE"):
            shutil.copy(TOP / file, COPY)
        yield
    finally:
        shutil.rmtree(COPY, ignore_errors=True)


def build_sdist(sdist_directory, config_settings=None):
    with contextlib.nullcontext() if Path("PKG-INFO").exists() else project_inside():
        return build.build_sdist(sdist_directory, config_settings)
