"""What goes wrong in a run, in a sentence for its user."""

import re

# Control characters, marks that turn the direction of text, and bytes of file names that are not UTF-8: what
# examples/common/escape.c does not print as it is.
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\udc80-\udcff]")


def escaped(match):
    return "".join(f"\\x{byte:02x}" for byte in match[0].encode(errors="surrogateescape"))


class TrainerError(Exception):
    """Printed as it is, without a traceback."""

    def __str__(self):
        return HIDDEN.sub(escaped, super().__str__())
