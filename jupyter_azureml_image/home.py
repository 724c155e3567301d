"""`~` at the head of a path that a user wrote."""

from __future__ import annotations

import os
from pathlib import Path


def from_home(path: str | os.PathLike[str]) -> Path:
    """`path` with `~` and `~user` replaced. Where nobody has that home it stays as it is, as in a
    shell: a file that is not there, which every caller has a sentence for (pathlib raises)."""
    return Path(os.path.expanduser(path))  # noqa: PTH111  # see above
