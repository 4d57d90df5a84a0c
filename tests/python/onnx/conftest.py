"""Slow tests, which train nets, run where they are asked for: pytest -m slow."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: trains nets and encrypts hundreds of images")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("-m"):
        slow = [item for item in items if HERE in item.path.parents and item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
