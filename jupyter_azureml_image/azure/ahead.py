"""Blocks made ready in a thread of their own, while those before them are sent.

The storage client asks for the next block when one has gone out, and sends nothing in its
place until it has it. Small files are packed in bursts, some slower than a fast line takes
them; with a few blocks in hand the line never waits, and memory stays flat all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType


class Ahead:
    """Takes blocks from `make` up to `most` ahead of who reads them; to be used with `with`.

    `make` gives b"" at the end; its exception is raised to the reader, in its turn. After
    the `with` no thread is left, and `make` is not called any more.
    """

    def __init__(self, make: Callable[[], bytes], most: int) -> None:
        self._make = make
        self._free = threading.Semaphore(most)
        self._ready: SimpleQueue[bytes | BaseException] = SimpleQueue()
        self._left = self._ended = False
        self._thread = threading.Thread(target=self._run, name="azureml-image-ahead", daemon=True)

    def __enter__(self) -> Ahead:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left = True
        self._free.release()
        self._thread.join()

    def next(self) -> bytes:
        """The next block; b"" at the end and from then on."""
        if self._ended:
            return b""
        block = self._ready.get()
        self._free.release()
        if isinstance(block, BaseException):
            self._ended = True
            raise block
        self._ended = not block
        return block

    def _run(self) -> None:
        block: bytes | BaseException = b"-"
        while block and not isinstance(block, BaseException):
            self._free.acquire()
            if self._left:
                return
            try:
                block = self._make()
            except BaseException as error:  # whatever it is, it is the reader's
                block = error
            self._ready.put(block)
