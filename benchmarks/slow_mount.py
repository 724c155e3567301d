"""A mount that answers slowly: the context's own questions to the file system, each delayed.

What a notebook folder on a compute instance is: every stat and open goes over the network, and
file times are not believed there. The delay stands where the walk and the reading ask.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

DELAY = 0.0005  # seconds to each question: a near file server's round trip

_ASKING = ("lstat", "open", "fstat", "readlink", "stat")


def delay(seconds: float = DELAY) -> None:
    """From here on the context's folder is slow, and not this machine's own."""
    from jupyter_azureml_image.context import mounts, reading, walk

    asked = _Slow(seconds)
    for module in (walk, reading):
        setattr(module, "os", asked)  # noqa: B010  # what type checkers take for a module
    mounts._OWN = frozenset()


class _Slow:
    """`os`, with a delay before each answer that would come over the network."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        for name in _ASKING:
            setattr(self, name, self._late(getattr(os, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def wait(self) -> None:
        """The way to the server and back."""
        time.sleep(self._seconds)

    def scandir(self, path: str) -> _Listing:
        """A listing is one question; its entries' status are one each."""
        self.wait()
        return _Listing(self, path)

    def _late(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        def late(*given: Any, **more: Any) -> Any:
            self.wait()
            return ask(*given, **more)

        return late


class _Listing:
    def __init__(self, slow: _Slow, path: str) -> None:
        self._slow, self._listing = slow, os.scandir(path)

    def __enter__(self) -> Iterator[_Entry]:
        return (_Entry(self._slow, entry) for entry in self._listing)

    def __exit__(self, *error: object) -> None:
        self._listing.close()


class _Entry:
    def __init__(self, slow: _Slow, entry: os.DirEntry[str]) -> None:
        self._slow, self._entry, self.name = slow, entry, entry.name

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """The entry's status, late."""
        self._slow.wait()
        return self._entry.stat(follow_symlinks=follow_symlinks)
