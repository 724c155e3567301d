"""Folders to build from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

Tree = Callable[[Mapping[str, str | bytes | None]], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Makes a folder: text or bytes is a file, None a folder, `-> x` a link to x."""

    def make(content: Mapping[str, str | bytes | None]) -> Path:
        root = tmp_path / "context"
        root.mkdir(exist_ok=True)
        for name, value in content.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if value is None:
                path.mkdir(exist_ok=True)
            elif isinstance(value, str) and value.startswith("-> "):
                path.symlink_to(value[3:])
            else:
                path.write_bytes(value.encode() if isinstance(value, str) else value)
                path.chmod(0o644)
        return root

    return make


@pytest.fixture
def as_nobody(tmp_path: Path) -> Callable[[], AbstractContextManager[None]]:
    """A `with` block without root's right to read everything."""

    @contextmanager
    def nobody() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
            folder.chmod(folder.stat().st_mode | 0o055)
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return nobody
