"""Paths as users write them: `~` at their head, and whether anything is there.

pathlib raises for a home that nobody has, for a folder that may not be looked at and for a name
that is too long. Here such a path is one where nothing is, which every caller has a sentence for.
"""

from __future__ import annotations

import os
from pathlib import Path

Name = str | os.PathLike[str]


def from_home(path: Name) -> Path:
    """`path` with `~` and `~user` replaced; as it is, as in a shell, where nobody has that home."""
    return Path(os.path.expanduser(path))  # noqa: PTH111  # see above


def is_there(path: Name) -> bool:
    """Whether a file or folder is there."""
    return os.path.exists(path)  # noqa: PTH110  # see above


def is_file(path: Name) -> bool:
    """Whether a file is there."""
    return os.path.isfile(path)  # noqa: PTH113  # see above


def is_folder(path: Name) -> bool:
    """Whether a folder is there."""
    return os.path.isdir(path)  # noqa: PTH112  # see above
