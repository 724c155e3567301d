"""A real kernel, and how long its cells take as a front end sees it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

LOAD = "%load_ext jupyter_azureml_image"
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class CellFailedError(Exception):
    """A cell that should have gone well did not."""


class Kernel:
    """One kernel of this environment, started in `folder`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        from jupyter_client.manager import start_new_kernel

        started = time.perf_counter()
        self._manager, self._client = start_new_kernel(
            kernel_name="python3",
            cwd=str(folder),
            env=dict(environment),
            startup_timeout=120,
            extra_arguments=["--log-level=ERROR"],
        )
        self.started_in = time.perf_counter() - started
        self.said = ""
        """What the last cell printed."""

    def __enter__(self) -> Kernel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def run(self, source: str) -> float:
        """Seconds from the request to idle; raises CellFailedError."""
        seconds, failure = self._execute(source, lambda text: None)
        if failure:
            raise CellFailedError(f"{source.splitlines()[0]}: {failure}")
        return seconds

    def interrupt(self, source: str, when: Callable[[str], bool]) -> float:
        """Seconds from the interrupt, sent as soon as `when` holds of shown text, to idle."""
        sent: list[float] = []

        def look(text: str) -> None:
            if not sent and when(text):
                sent.append(time.perf_counter())
                self._manager.interrupt_kernel()

        failure = self._execute(source, look)[1]
        if not sent or "Cancelled" not in failure:
            raise CellFailedError(f"the interrupt was not answered: {failure or 'the cell ended'}")
        return time.perf_counter() - sent[0]

    def _execute(self, source: str, look: Callable[[str], None]) -> tuple[float, str]:
        started, failure = time.perf_counter(), ""
        printed: list[str] = []
        request = self._client.execute(source)
        while True:
            message = self._client.get_iopub_msg(timeout=900)
            if message["parent_header"].get("msg_id") != request:
                continue
            content: dict[str, Any] = message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                self.said = "".join(printed)
                return time.perf_counter() - started, failure
            if message["msg_type"] == "error":
                failure = f"{content['ename']}: {_ESCAPES.sub('', content['evalue'])}"
            if message["msg_type"] == "stream":
                printed.append(content["text"])
            look(content.get("text") or content.get("data", {}).get("text/plain", ""))
