"""The trainer of examples/train as modules of the package torusnn.train: its programs import each other by name, the
package's modules by place."""

import re
import sys
from pathlib import Path


def in_a_package(source, names):
    """`from network import Noise` becomes `from .network import Noise`, `import data` becomes `from . import data`."""
    of = "|".join(sorted(names))
    source = re.sub(rf"^( *)from ({of}) import ", r"\1from .\2 import ", source, flags=re.MULTILINE)
    return re.sub(rf"^( *)import ({of})$", r"\1from . import \2", source, flags=re.MULTILINE)


def main():
    folder, out = map(Path, sys.argv[1:])
    files = [file for file in folder.glob("*.py") if not file.name.startswith("test_")]
    names = {file.stem for file in files}
    out.mkdir(parents=True, exist_ok=True)
    for file in files:
        (out / file.name).write_text(in_a_package(file.read_text(), names))


if __name__ == "__main__":
    main()
