"""The arithmetic of docs/CLUSTER.md is what its program makes of the measured figures."""

import subprocess
import sys

from common import TOP


def test_the_page_is_the_programs():
    subprocess.run([sys.executable, TOP / "docs" / "cluster.py", "--check"], check=True)
