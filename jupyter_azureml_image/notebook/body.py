"""The cell body reaches the magic byte for byte.

IPython prepares every cell before it looks for a magic: it dedents (which empties lines of
blanks) and takes Python prompts away (`>>>` at the start of a heredoc's line). A cell that
begins with our magic is taken out of its hands first. An empty body, which IPython would
refuse with an error of its own that no saved notebook shows, becomes the line form.
"""

from __future__ import annotations

from ..patterns import pattern

MAGIC = "azureml_dockerfile"

_FIRST = pattern(rf"%%{MAGIC}(?:[ \t]+([^\r\n]*))?\s*")


def keep_body(lines: list[str]) -> list[str]:
    """An input transformer: the call that runs the magic, for cells that begin with it."""
    start = next((i for i, line in enumerate(lines) if _says_something(line)), None)
    if start is None:
        return lines
    first = _FIRST.fullmatch(lines[start])
    if first is None:
        return lines
    line = (first[1] or "").rstrip()
    body = "".join(lines[start + 1 :])
    if start:
        above = "".join(lines[:start])
        words = f"{line!r}, {body if body.strip() else None!r}, {above!r}"
        return [f"get_ipython().find_cell_magic({MAGIC!r})({words})\n"]
    if not body.strip():
        return [f"get_ipython().run_line_magic({MAGIC!r}, {line!r})\n"]
    return [f"get_ipython().run_cell_magic({MAGIC!r}, {line!r}, {body!r})\n"]


def _says_something(line: str) -> bool:
    """Whether it is neither blank nor a comment of Python's."""
    text = line.strip()
    return bool(text) and not text.startswith("#")


# Asked only when a cell runs, not when a terminal wonders whether the cell is complete: there
# the end of a `%%` cell is a blank line, by IPython's own rule.
keep_body.has_side_effects = True  # type: ignore[attr-defined]  # how IPython reads it
