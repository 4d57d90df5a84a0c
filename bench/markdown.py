"""Tables of Markdown pages."""


def table(kinds, heads, rows):
    """Markdown. Args: kinds  a letter a column: t for text, n for numbers"""
    rule = "".join("|---:" if kind == "n" else "|---" for kind in kinds) + "|"
    lines = [f"| {' | '.join(cells)} |" for cells in [heads, *rows]]
    return "\n".join([lines[0], rule, *lines[1:], ""])
