#!/usr/bin/env python3
"""Counts the instructions of the transforms and products by instruction set and width, as a Markdown table.

vector_widths.py OBJDUMP NAME=OBJECT...    one row for each object file

An instruction counts under the widest register that it names. --check fails unless each object adds and multiplies in the
registers of its set: xmm for portable, ymm for avx2, zmm for avx512, the set being what follows the last underscore of NAME.
"""
import argparse
import re
import subprocess
import sys

WIDTHS = ("zmm", "ymm", "xmm")
WIDEST = {"portable": "xmm", "avx2": "ymm", "avx512": "zmm"}
ARITHMETIC = re.compile(r"^v?(?:add|sub|mul|fn?m(?:add|sub)\d*)pd$")
INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\s+(\S+)\s*(.*)$")


def disassembled(objdump, path):
    """Names and operands of an object's instructions."""
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
    return [match.groups() for match in map(INSTRUCTION.match, text.splitlines()) if match]


def width_of(operands):
    return next((width for width in WIDTHS if "%" + width in operands), None)


def counts(instructions):
    """By width: all instructions, and those that add or multiply packed doubles."""
    found = {width: [0, 0] for width in WIDTHS}
    for name, operands in instructions:
        width = width_of(operands)
        if width:
            found[width][0] += 1
            found[width][1] += bool(ARITHMETIC.match(name))
    return found


def row(name, instructions):
    found = counts(instructions)
    cells = [f"{found[width][0]} ({found[width][1]})" for width in reversed(WIDTHS)]
    return f"| {name} | {len(instructions)} | " + " | ".join(cells) + " |"


def is_as_wide_as_its_set(name, instructions):
    return counts(instructions)[WIDEST[name.rsplit("_", 1)[1]]][1] > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("objdump")
    parser.add_argument("objects", nargs="+", metavar="NAME=OBJECT")
    options = parser.parse_args()
    objects = [item.split("=", 1) for item in options.objects]
    code = [(name, disassembled(options.objdump, path)) for name, path in objects]
    print("| object | instructions | xmm (packed arithmetic) | ymm | zmm |\n|---|---|---|---|---|")
    for name, instructions in code:
        print(row(name, instructions))
    wrong = [name for name, instructions in code if options.check and not is_as_wide_as_its_set(name, instructions)]
    sys.exit(f"not as wide as their set: {', '.join(wrong)}" if wrong else 0)


if __name__ == "__main__":
    main()
