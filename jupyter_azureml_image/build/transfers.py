"""Pulling and pushing through the engine: its progress messages as events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from ..events import Emit, Transfer

_DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})")
_COMPLETE = ("Download complete", "Pull complete", "Pushed", "Layer already exists")


class Bytes:
    """Layers on their way: absolute numbers over all of them."""

    def __init__(
        self,
        what: Literal["pull", "push"],
        emit: Emit,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._what, self._emit, self.cancelled = what, emit, cancelled
        self._layers: dict[str, tuple[int, int]] = {}

    def see(self, message: Mapping[str, Any]) -> None:
        """Take one progress message of the engine."""
        layer, status = message.get("id"), str(message.get("status", ""))
        if not layer:
            return
        if status in ("Downloading", "Pushing"):
            detail = message.get("progressDetail") or {}
            self.layer(layer, int(detail.get("current") or 0), int(detail.get("total") or 0))
        elif status.startswith(_COMPLETE) and layer in self._layers:
            total = self._layers[layer][1]
            self.layer(layer, total, total)

    def layer(self, layer: str, done: int, total: int) -> None:
        """One layer has moved `done` of `total` bytes (0: unknown)."""
        if total and done > total:
            done = total
        if self._layers.get(layer) == (done, total):
            return
        self._layers[layer] = (done, total)
        whole = sum(t for _, t in self._layers.values())
        self._emit(Transfer(self._what, sum(d for d, _ in self._layers.values()), whole or None))


def follow(messages: Iterable[Mapping[str, Any]], progress: Bytes) -> tuple[str | None, str | None]:
    """Read a pull or push to its end: the digest it told, and its error text.

    The engine answers 200 and puts failures into the stream. The digest comes as an `aux`
    message from graph-driver stores, and only in a status line from the containerd store.
    """
    digest: str | None = None
    for message in messages:
        if "error" in message:
            return digest, str(message["error"])
        aux = message.get("aux")
        if isinstance(aux, Mapping) and "Digest" in aux:
            digest = str(aux["Digest"])
        elif told := _DIGEST.search(str(message.get("status", ""))):
            digest = told[1]
        progress.see(message)
        if progress.cancelled():
            break
    return digest, None
