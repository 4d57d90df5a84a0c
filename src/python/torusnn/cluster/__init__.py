"""Past one machine: archives of encrypted images on Ray Data, the service under Ray Serve. docs/CLUSTER.md says more.

Needs what `pip install 'torusnn[cluster]'` installs.
"""

from typing import Any

from .archive import decrypt_dataset, encrypt_dataset

LAZY = {"DatasetReport": "dataset", "evaluate_dataset": "dataset", "SharedKeys": "keys",
        "service_application": "service"}


def __getattr__(name: str) -> Any:
    """What needs Ray is imported when it is first asked for: a client encrypts an archive without."""
    if name in LAZY:
        from importlib import import_module

        return getattr(import_module(f".{LAZY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["DatasetReport", "SharedKeys", "decrypt_dataset", "encrypt_dataset", "evaluate_dataset",
           "service_application"]
